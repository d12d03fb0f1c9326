// What a Redis that is shared and may go away means for the contacts in it.
#include "cluster/contact_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cluster/edge_changes.h"
#include "cluster/test_contact_store.h"
#include "redis/test_subscriber.h"

namespace cluster {
namespace {

using presence::ContactEntry;
using presence::EdgeChange;
using store::EdgeChanges;
using store::Mutual;
using testing::IsEmpty;
using testing::UnorderedElementsAre;
using Contacts = std::vector<ContactEntry>;
using Kind = EdgeChange::Kind;

class ContactStoreTest : public testing::Test {
 protected:
  std::vector<std::string> members(const std::string& key) {
    std::vector<std::string> texts;
    for (const redis::Reply& member : redis_.ask({"SMEMBERS", "presence:" + key}).elements)
      texts.push_back(member.text);
    return texts;
  }
  void add(const std::string& key, const std::string& member) {
    redis_.ask({"SADD", "presence:" + key, member});
  }
  base::ErrorCode refusal_of_adding(const std::string& user, const std::string& other) {
    const auto added = store::wait_for<EdgeChanges>(
        [&](auto done) { store_.store().add_contact(user, other, Mutual::kYes, done); });
    EXPECT_FALSE(added);
    return added ? base::ErrorCode::kInternal : added.error().code;
  }

  redis::RedisServer redis_;
  TestContactStore store_{redis_.url(), 3};
  store::Waiting waiting_ = store_.waiting();
};

TEST_F(ContactStoreTest, OthersReadAndWriteTheContacts) {
  waiting_.add("alice", "bob", Mutual::kNo);
  EXPECT_THAT(members("contacts:alice"), UnorderedElementsAre("bob"));
  EXPECT_THAT(members("viewers:bob"), UnorderedElementsAre("alice"));
  waiting_.block("dave", "alice");
  add("contacts:alice", "dave");
  add("contacts:alice", "alice");
  add("contacts:alice", "not\nan id");
  EXPECT_EQ(waiting_.contacts("alice"), (Contacts{{"bob"}, {"dave", true}}));
  EXPECT_EQ(waiting_.replace("alice", {"dave"}, Mutual::kNo),
            (EdgeChanges{{Kind::removed, "alice", "bob"}}));
  EXPECT_EQ(waiting_.unblock("dave", "alice"), (EdgeChanges{{Kind::unblocked, "alice", "dave"}}));
  EXPECT_EQ(waiting_.edges(10), (std::vector<presence::Edge>{{"alice", "dave"}}));
}

TEST_F(ContactStoreTest, EveryChangeIsPublished) {
  redis::TestSubscriber subscriber(redis_.url());
  subscriber.subscribe({redis::Subscription::Kind::kChannel, "presence:edges"});
  ASSERT_TRUE(subscriber.completes());
  waiting_.add("alice", "bob");
  waiting_.add("alice", "bob");
  waiting_.block("bob", "alice");
  waiting_.block("carol", "alice");
  waiting_.forget("bob");
  redis_.ask({"PUBLISH", "presence:edges", "the end"});
  ASSERT_TRUE(subscriber.hears("presence:edges: the end"));
  EdgeChanges heard;
  const std::string channel = "presence:edges: ";
  for (const std::string& event : subscriber.take_events()) {
    if (!event.starts_with(channel) || event == channel + "the end") continue;
    const auto changes = parse_edge_changes(std::string_view(event).substr(channel.size()));
    ASSERT_TRUE(changes) << event;
    EXPECT_FALSE(changes->empty());
    heard.insert(heard.end(), changes->begin(), changes->end());
  }
  EXPECT_THAT(heard, UnorderedElementsAre(EdgeChange{Kind::added, "alice", "bob"},
                                          EdgeChange{Kind::added, "bob", "alice"},
                                          EdgeChange{Kind::blocked, "alice", "bob", true},
                                          EdgeChange{Kind::removed, "alice", "bob"},
                                          EdgeChange{Kind::removed, "bob", "alice"}));
}

TEST_F(ContactStoreTest, ForgettingDeletesAllKeysOfTheUser) {
  waiting_.add("alice", "bob");
  waiting_.block("alice", "carol");
  waiting_.block("dave", "alice");
  // Written by another program, in both directions.
  add("contacts:alice", "erin");
  add("contacts:erin", "alice");
  for (const char* key : {"user:alice", "chosen:alice", "stale:alice", "device:alice:socket"})
    redis_.ask({"HSET", std::string("presence:") + key, "field", "value"});
  add("devices:alice", "socket");
  EXPECT_EQ(waiting_.forget("alice"), (EdgeChanges{{Kind::removed, "alice", "bob"},
                                                   {Kind::removed, "alice", "erin"},
                                                   {Kind::removed, "bob", "alice"},
                                                   {Kind::removed, "erin", "alice"}}));
  EXPECT_THAT(redis_.ask({"KEYS", "*"}).elements, IsEmpty());
}

TEST_F(ContactStoreTest, ListsAreLimited) {
  EXPECT_EQ(waiting_.replace("alice", {"a", "b", "c"}).size(), 6U);
  const auto replaced = store::wait_for<EdgeChanges>([&](auto done) {
    store_.store().replace_contacts("alice", {"a", "b", "c", "d"}, Mutual::kYes, done);
  });
  ASSERT_FALSE(replaced);
  EXPECT_EQ(replaced.error().code, base::ErrorCode::kInvalidArgument);
}

TEST_F(ContactStoreTest, ManyEdgesGoInParts) {
  std::vector<presence::Edge> edges;
  for (int i = 0; i < 3'000; ++i) edges.push_back({"alice", "friend" + std::to_string(i)});
  for (int i = 0; i < 3'000; ++i) edges.push_back({"fan" + std::to_string(i), "alice"});
  EXPECT_EQ(waiting_.import(edges).size(), edges.size());
  EXPECT_EQ(waiting_.edges(1'000).size(), edges.size());
  EXPECT_EQ(waiting_.exported("alice").viewers.size(), 3'000U);
  EXPECT_EQ(waiting_.forget("alice").size(), edges.size());
  EXPECT_THAT(redis_.ask({"KEYS", "*"}).elements, IsEmpty());
}

// What a crash between the steps leaves, made by hand.

TEST_F(ContactStoreTest, AnAdditionThatWasCutOffIsRepairedByRepeatingIt) {
  add("viewers:bob", "alice");
  EXPECT_EQ(waiting_.exported("bob"), store::UserExport{}) << "nothing was added yet";
  EXPECT_EQ(waiting_.add("alice", "bob"),
            (EdgeChanges{{Kind::added, "alice", "bob"}, {Kind::added, "bob", "alice"}}));
}

TEST_F(ContactStoreTest, ARemovalThatWasCutOffIsRepairedByRepeatingIt) {
  waiting_.add("alice", "bob");
  redis_.ask({"SREM", "presence:contacts:alice", "bob"});
  EXPECT_THAT(waiting_.exported("bob").viewers, IsEmpty());
  EXPECT_EQ(waiting_.remove("alice", "bob"), (EdgeChanges{{Kind::removed, "bob", "alice"}}));
  EXPECT_THAT(redis_.ask({"KEYS", "*"}).elements, IsEmpty());
}

TEST_F(ContactStoreTest, AReplacementThatWasCutOffIsRepairedByRepeatingIt) {
  waiting_.replace("alice", {"bob"});
  // Towards {carol}: everybody else's sets are changed, alice's own is not.
  redis_.ask({"SREM", "presence:contacts:bob", "alice"});
  add("contacts:carol", "alice");
  add("viewers:alice", "carol");
  EXPECT_EQ(waiting_.replace("alice", {"carol"}),
            (EdgeChanges{{Kind::removed, "alice", "bob"}, {Kind::added, "alice", "carol"}}));
  EXPECT_EQ(waiting_.contacts("carol"), (Contacts{{"alice"}}));
  EXPECT_THAT(waiting_.contacts("bob"), IsEmpty());
  EXPECT_THAT(members("viewers:bob"), IsEmpty());
}

TEST_F(ContactStoreTest, ABlockThatWasCutOffIsRepairedByRepeatingIt) {
  waiting_.add("alice", "bob");
  add("blocks:bob", "alice");
  EXPECT_THAT(waiting_.exported("bob").blocks, IsEmpty()) << "alice does see bob";
  EXPECT_EQ(waiting_.block("bob", "alice"), (EdgeChanges{{Kind::blocked, "alice", "bob", true}}));
  redis_.ask({"SREM", "presence:blockedby:alice", "bob"});
  EXPECT_THAT(waiting_.exported("bob").blocks, IsEmpty());
  EXPECT_THAT(waiting_.unblock("bob", "alice"), IsEmpty());
  EXPECT_THAT(members("blocks:bob"), IsEmpty());
}

// Failures

TEST_F(ContactStoreTest, WithoutRedisNothingIsDone) {
  redis_.kill();
  EXPECT_EQ(refusal_of_adding("alice", "bob"), base::ErrorCode::kStoreUnavailable);
  const auto read =
      store::wait_for<Contacts>([&](auto done) { store_.store().load_contacts("alice", done); });
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, base::ErrorCode::kStoreUnavailable);
  redis_.start();
  ASSERT_TRUE(store_.reaches_redis());
  EXPECT_THAT(waiting_.contacts("alice"), IsEmpty());
  EXPECT_EQ(waiting_.add("alice", "bob").size(), 2U);
}

TEST_F(ContactStoreTest, AChangeThatFailsHalfwayIsRefused) {
  redis_.ask({"SET", "presence:contacts:bob", "no set"});
  EXPECT_EQ(refusal_of_adding("alice", "bob"), base::ErrorCode::kStoreUnavailable);
  redis_.ask({"DEL", "presence:contacts:bob"});
  EXPECT_EQ(waiting_.add("alice", "bob"), (EdgeChanges{{Kind::added, "bob", "alice"}}));
}

TEST(ContactsInACluster, ARemovalThatAMasterWentAwayFromIsCompletedWhenThereIsOne) {
  redis::RedisCluster cluster;
  TestContactStore store(cluster.url());
  store::Waiting waiting = store.waiting();
  // Of three masters.
  waiting.add("a", "b");
  waiting.add("a", "c");
  EXPECT_EQ(cluster.node(0).ask({"WAIT", "1", "2000"}).integer, 1);
  cluster.node(0).kill();
  const auto remove = [&] {
    return store::wait_for<EdgeChanges>(
        [&](auto done) { store.store().remove_contact("a", "b", Mutual::kYes, done); });
  };
  EXPECT_FALSE(remove());
  EXPECT_EQ(waiting.contacts("a"), (Contacts{{"c"}})) << "one half has been made";
  EXPECT_FALSE(remove()) << "refused again, which must not forget the other half";
  const auto members = [&](const std::string& key) {
    return cluster.node(3).ask({"SMEMBERS", "presence:" + key});
  };
  ASSERT_TRUE(redis::eventually([&] {
    return cluster.node(3).is_master() && members("contacts:{b}").elements.empty() &&
           members("viewers:{b}").elements.empty();
  }));
  EXPECT_EQ(members("contacts:{b}").kind, redis::Reply::Kind::kArray);
  EXPECT_EQ(waiting.contacts("a"), (Contacts{{"c"}}));
  EXPECT_THAT(remove().value(), IsEmpty());
}

TEST_F(ContactStoreTest, WhatWaitsWhenItIsDestroyedIsRefused) {
  redis_.freeze();
  std::vector<std::future<base::Result<EdgeChanges>>> outcomes;
  for (int i = 0; i < 3; ++i) {
    const auto promise = std::make_shared<std::promise<base::Result<EdgeChanges>>>();
    outcomes.push_back(promise->get_future());
    store_.store().add_contact("alice", "bob", Mutual::kYes,
                               [promise](auto outcome) { promise->set_value(std::move(outcome)); });
  }
  store_.destroy();
  for (auto& outcome : outcomes) {
    ASSERT_EQ(outcome.wait_for(redis::kTestDeadline), std::future_status::ready);
    const auto said = outcome.get();
    ASSERT_FALSE(said);
    EXPECT_EQ(said.error().code, base::ErrorCode::kStoreUnavailable);
  }
  redis_.thaw();
}

}  // namespace
}  // namespace cluster

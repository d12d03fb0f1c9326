// Nodes that share a real Redis (contract, section 9).

#include "cluster/member.h"

#include <gtest/gtest.h>

#include "cluster/test_node.h"
#include "cluster/text_writer.h"
#include "runtime/clock.h"

namespace cluster {
namespace {

using Lines = std::vector<std::string>;

class MemberTest : public testing::Test {
 protected:
  void befriend(const std::string& a, const std::string& b) {
    redis_.ask({"SADD", "presence:contacts:" + a, b});
    redis_.ask({"SADD", "presence:contacts:" + b, a});
  }
  std::string field(const std::string& user, const std::string& name) {
    return redis_.ask({"HGET", "presence:user:" + user, name}).text;
  }

  // By all nodes, also in scripts.
  int calls_of(const std::string& command) {
    const std::string stats = redis_.ask({"INFO", "commandstats"}).text;
    const std::string name = "cmdstat_" + command + ":calls=";
    const std::size_t at = stats.find(name);
    return at == std::string::npos ? 0 : std::stoi(stats.substr(at + name.size()));
  }

  redis::RedisServer redis_;
};

// Two nodes, and alice and bob, who are contacts.
class TwoNodes : public MemberTest {
 protected:
  TwoNodes() { befriend("alice", "bob"); }
  void SetUp() override {
    ASSERT_TRUE(one.attaches());
    ASSERT_TRUE(two.attaches());
  }

  TestNode one{redis_.url(), "n1"};
  TestNode two{redis_.url(), "n2"};
};

TEST_F(TwoNodes, WatchersOnOtherNodesAreToldOfEverything) {
  const auto bob = two.connect("bob");
  ASSERT_TRUE(two.told(bob, {"accepted"}));
  const auto alice = one.connect("alice");
  ASSERT_TRUE(one.told(alice, {"accepted"}));
  EXPECT_EQ(one.status_of("bob"), "online 1");
  ASSERT_TRUE(two.told(bob, {"alice online"}));
  EXPECT_TRUE(one.choose("alice", {presence::Status::busy, "in a call", {}}));
  ASSERT_TRUE(two.told(bob, {"alice is busy"}));
  ASSERT_TRUE(one.told(alice, {"own busy"}));
  EXPECT_EQ(field("alice", "status"), "busy");
  EXPECT_EQ(field("alice", "customMessage"), "in a call");
  one.leave(alice);
  ASSERT_TRUE(two.told(bob, {"alice offline disconnected"}));
  EXPECT_EQ(field("alice", "deviceCount"), "0");
}

TEST_F(MemberTest, ManyNodesTellOneOnlineAndOneOffline) {
  befriend("alice", "bob");
  TestNode one(redis_.url(), "n1");
  TestNode two(redis_.url(), "n2");
  TestNode three(redis_.url(), "n3");
  ASSERT_TRUE(one.attaches());
  ASSERT_TRUE(two.attaches());
  ASSERT_TRUE(three.attaches());
  const auto bob = three.connect("bob");
  ASSERT_TRUE(three.told(bob, {"accepted"}));
  const auto first = one.connect("alice");
  ASSERT_TRUE(three.told(bob, {"alice online"}));
  const auto second = two.connect("alice");
  ASSERT_TRUE(three.told(bob, {"alice has 2"}));
  ASSERT_TRUE(one.told(first, {"accepted", "own devices"}));
  one.leave(first);
  ASSERT_TRUE(three.told(bob, {"alice has 1"}));
  two.lose(second);
  ASSERT_TRUE(three.told(bob, {"alice offline disconnected"}));
}

TEST_F(TwoNodes, ADeviceIdReplacesADeviceOfAnotherNode) {
  const auto bob = two.connect("bob");
  ASSERT_TRUE(two.told(bob, {"accepted"}));
  const auto first = one.connect("alice", "phone");
  ASSERT_TRUE(two.told(bob, {"alice online"}));
  const auto second = two.connect("alice", "phone");
  ASSERT_TRUE(two.told(second, {"accepted"}));
  ASSERT_TRUE(one.told(first, {"accepted", "closed"}));
  two.leave(second);
  ASSERT_TRUE(two.told(bob, {"alice offline disconnected"}));
}

// The node that a device was lost by may report that after the device has come back elsewhere.
TEST_F(MemberTest, ALateReportDoesNotBringBackWhatWasReplaced) {
  presence::DirectoryOptions options = TestNode::directory_options();
  options.disconnect_grace = base::Duration(60'000);
  TestNode one(redis_.url(), "n1", options);
  ASSERT_TRUE(one.attaches());
  const auto lost = one.connect("alice", "phone");
  ASSERT_TRUE(one.told(lost, {"accepted"}));
  const std::string back = "back----------------";
  redis_.ask({"SADD", "presence:devices:alice", back});
  redis_.ask({"HSET", "presence:device:alice:" + back, "node", "n2:1", "deviceType", "web",
              "connectedAt", "1", "deviceId", "phone"});
  one.lose(lost);
  EXPECT_TRUE(redis::eventually([&] {
    const redis::Reply devices = redis_.ask({"SMEMBERS", "presence:devices:alice"});
    return devices.elements.size() == 1 && devices.elements[0].text == back;
  }));
  EXPECT_EQ(field("alice", "deviceCount"), "1");
}

// The same while the node has not heard yet that its own was replaced.
TEST_F(MemberTest, OfTwoWithOneDeviceIdTheOlderIsClosed) {
  TestNode one(redis_.url(), "n1");
  ASSERT_TRUE(one.attaches());
  const auto older = one.connect("alice", "phone");
  const auto other = one.connect("alice", "laptop");
  ASSERT_TRUE(one.told(older, {"accepted", "own devices"}));
  ASSERT_TRUE(one.told(other, {"accepted"}));
  const auto put = [&](const std::string& id, const std::string& key,
                       const std::string& connected) {
    redis_.ask({"SADD", "presence:devices:alice", id});
    redis_.ask({"HSET", "presence:device:alice:" + id, "node", "n2:1", "deviceType", "web",
                "connectedAt", connected, "deviceId", key});
  };
  const std::string newer = "newer---------------";
  put(newer, "phone", "9000000000000");
  put("older---------------", "laptop", "1");
  ASSERT_TRUE(one.choose("alice", {presence::Status::busy, {}, {}}));
  EXPECT_TRUE(one.told(older, {"closed"}));
  EXPECT_TRUE(one.told(other, {"own busy"}));
  EXPECT_EQ(redis_.ask({"SMEMBERS", "presence:devices:alice"}).elements.size(), 2U);
  EXPECT_EQ(redis_.ask({"SISMEMBER", "presence:devices:alice", newer}).to_integer(), 1);
}

TEST_F(MemberTest, TheLimitOfDevicesHoldsOverAllNodes) {
  presence::DirectoryOptions options = TestNode::directory_options();
  options.devices_per_user = 2;
  TestNode one(redis_.url(), "n1", options);
  TestNode two(redis_.url(), "n2", options);
  ASSERT_TRUE(one.attaches());
  ASSERT_TRUE(two.attaches());
  ASSERT_TRUE(one.told(one.connect("alice"), {"accepted"}));
  ASSERT_TRUE(two.told(two.connect("alice"), {"accepted"}));
  ASSERT_TRUE(two.told(two.connect("alice"),
                       {"refused: the user has as many devices as limits.devices_per_user "
                        "allows"}));
}

TEST_F(MemberTest, WhatNobodyIsToldOfIsNoNewVersion) {
  presence::DirectoryOptions options = TestNode::directory_options();
  options.disconnect_grace = base::Duration(60'000);
  TestNode one(redis_.url(), "n1", options);
  TestNode two(redis_.url(), "n2", options);
  ASSERT_TRUE(one.attaches());
  ASSERT_TRUE(two.attaches());
  befriend("alice", "bob");
  const auto alice = one.connect("alice");
  ASSERT_TRUE(one.told(alice, {"accepted"}));
  const auto bob = two.connect("bob");
  ASSERT_TRUE(two.told(bob, {"accepted"}));
  ASSERT_TRUE(one.told(alice, {"bob online"}));
  const presence::Version told = one.version_of("bob");
  const presence::Version truth = one.truth_of("bob");
  two.lose(bob);
  ASSERT_TRUE(redis::eventually([&] { return one.truth_of("bob") > truth; }));
  EXPECT_EQ(one.version_of("bob"), told);
  ASSERT_TRUE(two.told(two.connect("bob"), {"accepted"}));
  EXPECT_TRUE(one.told(alice, {"bob has 2"}));
  EXPECT_GT(one.version_of("bob"), told);
}

TEST_F(MemberTest, LingeringDevicesMakeRoom) {
  presence::DirectoryOptions options = TestNode::directory_options();
  options.devices_per_user = 2;
  options.disconnect_grace = base::Duration(60'000);
  TestNode one(redis_.url(), "n1", options);
  TestNode two(redis_.url(), "n2", options);
  ASSERT_TRUE(one.attaches());
  ASSERT_TRUE(two.attaches());
  ASSERT_TRUE(one.told(one.connect("alice"), {"accepted"}));
  const auto lost_here = one.connect("alice");
  ASSERT_TRUE(one.told(lost_here, {"accepted"}));
  one.lose(lost_here);
  const auto second = one.connect("alice");
  ASSERT_TRUE(one.told(second, {"accepted"}));
  EXPECT_TRUE(one.sees("alice", "online 2"));
  one.lose(second);
  ASSERT_TRUE(two.told(two.connect("alice"), {"accepted"}));
  EXPECT_TRUE(two.sees("alice", "online 2"));
}

TEST_F(TwoNodes, WithoutRedisANodeGoesOnAndAfterwardsNobodyWasAway) {
  befriend("alice", "carol");
  const auto alice = one.connect("alice");
  ASSERT_TRUE(one.told(alice, {"accepted"}));
  const auto carol = one.connect("carol");
  ASSERT_TRUE(one.told(carol, {"accepted"}));
  const auto bob = two.connect("bob");
  ASSERT_TRUE(two.told(bob, {"accepted"}));
  ASSERT_TRUE(one.told(alice, {"carol online", "bob online"}));

  redis_.kill();
  ASSERT_TRUE(one.detaches());
  ASSERT_TRUE(two.detaches());
  EXPECT_FALSE(one.choose("alice", {presence::Status::busy, {}, {}}));
  one.leave(carol);  // the same node sees it
  ASSERT_TRUE(one.told(alice, {"carol offline disconnected"}));
  two.leave(bob);

  redis_.start();  // empty
  ASSERT_TRUE(one.attaches());
  ASSERT_TRUE(two.attaches());
  ASSERT_TRUE(one.told(alice, {"bob offline disconnected"}));
  EXPECT_TRUE(redis::eventually([&] { return field("alice", "status") == "online"; }));
}

TEST_F(TwoNodes, WhatWasChosenOutlivesARedisThatHasLostItsData) {
  const auto alice = one.connect("alice");
  ASSERT_TRUE(one.told(alice, {"accepted"}));
  const auto bob = two.connect("bob");
  ASSERT_TRUE(two.told(bob, {"accepted"}));
  ASSERT_TRUE(one.told(alice, {"bob online"}));
  EXPECT_TRUE(one.choose("alice", {presence::Status::busy, "in a call", {}}));
  ASSERT_TRUE(two.told(bob, {"alice is busy"}));
  EXPECT_TRUE(two.choose("bob", {presence::Status::offline, {}, {}}));
  ASSERT_TRUE(one.told(alice, {"own busy", "bob offline manual"}));
  ASSERT_TRUE(two.told(bob, {"own offline"}));

  redis_.kill();
  ASSERT_TRUE(one.detaches());
  ASSERT_TRUE(two.detaches());
  redis_.start();  // empty
  ASSERT_TRUE(one.catches_up());
  ASSERT_TRUE(two.catches_up());
  EXPECT_TRUE(redis::eventually([&] { return field("alice", "customMessage") == "in a call"; }));
  EXPECT_TRUE(redis::eventually([&] { return field("bob", "status") == "offline"; }));
  EXPECT_EQ(redis_.ask({"HGET", "presence:chosen:bob", "status"}).text, "offline");
  // Nobody was told anything meanwhile.
  EXPECT_TRUE(one.choose("alice", {presence::Status::away, {}, {}}));
  EXPECT_TRUE(two.told(bob, {"alice is away"}));
  EXPECT_TRUE(one.told(alice, {"own away"}));
}

TEST(Member, WhoLeftWithAReportThatWasLostIsGoneAfterwards) {
  redis::RedisServer kept({.config = {"appendonly yes", "appendfsync always"}});
  TestNode one(kept.url(), "n1");
  TestNode two(kept.url(), "n2");
  ASSERT_TRUE(one.attaches());
  ASSERT_TRUE(two.attaches());
  kept.ask({"SADD", "presence:contacts:alice", "bob"});
  const auto alice = one.connect("alice");
  ASSERT_TRUE(one.told(alice, {"accepted"}));
  const auto bob = two.connect("bob");
  ASSERT_TRUE(two.told(bob, {"accepted"}));
  ASSERT_TRUE(one.told(alice, {"bob online"}));
  kept.freeze();  // so that it never hears of what comes now
  two.leave(bob);
  kept.kill();
  ASSERT_TRUE(one.detaches());
  ASSERT_TRUE(two.detaches());
  kept.start();
  ASSERT_TRUE(one.told(alice, {"bob offline disconnected"}));
}

TEST(Member, WhoLeftIsGoneAlsoWhenRedisComesBackWithOlderData) {
  redis::RedisServer kept;
  TestNode one(kept.url(), "n1");
  TestNode two(kept.url(), "n2");
  ASSERT_TRUE(one.attaches());
  ASSERT_TRUE(two.attaches());
  kept.ask({"SADD", "presence:contacts:alice", "bob"});
  const auto alice = one.connect("alice");
  ASSERT_TRUE(one.told(alice, {"accepted"}));
  const auto bob = two.connect("bob");
  ASSERT_TRUE(two.told(bob, {"accepted"}));
  ASSERT_TRUE(one.told(alice, {"bob online"}));
  kept.ask({"SAVE"});
  two.leave(bob);
  ASSERT_TRUE(one.told(alice, {"bob offline disconnected"}));
  kept.kill();
  ASSERT_TRUE(one.detaches());
  ASSERT_TRUE(two.detaches());
  kept.start();
  EXPECT_TRUE(redis::eventually([&] {
    return kept.ask({"EXISTS", "presence:devices:bob"}).to_integer() == 0;
  }));
}

// Each report of a user is made of what was true when the one before it had been answered.
TEST_F(TwoNodes, DevicesThatComeAtOnceAreToldOneAfterTheOther) {
  const auto alice = one.connect("alice");
  ASSERT_TRUE(one.told(alice, {"accepted"}));
  const int before = calls_of("publish");
  two.connect_all({"bob", "bob", "bob"});
  EXPECT_TRUE(one.told(alice, {"bob online", "bob has 2", "bob has 3"}));
  EXPECT_EQ(calls_of("publish") - before, 3);
}

TEST_F(TwoNodes, WhatAClientSaysOfItselfLaterIsKept) {
  const auto alice = one.connect("alice");
  ASSERT_TRUE(one.told(alice, {"accepted"}));
  one.heartbeat(alice, {presence::DeviceType::web, "iOS", "Safari"});
  EXPECT_TRUE(redis::eventually([&] {
    const redis::Reply ids = redis_.ask({"SMEMBERS", "presence:devices:alice"});
    const std::string key = "presence:device:alice:" + redis::element(ids, 0).text;
    return redis_.ask({"HGET", key, "os"}).text == "iOS";
  }));
}

// A connection that was given up may still hold what Redis does when the network is back.
TEST_F(TwoNodes, AReportThatIsCarriedOutTooLateIsTakenBack) {
  befriend("alice", "bob");
  const auto alice = one.connect("alice");
  ASSERT_TRUE(one.told(alice, {"accepted"}));
  const std::string late = "late----------------";
  const std::string node = two.incarnation();
  redis_.ask({"SADD", "presence:devices:bob", late});
  redis_.ask({"HSET", "presence:device:bob:" + late, "node", node, "deviceType", "web",
              "connectedAt", "1"});
  redis_.ask({"HSET", "presence:user:bob", "status", "online", "version", "1"});
  redis_.ask({"PUBLISH", Keys("presence:", false).events_of("bob"),
              write_texts({"changed", "bob", node, "0"})});
  EXPECT_TRUE(redis::eventually([&] {
    return redis_.ask({"EXISTS", "presence:devices:bob"}).to_integer() == 0;
  }));
}

TEST_F(MemberTest, TheDevicesOfADeadNodeAreTakenAway) {
  befriend("alice", "bob");
  befriend("carol", "dave");
  auto one = std::make_unique<TestNode>(redis_.url(), "n1");
  TestNode two(redis_.url(), "n2");
  ASSERT_TRUE(one->attaches());
  ASSERT_TRUE(two.attaches());
  const auto bob = two.connect("bob");
  ASSERT_TRUE(two.told(bob, {"accepted"}));
  one->connect("dave");
  one->connect("alice");
  ASSERT_TRUE(two.told(bob, {"alice online"}));
  const std::string dead = one->incarnation();
  one.reset();  // says nothing, as after kill -9
  ASSERT_TRUE(two.told(bob, {"alice offline disconnected"}));
  EXPECT_EQ(redis_.ask({"EXISTS", "presence:devices:alice"}).integer, 0);
  // Whom nobody watched is met later.
  EXPECT_EQ(redis_.ask({"EXISTS", "presence:devices:dave"}).integer, 1);
  two.connect("carol");
  EXPECT_TRUE(two.sees("dave", "offline 0"));

  // What it had said arrives late: it is taken back, and nobody is told.
  const std::string late = "late----------------";
  const std::string version = std::to_string(std::stoll(field("alice", "version")) + 8);
  redis_.ask({"SADD", "presence:devices:alice", late});
  redis_.ask({"HSET", "presence:device:alice:" + late, "node", dead, "connectedAt", "1"});
  redis_.ask({"HSET", "presence:user:alice", "status", "online", "version", version});
  redis_.ask({"PUBLISH", Keys("presence:", false).events_of("alice"),
              write_texts({"changed", "alice",  dead,   "1", version,  "online", "0",  "",
                           "1",       "manual", "1",    "0", "online", "",       "0",  "0",
                           "1",       late,     "live", "0", "web",    "1",      dead, "0"})});
  EXPECT_TRUE(redis::eventually([&] {
    return redis_.ask({"EXISTS", "presence:devices:alice"}).to_integer() == 0;
  }));
  two.connect("alice");
  EXPECT_TRUE(two.told(bob, {"alice online"}));
  EXPECT_TRUE(two.choose("alice", {presence::Status::busy, {}, {}}));
  EXPECT_TRUE(two.told(bob, {"alice is busy"}));
}

TEST_F(TwoNodes, ANodeThatWasTakenForDeadReportsEverythingAnew) {
  const auto bob = two.connect("bob");
  ASSERT_TRUE(two.told(bob, {"accepted"}));
  const auto alice = one.connect("alice");
  ASSERT_TRUE(one.told(alice, {"accepted"}));
  const std::string before = one.incarnation();
  const std::string ended = std::to_string(base::to_millis(runtime::read_clocks().wall) - 1);
  redis_.ask({"HSET", "presence:nodes", before, ended + " 1 n1. "});
  ASSERT_TRUE(redis::eventually([&] { return one.incarnation() != before; }));
  const std::string now = one.incarnation();
  const std::string device = "presence:device:alice:" +
                             redis_.ask({"SMEMBERS", "presence:devices:alice"}).elements.at(0).text;
  EXPECT_TRUE(redis::eventually([&] { return redis_.ask({"HGET", device, "node"}).text == now; }));
  EXPECT_TRUE(two.sees("alice", "online 1"));
}

// What is published between the reading of a contact and its being followed is not missed.
TEST_F(TwoNodes, WhoComesWhileContactsAreReadIsSeen) {
  ASSERT_TRUE(two.catches_up());
  redis::Command contacts{"SADD", "presence:contacts:bob"};
  for (int i = 0; i < 20'000; ++i) contacts.add("stranger" + std::to_string(i));
  std::vector<std::string> subjects;
  for (int i = 0; i < 50; ++i) {
    subjects.push_back("subject" + std::to_string(i));
    contacts.add(subjects.back());
  }
  redis_.ask(contacts);
  redis_.ask({"CONFIG", "RESETSTAT"});
  two.connect("bob");
  // One after the other, all through the reading.
  int reached = 0;
  for (const std::string& subject : subjects) {
    reached += 350;
    ASSERT_TRUE(redis::eventually([&] { return calls_of("exists") > reached; }));
    one.connect(subject);
  }
  for (const std::string& subject : subjects) ASSERT_TRUE(two.sees(subject, "online 1")) << subject;
}

}  // namespace
}  // namespace cluster

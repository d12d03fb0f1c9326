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
  one.reset();  // says nothing, as after kill -9
  ASSERT_TRUE(two.told(bob, {"alice offline disconnected"}));
  EXPECT_EQ(redis_.ask({"EXISTS", "presence:devices:alice"}).integer, 0);
  // Whom nobody watched is met later.
  EXPECT_EQ(redis_.ask({"EXISTS", "presence:devices:dave"}).integer, 1);
  two.connect("carol");
  EXPECT_TRUE(two.sees("dave", "offline 0"));
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

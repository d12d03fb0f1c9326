// What nodes tell each other of themselves in their leases: numbers, secrets, addresses.
#include <gtest/gtest.h>

#include "cluster/test_node.h"
#include "runtime/clock.h"

namespace cluster {
namespace {

class Seats : public testing::Test {
 protected:
  std::unique_ptr<TestNode> node(const std::string& id, const Seat& seat) {
    auto made = std::make_unique<TestNode>(redis_.url(), id, TestNode::directory_options(), seat);
    EXPECT_TRUE(made->attaches());
    return made;
  }

  redis::RedisServer redis_;
};

TEST_F(Seats, AreKnownToTheOthers) {
  const auto one = node("n1", {11, "secret1", "tls:10.0.0.1:80"});
  const auto two = node("n2", {22, "secret2", "*:8080"});
  EXPECT_TRUE(two->comes_to_know({{11, "secret1", "tls:10.0.0.1:80"}}));
  // The address that it has on its way to Redis.
  EXPECT_TRUE(one->comes_to_know({{22, "secret2", "127.0.0.1:8080"}}));
}

TEST_F(Seats, HaveNumbersOfTheirOwn) {
  const auto one = node("n1", {65535, "secret1", ""});
  const auto two = node("n2", {65535, "secret2", ""});
  EXPECT_EQ(one->own_seat().number, 65535);
  EXPECT_EQ(two->own_seat().number, 1);
  EXPECT_TRUE(one->comes_to_know({{1, "secret2", ""}}));
}

TEST_F(Seats, OfTheDeadAreKnownToNobodyAndTheirNumbersAreNotGivenAway) {
  const auto one = node("n1", {5, "secret1", ""});
  {
    const auto two = node("n2", {7, "secret2", ""});
    ASSERT_TRUE(one->comes_to_know({{7, "secret2", ""}}));
  }
  // The same node after a restart is another process.
  const auto again = node("n2", {7, "secret3", ""});
  EXPECT_EQ(again->own_seat().number, 8);
  EXPECT_TRUE(one->comes_to_know({{8, "secret3", ""}}));
}

TEST_F(Seats, KeepTheirNumberWhenTheLeaseWasLost) {
  const auto one = node("n1", {5, "secret1", ""});
  const auto two = node("n2", {6, "secret2", ""});
  const std::string before = one->incarnation();
  // A moment ago: one that ended an hour ago the other node would forget.
  const std::string ended = std::to_string(base::to_millis(runtime::read_clocks().wall) - 1);
  redis_.ask({"HSET", "presence:nodes", before, ended + " 5 secret1 "});
  ASSERT_TRUE(redis::eventually([&] { return one->incarnation() != before; }));
  ASSERT_TRUE(one->attaches());
  EXPECT_EQ(one->own_seat().number, 5);
  EXPECT_TRUE(two->comes_to_know({{5, "secret1", ""}}));
}

}  // namespace
}  // namespace cluster

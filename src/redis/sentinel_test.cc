#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "redis/test_loop.h"
#include "redis/test_redis.h"
#include "redis/test_subscriber.h"

namespace redis {
namespace {

using testing::HasSubstr;

const Subscription kNews{Subscription::Kind::kChannel, "news"};

TEST(Sentinel, FollowsTheMaster) {
  SentinelTrio trio;
  TestClient client(trio.url());
  TestSubscriber subscriber(trio.url());
  subscriber.subscribe(kNews);
  ASSERT_TRUE(client.comes_up()) << client.trouble();
  ASSERT_TRUE(subscriber.completes());
  EXPECT_TRUE(client.ask({"SET", "key", "1"}));
  EXPECT_EQ(trio.server(0).ask({"GET", "key"}).text, "1");

  // One that is asked to hand over, so that the old one stays reachable: it is left all the same.
  EXPECT_EQ(trio.sentinel(0).ask({"SENTINEL", "FAILOVER", "presence"}).text, "OK");
  ASSERT_TRUE(eventually([&] {
    const Answer answer = client.ask({"SET", "key", "2"}, {}, WhenDown::kWait);
    return answer && trio.server(1).ask({"GET", "key"}).text == "2" && trio.server(1).is_master();
  }));
  ASSERT_TRUE(eventually([&] {
    return element(trio.server(1).ask({"PUBSUB", "NUMSUB", "news"}), 1).integer == 1;
  }));
  ASSERT_TRUE(subscriber.completes());
}

TEST(Sentinel, FindsTheMasterThatFollowsADeadOne) {
  SentinelTrio trio;
  TestClient client(trio.url());
  ASSERT_TRUE(client.comes_up()) << client.trouble();
  trio.sentinel(0).kill();  // the first that is asked
  trio.server(0).kill();
  ASSERT_TRUE(client.goes_down());
  ASSERT_TRUE(client.comes_up()) << client.trouble();
  EXPECT_TRUE(client.ask({"SET", "key", "3"}));
  EXPECT_EQ(trio.server(1).ask({"GET", "key"}).text, "3");
}

// It takes connections and says nothing: nobody is refused, so everything has to run out of time.
TEST(Sentinel, LeavesAMasterThatHangs) {
  SentinelTrio trio;
  TestClient client(trio.url());
  TestSubscriber subscriber(trio.url());
  subscriber.subscribe(kNews);
  ASSERT_TRUE(client.comes_up()) << client.trouble();
  ASSERT_TRUE(subscriber.completes());
  const auto began = std::chrono::steady_clock::now();
  trio.server(0).freeze();
  ASSERT_TRUE(eventually([&] {
    return client.ask({"SET", "key", "4"}, {}, WhenDown::kWait).has_value();
  })) << client.trouble();
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(12));
  EXPECT_EQ(trio.server(1).ask({"GET", "key"}).text, "4");
  ASSERT_TRUE(eventually([&] {
    return element(trio.server(1).ask({"PUBSUB", "NUMSUB", "news"}), 1).integer == 1;
  }));
}

TEST(Sentinel, NamesWhatTheSentinelsSay) {
  const RedisServer server;
  const RedisServer sentinel(
      {.config = {"sentinel monitor presence 127.0.0.1 " + std::to_string(server.port()) + " 1"},
       .sentinel = true});
  TestClient client("redis+sentinel://" + sentinel.host_and_port() + "/other");
  EXPECT_TRUE(eventually([&] {
    return client.trouble() ==
           "redis " + sentinel.host_and_port() + ": this sentinel knows no master `other`";
  })) << client.trouble();
  const RedisServer replica({.config = {"replicaof 127.0.0.1 " + std::to_string(server.port())}});
  const RedisServer wrong(
      {.config = {"sentinel monitor presence 127.0.0.1 " + std::to_string(replica.port()) + " 1",
                  "sentinel down-after-milliseconds presence 60000"},
       .sentinel = true});
  TestClient behind("redis+sentinel://" + wrong.host_and_port() + "/presence");
  EXPECT_TRUE(eventually([&] {
    return behind.trouble() ==
           "redis " + replica.host_and_port() + ": it is a replica, not the master";
  })) << behind.trouble();
}

TEST(Single, LeavesAMasterThatHasBecomeAReplica) {
  const RedisServer other;
  const RedisServer server;
  TestClient client(server.url());
  ASSERT_TRUE(client.comes_up());
  server.ask({"REPLICAOF", "127.0.0.1", std::to_string(other.port())});
  const Answer answer = client.ask({"SET", "key", "1"});
  ASSERT_FALSE(answer);
  EXPECT_TRUE(answer.error().is("READONLY"));
  auto waiting = client.start({"SET", "key", "1"}, "key", WhenDown::kWait);
  server.ask({"REPLICAOF", "NO", "ONE"});
  EXPECT_TRUE(TestClient::wait_for(std::move(waiting)));
}

}  // namespace
}  // namespace redis

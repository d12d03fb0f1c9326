#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "redis/slot_map.h"
#include "redis/test_loop.h"
#include "redis/test_redis.h"
#include "redis/test_subscriber.h"

namespace redis {
namespace {

using testing::Contains;
using testing::HasSubstr;

// A key for each of the three masters.
const std::string kFirst = "{b}";   // slot 3300
const std::string kSecond = "{c}";  // slot 7365
const std::string kThird = "{a}";   // slot 15495

class Cluster : public testing::Test {
 protected:
  RedisCluster cluster_;
};

TEST_F(Cluster, SendsEachKeyToItsMaster) {
  TestClient client(cluster_.url());
  ASSERT_TRUE(client.comes_up()) << client.trouble();
  const Script script("add", "return redis.call('INCRBY', KEYS[1], ARGV[1])");
  for (const std::string& key : {kFirst, kSecond, kThird}) {
    EXPECT_TRUE(client.ask({"SET", key, "1"}, key));
    EXPECT_EQ(client.run(script, {key}, {"5"})->integer, 6);
  }
  EXPECT_EQ(cluster_.node(0).ask({"GET", kFirst}).text, "6");
  EXPECT_EQ(cluster_.node(1).ask({"GET", kSecond}).text, "6");
  EXPECT_EQ(cluster_.node(2).ask({"GET", kThird}).text, "6");
  EXPECT_TRUE(client.ask({"PING"}));
  const Answer crossed = client.ask({"MGET", kFirst, kSecond}, kFirst);
  ASSERT_FALSE(crossed);
  EXPECT_TRUE(crossed.error().is("CROSSSLOT"));
}

TEST_F(Cluster, AsksEachMasterOfItsOwn) {
  TestClient client(cluster_.url());
  ASSERT_TRUE(client.comes_up()) << client.trouble();
  for (const std::string& key : {kFirst, kSecond, kThird})
    EXPECT_TRUE(client.ask({"SET", key, "1"}, key));
  std::vector<std::string> keys;
  for (const Address& master : client.in([&] { return client.client().masters(); })) {
    std::promise<Answer> promise;
    auto answer = promise.get_future();
    client.in([&] {
      client.client().call_at(master, {"KEYS", "*"},
                              [&](Answer said) { promise.set_value(std::move(said)); });
    });
    const Answer said = TestClient::wait_for(std::move(answer));
    ASSERT_TRUE(said) << said.error().message;
    ASSERT_EQ(said->elements.size(), 1U);
    keys.push_back(said->elements[0].text);
  }
  EXPECT_THAT(keys, testing::UnorderedElementsAre(kFirst, kSecond, kThird));
}

TEST_F(Cluster, FollowsASlotThatMoves) {
  TestClient client(cluster_.url());
  TestSubscriber subscriber(cluster_.url());
  const Subscription shard{Subscription::Kind::kShard, "news" + kFirst};
  subscriber.subscribe(shard);
  subscriber.subscribe({Subscription::Kind::kChannel, "plain"});
  ASSERT_TRUE(client.comes_up()) << client.trouble();
  ASSERT_TRUE(subscriber.completes());
  const std::string slot = std::to_string(key_slot(kFirst));
  const std::string stays = kFirst + "stays";
  const std::string goes = kFirst + "goes";
  for (const std::string& key : {stays, goes}) EXPECT_TRUE(client.ask({"SET", key, "old"}, key));

  RedisServer& from = cluster_.node(0);
  RedisServer& to = cluster_.node(1);
  EXPECT_EQ(to.ask({"CLUSTER", "SETSLOT", slot, "IMPORTING", cluster_.id(0)}).text, "OK");
  EXPECT_EQ(from.ask({"CLUSTER", "SETSLOT", slot, "MIGRATING", cluster_.id(1)}).text, "OK");
  EXPECT_EQ(from.ask({"MIGRATE", "127.0.0.1", std::to_string(to.port()), goes, "0", "5000"}).text,
            "OK");

  // ASK: what has gone, and what never was, is at the new node; the rest is still at the old one.
  EXPECT_EQ(client.ask({"GET", goes}, goes)->text, "old");
  EXPECT_EQ(client.ask({"GET", stays}, stays)->text, "old");
  EXPECT_TRUE(client.ask({"SET", kFirst + "new", "here"}, kFirst));
  const Script script("get", "return redis.call('GET', KEYS[1])");
  EXPECT_EQ(client.run(script, {goes})->text, "old");
  // TRYAGAIN: keys on both sides; it passes when the rest has moved.
  auto both = client.start({"MGET", stays, goes}, stays);
  EXPECT_EQ(from.ask({"MIGRATE", "127.0.0.1", std::to_string(to.port()), stays, "0", "5000"}).text,
            "OK");
  const Answer together = TestClient::wait_for(std::move(both));
  ASSERT_TRUE(together) << together.error().message;
  EXPECT_EQ(together->elements[0].text, "old");

  // MOVED
  EXPECT_EQ(to.ask({"CLUSTER", "SETSLOT", slot, "NODE", cluster_.id(1)}).text, "OK");
  EXPECT_EQ(from.ask({"CLUSTER", "SETSLOT", slot, "NODE", cluster_.id(1)}).text, "OK");
  EXPECT_TRUE(client.ask({"SET", goes, "new"}, goes));
  EXPECT_EQ(to.ask({"GET", goes}).text, "new");
  from.ask({"CONFIG", "RESETSTAT"});
  EXPECT_EQ(client.ask({"GET", goes}, goes)->text, "new");
  EXPECT_THAT(from.ask({"INFO", "commandstats"}).text, Not(HasSubstr("cmdstat_get:")));

  ASSERT_TRUE(eventually([&] {
    return element(to.ask({"PUBSUB", "SHARDNUMSUB", shard.name}), 1).integer == 1;
  }));
  to.ask({"SPUBLISH", shard.name, "from the new node"});
  EXPECT_TRUE(subscriber.hears(shard.name + ": from the new node"));
  cluster_.node(2).ask({"PUBLISH", "plain", "from anywhere"});
  EXPECT_TRUE(subscriber.hears("plain: from anywhere"));
}

TEST_F(Cluster, WaitsForASlotThatMovesSlowly) {
  Options options = TestClient::options_for(cluster_.url());
  options.command_timeout = base::Duration(300);
  TestClient client(options);
  ASSERT_TRUE(client.comes_up()) << client.trouble();
  const std::string slot = std::to_string(key_slot(kThird));
  const std::string stays = kThird + "stays";
  const std::string goes = kThird + "goes";
  for (const std::string& key : {stays, goes}) EXPECT_TRUE(client.ask({"SET", key, "old"}, key));
  RedisServer& from = cluster_.node(2);
  RedisServer& to = cluster_.node(0);
  to.ask({"CLUSTER", "SETSLOT", slot, "IMPORTING", cluster_.id(2)});
  from.ask({"CLUSTER", "SETSLOT", slot, "MIGRATING", cluster_.id(0)});
  const std::string port = std::to_string(to.port());
  from.ask({"MIGRATE", "127.0.0.1", port, goes, "0", "5000"});
  from.ask({"CONFIG", "RESETSTAT"});
  auto both = client.start({"MGET", stays, goes}, stays);
  // Asked every 50 ms, it has by then waited for longer than any other command may.
  EXPECT_TRUE(eventually([&] {
    const std::string stats = from.ask({"INFO", "commandstats"}).text;
    const std::string refused = "rejected_calls=";
    const auto at = stats.find(refused, stats.find("cmdstat_mget:"));
    return at != std::string::npos && std::stoi(stats.substr(at + refused.size())) >= 12;
  }));
  from.ask({"MIGRATE", "127.0.0.1", port, stays, "0", "5000"});
  const Answer together = TestClient::wait_for(std::move(both));
  ASSERT_TRUE(together) << together.error().message;
  EXPECT_EQ(together->elements[0].text, "old");
}

TEST_F(Cluster, FollowsAFailover) {
  TestClient client(cluster_.url());
  TestSubscriber subscriber(cluster_.url());
  const Subscription shard{Subscription::Kind::kShard, "news" + kFirst};
  subscriber.subscribe(shard);
  ASSERT_TRUE(client.comes_up()) << client.trouble();
  ASSERT_TRUE(subscriber.completes());
  EXPECT_TRUE(client.ask({"SET", kFirst, "kept"}, kFirst));
  EXPECT_EQ(cluster_.node(0).ask({"WAIT", "1", "0"}).kind, Reply::Kind::kInteger);
  subscriber.take_events();
  cluster_.node(0).kill();
  ASSERT_TRUE(client.goes_down());
  EXPECT_THAT(client.trouble(), HasSubstr(cluster_.node(0).host_and_port()));
  // The rest goes on.
  EXPECT_TRUE(client.ask({"PING"}, kSecond));
  ASSERT_TRUE(client.comes_up()) << client.trouble() << "\n" << cluster_.node(3).log();
  EXPECT_EQ(client.ask({"GET", kFirst}, kFirst)->text, "kept");
  ASSERT_TRUE(subscriber.completes());
  EXPECT_THAT(subscriber.take_events(), Contains("subscribed " + shard.name));
  cluster_.node(3).ask({"SPUBLISH", shard.name, "from the new master"});
  EXPECT_TRUE(subscriber.hears(shard.name + ": from the new master"));
}

// Both ends live on: the old master answers MOVED.
TEST_F(Cluster, FollowsAManualFailover) {
  TestClient client(cluster_.url());
  ASSERT_TRUE(client.comes_up()) << client.trouble();
  EXPECT_TRUE(client.ask({"SET", kFirst, "1"}, kFirst));
  EXPECT_EQ(cluster_.node(3).ask({"CLUSTER", "FAILOVER"}).text, "OK");
  ASSERT_TRUE(eventually([&] { return cluster_.node(3).is_master(); }));
  const Answer answer = client.ask({"SET", kFirst, "2"}, kFirst, WhenDown::kWait);
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(cluster_.node(3).ask({"GET", kFirst}).text, "2");
}

}  // namespace
}  // namespace redis

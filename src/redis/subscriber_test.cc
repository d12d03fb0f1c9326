#include "redis/subscriber.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "redis/slot_map.h"
#include "redis/test_loop.h"
#include "redis/test_redis.h"
#include "redis/test_subscriber.h"

namespace redis {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const Subscription kNews{Subscription::Kind::kChannel, "news"};
const Subscription kPattern{Subscription::Kind::kPattern, "user:*"};

TEST(Subscriber, HearsChannelsAndPatterns) {
  const RedisServer server;
  TestSubscriber subscriber(server.url());
  subscriber.subscribe(kNews);
  subscriber.subscribe(kPattern);
  ASSERT_TRUE(subscriber.completes());
  EXPECT_THAT(subscriber.take_events(), ElementsAre("subscribed news", "subscribed user:*"));
  server.ask({"PUBLISH", "news", "one"});
  server.ask({"PUBLISH", "user:alice", "two"});
  server.ask({"PUBLISH", "other", "three"});
  server.ask({"PUBLISH", "news", ""});
  ASSERT_TRUE(subscriber.hears("news: "));
  EXPECT_THAT(subscriber.take_events(),
              ElementsAre("news: one", "user:alice (user:*): two", "news: "));
  subscriber.unsubscribe(kNews);
  EXPECT_TRUE(eventually([&] { return server.ask({"PUBLISH", "news", "four"}).integer == 0; }));
  server.ask({"PUBLISH", "user:bob", "five"});
  ASSERT_TRUE(subscriber.hears("user:bob (user:*): five"));
  subscriber.subscribe(kNews);
  ASSERT_TRUE(subscriber.hears("subscribed news"));
}

TEST(Subscriber, SubscribesAgainAndSaysSo) {
  RedisServer server;
  TestSubscriber subscriber(server.url());
  subscriber.subscribe(kNews);
  subscriber.subscribe(kPattern);
  ASSERT_TRUE(subscriber.completes());
  subscriber.take_events();
  server.kill();
  ASSERT_TRUE(subscriber.hears_of(server.host_and_port()));
  server.start();
  ASSERT_TRUE(subscriber.completes());
  const std::vector<std::string> events = subscriber.take_events();
  EXPECT_THAT(events, Contains("subscribed news"));
  EXPECT_THAT(events, Contains("subscribed user:*"));
  EXPECT_EQ(server.ask({"PUBLISH", "news", "again"}).integer, 1);
  EXPECT_TRUE(subscriber.hears("news: again"));
}

TEST(Subscriber, NoticesAServerThatHangs) {
  RedisServer server;
  Options options = TestClient::options_for(server.url());
  options.command_timeout = base::Duration(500);
  options.ping_interval = base::Duration(200);
  TestSubscriber subscriber(options);
  subscriber.subscribe(kNews);
  ASSERT_TRUE(subscriber.completes());
  EXPECT_THAT(subscriber.take_events(), Not(Contains(HasSubstr("interrupted"))));
  server.freeze();
  EXPECT_TRUE(subscriber.hears_of("no answer within 0.5 s"));
  server.thaw();
  EXPECT_TRUE(subscriber.completes());
}

TEST(Subscriber, StaysOnAQuietConnection) {
  const RedisServer server;
  Options options = TestClient::options_for(server.url());
  options.command_timeout = base::Duration(1000);
  options.ping_interval = base::Duration(20);
  TestSubscriber subscriber(options);
  subscriber.subscribe(kNews);
  ASSERT_TRUE(subscriber.completes());
  EXPECT_TRUE(eventually([&] {
    const std::string stats = server.ask({"INFO", "commandstats"}).text;
    const std::size_t at = stats.find("cmdstat_ping:calls=");
    return at != std::string::npos && std::stoi(stats.substr(at + 19)) > 20;
  }));
  EXPECT_THAT(subscriber.take_events(), ElementsAre("subscribed news"));
}

TEST(Subscriber, TellsThatItMayNot) {
  const RedisServer server(
      {.config = {"user presence on >secret resetchannels &news +@all", "user default off"},
       .user = "presence",
       .password = "secret"});
  TestSubscriber subscriber("redis://presence:secret@" + server.host_and_port());
  subscriber.subscribe(kNews);
  ASSERT_TRUE(subscriber.completes());
  subscriber.subscribe({Subscription::Kind::kChannel, "secret"});
  EXPECT_TRUE(subscriber.hears_of("NOPERM"));
}

}  // namespace
}  // namespace redis

#include "redis/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "redis/test_loop.h"
#include "redis/test_redis.h"

namespace redis {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

// Short enough for a test, long enough for a busy machine.
Options impatient(const std::string& url) {
  Options options = TestClient::options_for(url);
  options.connect_timeout = base::Duration(1000);
  options.command_timeout = base::Duration(1000);
  options.ping_interval = base::Duration(200);
  return options;
}

TEST(Client, CarriesCommandsOfATurnInOrder) {
  const RedisServer server;
  TestClient client(server.url());
  ASSERT_TRUE(client.comes_up());
  std::vector<int64_t> seen;
  std::promise<void> all;
  client.in([&] {
    for (int i = 1; i <= 1000; ++i)
      client.client().call({"INCR", "counter"}, "counter", [&, i](Answer answer) {
        seen.push_back(answer->integer);
        if (i == 1000) all.set_value();
      });
    EXPECT_EQ(client.client().queued(), 1000U);
    EXPECT_TRUE(seen.empty());
  });
  ASSERT_EQ(all.get_future().wait_for(kTestDeadline), std::future_status::ready);
  client.in([&] {
    ASSERT_EQ(seen.size(), 1000U);
    for (std::size_t i = 0; i < seen.size(); ++i) EXPECT_EQ(seen[i], static_cast<int64_t>(i) + 1);
    EXPECT_EQ(client.client().queued(), 0U);
    EXPECT_EQ(client.client().queued_bytes(), 0U);
  });
  // All of them took few reads of the server: one write, cut only by the size of its buffer.
  const std::string stats = server.ask({"INFO", "stats"}).text;
  const std::size_t at = stats.find("total_reads_processed:");
  ASSERT_NE(at, std::string::npos);
  EXPECT_LT(std::stoi(stats.substr(at + 22)), 100);
}

TEST(Client, CarriesEveryKindOfReply) {
  const RedisServer server;
  TestClient client(server.url());
  ASSERT_TRUE(client.comes_up());
  EXPECT_EQ(client.ask({"SET", "key", "a\r\nb"})->text, "OK");
  EXPECT_EQ(client.ask({"GET", "key"})->text, "a\r\nb");
  EXPECT_TRUE(client.ask({"GET", "none"})->is_nil());
  const std::string big(20 << 20, 'x');
  EXPECT_TRUE(client.ask({"SET", "big", big}));
  EXPECT_EQ(client.ask({"GET", "big"})->text, big);
  const Answer wrong = client.ask({"LPUSH", "key", "x"});
  ASSERT_FALSE(wrong);
  EXPECT_TRUE(wrong.error().is("WRONGTYPE"));
  const Answer nested =
      client.ask({"EVAL", "return {1, {'two', {3}}, redis.error_reply('FOUR')}", "0"});
  ASSERT_EQ(nested->elements.size(), 3U);
  EXPECT_EQ(nested->elements[1].elements[1].elements[0].integer, 3);
  EXPECT_TRUE(nested->elements[2].is_error());
}

TEST(Client, RefusesAReplyThatIsTooBig) {
  const RedisServer server;
  Options options = TestClient::options_for(server.url());
  options.max_reply_bytes = 100'000;
  TestClient client(options);
  ASSERT_TRUE(client.comes_up());
  EXPECT_TRUE(client.ask({"SETRANGE", "key", "1000000", "x"}));
  const Answer answer = client.ask({"GET", "key"});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, Error::Kind::kLost);
  EXPECT_THAT(answer.error().message, HasSubstr("more than 100000 bytes"));
  EXPECT_TRUE(client.comes_up());
}

TEST(Client, RefusesWhatItsQueueHasNoRoomFor) {
  RedisServer server;
  Options options = TestClient::options_for(server.url());
  options.max_queue_bytes = 100'000;
  TestClient client(options);
  ASSERT_TRUE(client.comes_up());
  server.freeze();
  auto first = client.start({"SET", "key", std::string(60'000, 'x')});
  const Answer second = client.ask({"SET", "key", std::string(60'000, 'y')});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, Error::Kind::kRefused);
  EXPECT_EQ(second.error().message, "redis queue is full (100000 bytes)");
  server.thaw();
  EXPECT_TRUE(TestClient::wait_for(std::move(first)));
  EXPECT_TRUE(client.ask({"SET", "key", std::string(60'000, 'z')}));
}

TEST(Client, GivesAServerTheScriptsItDoesNotKnow) {
  const RedisServer server;
  TestClient client(server.url());
  ASSERT_TRUE(client.comes_up());
  const Script script("add", "return redis.call('INCRBY', KEYS[1], ARGV[1])");
  EXPECT_EQ(client.run(script, {"key"}, {"5"})->integer, 5);
  EXPECT_EQ(client.run(script, {"key"}, {"5"})->integer, 10);
  server.ask({"SCRIPT", "FLUSH"});
  server.ask({"CONFIG", "RESETSTAT"});
  // A pipeline of them finds out at once; the text is sent once.
  std::vector<int64_t> seen;
  std::promise<void> all;
  client.in([&] {
    const std::vector<std::string_view> keys{"key"};
    const std::vector<std::string_view> arguments{"1"};
    for (int i = 1; i <= 100; ++i)
      client.client().call(script, keys, arguments, [&, i](Answer answer) {
        seen.push_back(answer->integer);
        if (i == 100) all.set_value();
      });
  });
  ASSERT_EQ(all.get_future().wait_for(kTestDeadline), std::future_status::ready);
  EXPECT_EQ(client.in([&] { return seen.back(); }), 110);
  EXPECT_THAT(server.ask({"INFO", "commandstats"}).text, HasSubstr("cmdstat_script|load:calls=1,"));
}

TEST(Client, TellsWhatAScriptFailedWith) {
  const RedisServer server;
  TestClient client(server.url());
  ASSERT_TRUE(client.comes_up());
  const Script broken("broken", "this is no Lua");
  const Answer answer = client.run(broken, {"key"});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, Error::Kind::kReply);
  EXPECT_TRUE(answer.error().is("NOSCRIPT"));
}

TEST(Client, LogsIn) {
  const RedisServer server(
      {.config = {"requirepass owner",
                  "user presence on >secret ~presence:* &* +@all -@admin -config"},
       .password = "owner"});
  {
    TestClient client("redis://presence:secret@" + server.host_and_port() + "/3");
    ASSERT_TRUE(client.comes_up()) << client.trouble();
    EXPECT_TRUE(client.ask({"SET", "presence:a", "1"}));
    EXPECT_TRUE(client.ask({"SET", "other", "1"}).error().is("NOPERM"));
    EXPECT_THAT(server.ask({"CLIENT", "LIST"}).text, HasSubstr("name=presenced"));
    EXPECT_THAT(server.ask({"INFO", "keyspace"}).text, HasSubstr("db3:keys=1"));
  }
  {
    TestClient client("redis://:owner@" + server.host_and_port());
    EXPECT_TRUE(client.comes_up()) << client.trouble();
  }
  for (const char* credentials : {"presence:wrong@", ""}) {
    TestClient client("redis://" + std::string(credentials) + server.host_and_port());
    const std::string what = *credentials == 0 ? "NOAUTH" : "WRONGPASS";
    EXPECT_TRUE(eventually([&] { return client.trouble().find(what) != std::string::npos; }))
        << client.trouble();
    EXPECT_THAT(client.trouble(), HasSubstr("redis " + server.host_and_port()));
    const Answer answer = client.ask({"PING"});
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().kind, Error::Kind::kRefused);
    EXPECT_THAT(answer.error().message, HasSubstr(server.host_and_port()));
  }
}

TEST(Client, SpeaksTls) {
  const RedisServer server({.tls = true});
  const std::string address = "rediss://" + server.host_and_port();
  {
    TestClient client(address + "?ca=" + server.certificate());
    ASSERT_TRUE(client.comes_up()) << client.trouble();
    const std::string big(5 << 20, 't');
    EXPECT_TRUE(client.ask({"SET", "key", big}));
    EXPECT_EQ(client.ask({"GET", "key"})->text, big);
  }
  {
    TestClient client("rediss://localhost:" + std::to_string(server.port()) +
                      "?ca=" + server.certificate());
    EXPECT_TRUE(client.comes_up()) << client.trouble();
  }
  {
    TestClient client(address + "?insecure=true");
    EXPECT_TRUE(client.comes_up()) << client.trouble();
  }
  for (const std::string& url : {address, "rediss://127.0.0.2:" + std::to_string(server.port()) +
                                              "?ca=" + server.certificate()}) {
    TestClient client(url);
    EXPECT_TRUE(eventually(
        [&] { return client.trouble().find("not connected yet") == std::string::npos; }));
    EXPECT_FALSE(client.in([&] { return client.client().up(); }));
  }
  TestClient untrusting(address);
  EXPECT_TRUE(eventually([&] {
    return untrusting.trouble().find("its certificate: self-signed certificate") !=
           std::string::npos;
  })) << untrusting.trouble();
  TestClient plain("redis://" + server.host_and_port());
  EXPECT_TRUE(plain.in([&] { return !plain.client().up(); }));
}

TEST(Client, ComesBackAfterAKill) {
  RedisServer server;
  TestClient client(impatient(server.url()));
  ASSERT_TRUE(client.comes_up());
  server.freeze();
  auto lost = client.start({"INCR", "key"});
  server.kill();
  const Answer answer = TestClient::wait_for(std::move(lost));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, Error::Kind::kLost);
  EXPECT_THAT(answer.error().message, HasSubstr("connection lost"));
  ASSERT_TRUE(client.goes_down());
  const Answer refused = client.ask({"INCR", "key"});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, Error::Kind::kRefused);
  EXPECT_THAT(refused.error().message, HasSubstr(server.host_and_port()));
  auto waiting = client.start({"INCR", "key"}, "key", WhenDown::kWait);
  const auto began = std::chrono::steady_clock::now();
  const Answer in_vain = TestClient::wait_for(std::move(waiting));
  ASSERT_FALSE(in_vain);
  EXPECT_EQ(in_vain.error().kind, Error::Kind::kRefused);
  EXPECT_GE(std::chrono::steady_clock::now() - began, std::chrono::milliseconds(900));
  server.start();
  EXPECT_TRUE(client.comes_up());
  EXPECT_EQ(client.ask({"INCR", "key"})->integer, 1);
  EXPECT_EQ(client.states().front(), "up");
  EXPECT_EQ(client.states().back(), "up");
}

TEST(Client, SendsWhatWaitedWhenTheServerIsThere) {
  RedisServer server;
  server.kill();
  Options options = TestClient::options_for(server.url());
  options.command_timeout = std::chrono::seconds(20);
  TestClient client(options);
  auto first = client.start({"INCR", "key"}, "key", WhenDown::kWait);
  auto second = client.start({"INCR", "key"}, "key", WhenDown::kWait);
  server.start();
  EXPECT_EQ(TestClient::wait_for(std::move(first))->integer, 1);
  EXPECT_EQ(TestClient::wait_for(std::move(second))->integer, 2);
}

TEST(Client, NoticesAServerThatHangs) {
  RedisServer server;
  TestClient client(impatient(server.url()));
  ASSERT_TRUE(client.comes_up());
  // With a command on its way, and without any.
  for (const bool busy : {true, false}) {
    server.freeze();
    const auto began = std::chrono::steady_clock::now();
    std::future<Answer> pending;
    if (busy) pending = client.start({"PING"});
    ASSERT_TRUE(client.goes_down());
    EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::milliseconds(2500));
    EXPECT_THAT(client.states(), Contains(HasSubstr("no answer within 1 s")));
    if (busy) {
      EXPECT_EQ(TestClient::wait_for(std::move(pending)).error().kind, Error::Kind::kLost);
    }
    server.thaw();
    ASSERT_TRUE(client.comes_up());
  }
}

TEST(Client, IsNotMistakenAboutASlowCommand) {
  const RedisServer server({.config = {"enable-debug-command yes"}});
  TestClient client(server.url());
  ASSERT_TRUE(client.comes_up());
  EXPECT_TRUE(client.ask({"DEBUG", "SLEEP", "1.2"}));
  EXPECT_THAT(client.states(), ElementsAre("up"));
}

TEST(Client, NamesWhatItCannotReach) {
  TestClient client("redis://no-such-host.invalid:6379");
  EXPECT_TRUE(eventually([&] {
    return client.trouble().find("no-such-host.invalid:") != std::string::npos;
  })) << client.trouble();
  Options options = TestClient::options_for("rediss://127.0.0.1:1?ca=/missing.pem");
  EXPECT_THROW(TestClient{options}, std::runtime_error);
}

}  // namespace
}  // namespace redis

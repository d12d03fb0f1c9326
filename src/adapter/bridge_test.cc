#include "adapter/bridge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "adapter/test_hex.h"
#include "redis/test_loop.h"
#include "redis/test_redis.h"
#include "redis/test_subscriber.h"

namespace adapter {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const std::string kResponses(kResponseChannel);

// A bridge of a node with two core threads, in a loop of its own.
class BridgeTest : public testing::Test, public Port {
 protected:
  BridgeTest() {
    loop_.in([&] {
      auto client = redis::Client::create(loop_.loop(), random_, options());
      if (!client) throw std::runtime_error(client.error().message);
      client_ = *std::move(client);
      auto bridge = Bridge::create(loop_.loop(), random_, options(), *client_, 2, *this);
      if (!bridge) throw std::runtime_error(bridge.error().message);
      bridge_ = *std::move(bridge);
    });
    other_.subscribe({redis::Subscription::Kind::kChannel, kResponses});
    EXPECT_TRUE(other_.completes());
    EXPECT_TRUE(listens());
    other_.take_events();
  }
  ~BridgeTest() override {
    loop_.in([&] {
      bridge_.reset();
      client_.reset();
    });
  }

  redis::Options options() { return redis::TestClient::options_for(server_.url()); }
  bool listens() {
    return loop_.eventually_in([&] { return bridge_->listening() && client_->up(); });
  }
  // Waits for as many orders as there are then.
  std::vector<OrderPtr> orders(std::size_t count) {
    EXPECT_TRUE(loop_.eventually_in([&] { return orders_.size() >= count; }));
    return loop_.in([&] { return orders_; });
  }
  bool says(const std::string& line) {
    return loop_.eventually_in([&] {
      return std::ranges::any_of(
          said_, [&](const std::string& one) { return one.find(line) != std::string::npos; });
    });
  }
  void part(const OrderPtr& order, Part part) {
    loop_.in([&] { bridge_->on_part(*order, std::move(part)); });
  }
  void request(std::string_view json) { server_.ask({"PUBLISH", kRequestChannel, json}); }

  // Port
  void carry_out(const OrderPtr& order) override { orders_.push_back(order); }
  void on_dropped(const std::string& why) override { said_.push_back("dropped " + why); }
  void on_listening() override { said_.emplace_back("listening"); }
  void on_deaf(const std::string& why) override { said_.push_back("deaf " + why); }

  redis::RedisServer server_;
  redis::TestLoop loop_;
  redis::TestSubscriber other_{server_.url()};
  runtime::SystemRandom random_;
  std::unique_ptr<redis::Client> client_;
  std::unique_ptr<Bridge> bridge_;
  std::vector<OrderPtr> orders_;
  std::vector<std::string> said_;
};

TEST_F(BridgeTest, HandsOnWhatIsPublished) {
  const std::string to_all = from_hex(
      "93a7656d697474657283a47479706502a46461746191a568656c6c6fa36e7370a12f83a5726f6f6d7390a5666c61"
      "677380a665786365707490");
  server_.ask({"PUBLISH", "socket.io#/#", to_all});
  server_.ask({"PUBLISH", "socket.io#/#user:alice#", to_all});
  server_.ask({"PUBLISH", "socket.io#/custom#", to_all});
  request(R"({"type":4,"opts":{"rooms":["a"]}})");
  const auto all = orders(3);
  ASSERT_THAT(all, SizeIs(3));
  EXPECT_EQ(std::get<Broadcast>(all[0]->request).event.name, "hello");
  EXPECT_EQ(all[0]->bytes, to_all.size());
  EXPECT_EQ(std::get<Broadcast>(all[1]->request).event.name, "hello");
  EXPECT_TRUE(std::holds_alternative<Disconnect>(all[2]->request));
}

TEST_F(BridgeTest, IsCountedAsOneServerWhenItListens) {
  const auto counted = server_.ask({"PUBSUB", "NUMSUB", kRequestChannel});
  EXPECT_EQ(redis::element(counted, 1).integer, 1);
  EXPECT_TRUE(says("listening"));
}

TEST_F(BridgeTest, AnswersOnceAllThreadsHaveGivenTheirPart) {
  request(R"({"requestId":"f","type":5,"opts":{"rooms":["a"]}})");
  request(R"({"requestId":"l","type":0,"rooms":[]})");
  request(R"({"requestId":"r","type":1})");
  request(R"({"requestId":"c","type":7,"packet":{"type":2,"data":["e"]},"opts":{}})");
  const auto all = orders(4);
  ASSERT_THAT(all, SizeIs(4));
  part(all[0], {.sockets = {{"s1", {"s1", "a"}}}});
  part(all[1], {.names = {"s1"}});
  part(all[2], {.names = {"s1", "a"}});
  part(all[3], {.clients = 2});
  // One by one, and the other way round.
  part(all[3], {.clients = 3});
  part(all[2], {.names = {"b"}});
  part(all[1], {.names = {"s2"}});
  part(all[0], {});
  ASSERT_TRUE(other_.hears(kResponses + ": " +
                           fetch_answer("f", std::vector<SocketDescription>{{"s1", {"s1", "a"}}})));
  EXPECT_THAT(other_.take_events(),
              ElementsAre(kResponses + R"(: {"requestId":"c","type":8,"clientCount":5})",
                          kResponses + R"(: {"requestId":"r","rooms":["s1","a","b"]})",
                          kResponses + R"(: {"requestId":"l","sockets":["s1","s2"]})",
                          HasSubstr(R"({"requestId":"f","sockets":[{"id":"s1")")));
}

TEST_F(BridgeTest, WithoutAPartThereIsNoAnswer) {
  request(R"({"requestId":"r","type":1})");
  const auto all = orders(1);
  part(all[0], {.names = {"a"}});
  loop_.in([&] { bridge_->give_up(*all[0]); });
  part(all[0], {.names = {"b"}});
  loop_.in([&] { bridge_->on_ack("an acknowledgement"); });
  ASSERT_TRUE(other_.hears(kResponses + ": an acknowledgement"));
  EXPECT_THAT(other_.take_events(), SizeIs(1));
}

TEST_F(BridgeTest, EventsBetweenServersGetAnEmptyAnswer) {
  request(R"({"uid":"a","type":6,"data":["hi"]})");
  request(R"({"uid":"a","requestId":"r","type":6,"data":["hi"]})");
  ASSERT_TRUE(other_.hears(kResponses + R"(: {"requestId":"r","type":6,"data":null})"));
  EXPECT_THAT(other_.take_events(), SizeIs(1));
  EXPECT_THAT(orders(0), IsEmpty());
}

TEST_F(BridgeTest, SaysWhatItCannotRead) {
  server_.ask({"PUBLISH", "socket.io#/#", "\xc1"});
  EXPECT_TRUE(says("dropped socket.io#/#: broken msgpack"));
  request(R"({"type":4,"opts":{"rooms":7}})");
  EXPECT_TRUE(says("dropped socket.io-request#/#: rooms is no array"));
  EXPECT_THAT(orders(0), IsEmpty());
}

TEST_F(BridgeTest, ListensAgainWhenRedisIsBack) {
  request(R"({"requestId":"r","type":1})");
  const auto all = orders(1);
  server_.kill();
  ASSERT_TRUE(says("deaf "));
  part(all[0], {});
  part(all[0], {});
  ASSERT_TRUE(says("dropped an answer to another server"));
  loop_.in([&] { said_.clear(); });
  server_.start();
  ASSERT_TRUE(says("listening"));
  ASSERT_TRUE(listens());
  request(R"({"requestId":"r","type":1})");
  EXPECT_THAT(orders(2), SizeIs(2));
}

}  // namespace
}  // namespace adapter

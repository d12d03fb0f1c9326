// Cores on event loops of their own, wired to each other and to a domain as serve() does it, and
// devices without network that speak to them in their threads.

#include "app/core.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <string>
#include <thread>
#include <vector>

#include "app/domain.h"
#include "app/loop_threads.h"
#include "app/test_store.h"
#include "auth/authenticator.h"
#include "config/setting_table.h"
#include "engineio/fake_transport.h"
#include "runtime/clock.h"
#include "store/test_support.h"

namespace app {
namespace {

using engineio::FakeExchange;
using engineio::FakeWebSocket;
using std::chrono::hours;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

using Lines = std::vector<std::string>;

struct Operators final : net::HttpHandler {
  void on_request(net::HttpExchange& exchange) override {
    net::HttpResponse response;
    response.body = "operators";
    exchange.respond(std::move(response));
  }
};

// Belongs to the thread of its core; everything happens there.
struct Device {
  unsigned thread = 0;
  std::unique_ptr<FakeExchange> exchange;
  FakeWebSocket* socket = nullptr;
  Lines received;  // of Socket.IO packets
};

class CoreTest : public testing::Test {
 protected:
  CoreTest() {
    settings.data_dir = (place.path() / "data").native();
    settings.disconnect_grace = base::Duration(0);
  }
  ~CoreTest() override { end(); }

  void start(unsigned threads, std::size_t mailbox_limit = 1'000, bool serves_operators = true) {
    auto opened = Domain::open(settings);
    ASSERT_TRUE(opened) << opened.error().message;
    domain = *std::move(opened);
    loops.emplace(threads, mailbox_limit);
    cores.resize(threads);
    devices_.resize(threads);
    domain->connect(loops->pointers(),
                    [this](unsigned t) -> gateway::Outlet& { return cores[t]->frontend(); });
    loops->start(
        [this, threads, serves_operators](unsigned thread) {
          CoreOptions options;
          options.engine.path = "/socket.io/";
          // Nothing of its own accord wakes a thread.
          options.engine.ping_interval = hours(1);
          options.socketio.connect_timeout = hours(1);
          options.frontend.thread = options.engine.thread = thread;
          options.frontend.threads = options.engine.threads = threads;
          options.frontend.events_per_second = 0;
          options.trim_interval = trim_interval;
          cores[thread] = std::make_unique<Core>(options, (*loops)[thread], *domain, insecure_,
                                                 assets_, serves_operators, &operators_);
          (*loops)[thread].at_turn_end([this, thread] { collect(thread); });
        },
        [this](unsigned thread) {
          devices_[thread].clear();
          cores[thread].reset();
        });
  }
  // As serve() ends: everybody is cut off, the threads end, then the domain.
  void end() {
    if (domain == nullptr) return;
    for (unsigned thread = 0; thread < loops->count(); ++thread)
      loops->in(thread, [this, thread] { cores[thread]->shut_down(); });
    for (unsigned thread = 0; thread < loops->count(); ++thread) loops->in(thread, [] {});
    loops->stop();
    domain->stop(runtime::read_clocks());
    domain.reset();
    loops.reset();
  }

  // --- Devices

  Device& connect(unsigned thread, const std::string& user) {
    return *loops->in(thread, [this, thread, user] {
      auto device = std::make_unique<Device>();
      device->thread = thread;
      net::HttpRequest request = get("/socket.io/?EIO=4&transport=websocket");
      request.wants_upgrade = true;
      for (const auto& [name, value] :
           {std::pair{"Connection", "Upgrade"}, std::pair{"Upgrade", "websocket"},
            std::pair{"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="},
            std::pair{"Sec-WebSocket-Version", "13"}})
        request.headers.push_back({name, value});
      device->exchange = std::make_unique<FakeExchange>(std::move(request));
      cores[thread]->on_request(*device->exchange);
      device->socket = device->exchange->websocket.get();
      device->socket->text(R"(40{"userId":")" + user + "\"}");
      devices_[thread].push_back(std::move(device));
      return devices_[thread].back().get();
    });
  }
  Device& join(unsigned thread, const std::string& user) {
    Device& device = connect(thread, user);
    EXPECT_TRUE(receives(device, R"(40{"sid":)"));
    return device;
  }
  void say(Device& device, const std::string& packet) {
    loops->in(device.thread, [&] { device.socket->text(packet); });
  }
  Lines received(const Device& device) {
    return loops->in(device.thread, [&] { return device.received; });
  }
  // Whether it is sent, sooner or later, something that begins like this.
  [[nodiscard]] bool receives(const Device& device, const std::string& beginning) {
    return loops->eventually_in(device.thread, [&] {
      return std::any_of(device.received.begin(), device.received.end(),
                         [&](const std::string& line) { return line.starts_with(beginning); });
    });
  }
  [[nodiscard]] std::size_t connected_users() {
    return loops->in(0, [this] { return domain->hub().directory().connected_users(); });
  }

  // --- Requests

  static net::HttpRequest get(const std::string& target) {
    net::HttpRequest request;
    request.method = "GET";
    request.target = target;
    request.peer_address = "192.0.2.7";
    return request;
  }
  // What happened to it: the beginning of the body, or where it moved.
  std::string ask(unsigned thread, const std::string& target) {
    return loops->in(thread, [&]() -> std::string {
      FakeExchange exchange(get(target));
      cores[thread]->on_request(exchange);
      if (exchange.transferred) return "moved to " + std::to_string(*exchange.transferred);
      return std::to_string(exchange.status()) + " " + exchange.body().substr(0, 20);
    });
  }

  base::Duration trim_interval = hours(1);
  store::TemporaryDirectory place;
  config::Settings settings = config::default_settings();
  std::unique_ptr<Domain> domain;
  std::optional<LoopThreads> loops;
  std::vector<std::unique_ptr<Core>> cores;

 private:
  // After the core's own hook: its output is there.
  void collect(unsigned thread) {
    for (const auto& device : devices_[thread]) {
      for (std::string& packet : device->socket->take())
        if (packet.starts_with('4')) device->received.push_back(std::move(packet));
      device->socket->settle();
    }
  }

  const auth::Authenticator insecure_ = auth::Authenticator::insecure();
  const page::Assets assets_{"/socket.io/", page::DemoPage::kAbsent};
  Operators operators_;
  std::vector<std::deque<std::unique_ptr<Device>>> devices_;
};

// --- Whose request it is

TEST_F(CoreTest, RequestsGoWhereTheyBelong) {
  start(2);
  for (unsigned thread = 0; thread < 2; ++thread) {
    EXPECT_THAT(ask(thread, "/socket.io/?EIO=4&transport=polling"), StartsWith("200 0{\"sid\""));
    EXPECT_THAT(ask(thread, "/socket.io/socket.io.js"), StartsWith("200 "));
    EXPECT_EQ(ask(thread, "/"), "404 not found\n");
    EXPECT_EQ(ask(thread, "/v2"), "404 not found\n");
  }
}

TEST_F(CoreTest, OperatorsAreServedInTheHubsThread) {
  start(2);
  for (const char* target : {"/v1/stats", "/healthz", "/readyz"}) {
    EXPECT_EQ(ask(0, target), "200 operators");
    EXPECT_EQ(ask(1, target), "moved to 0");
  }
}

TEST_F(CoreTest, OperatorsWithAnAddressOfTheirOwnAreNotServedHere) {
  start(2, 1'000, false);
  for (unsigned thread = 0; thread < 2; ++thread)
    EXPECT_EQ(ask(thread, "/v1/stats"), "404 not found\n");
}

TEST_F(CoreTest, AfterAStormFreeMemoryGoesBackToTheSystem) {
  trim_interval = base::Duration(50);
  start(1);
  store::fill_cache(store_of(*domain));
  const int64_t before = store::sqlite_memory();
  loops->in(0, [this] {
    for (int i = 0; i < 1'000; ++i) {
      FakeExchange exchange(get("/v2"));
      cores[0]->on_request(exchange);
    }
  });
  EXPECT_TRUE(store::eventually([&] { return store::sqlite_memory() < before / 2; }));
}

// --- The hub in another thread

TEST_F(CoreTest, DevicesOfAllThreadsMeetInTheHub) {
  start(3);
  store::Waiting waiting(store_of(*domain));
  waiting.add("alice", "bob");
  waiting.add("alice", "carol");
  Device& alice = join(1, "alice");
  Device& bob = join(2, "bob");
  Device& carol = join(0, "carol");
  EXPECT_TRUE(receives(alice, R"(42["user_online",{"userId":"bob")"));
  EXPECT_TRUE(receives(alice, R"(42["user_online",{"userId":"carol")"));
  say(alice, R"(427["set_user_status",{"status":"busy"}])");
  EXPECT_TRUE(receives(bob, R"(42["user_status_changed",{"userId":"alice","status":"busy")"));
  EXPECT_TRUE(receives(carol, R"(42["user_status_changed",{"userId":"alice","status":"busy")"));
  EXPECT_TRUE(receives(alice, R"(437[{"userId":"alice","status":"busy")"));
  say(alice, "41");
  EXPECT_TRUE(receives(bob, R"(42["user_offline",{"userId":"alice")"));
  EXPECT_TRUE(receives(carol, R"(42["user_offline",{"userId":"alice")"));
}

TEST_F(CoreTest, TheAnswerToConnectComesBeforeEverythingElse) {
  start(2);
  store::Waiting(store_of(*domain)).add("alice", "bob");
  Device& alice = connect(1, "alice");
  Device& bob = connect(1, "bob");
  EXPECT_TRUE(receives(alice, "40"));
  EXPECT_TRUE(receives(bob, "40"));
  EXPECT_THAT(received(alice).front(), StartsWith("40"));
  EXPECT_THAT(received(bob).front(), StartsWith("40"));
}

TEST_F(CoreTest, ARefusalFindsItsWayBack) {
  start(2);
  store_of(*domain).stop();
  Device& alice = connect(1, "alice");
  EXPECT_TRUE(receives(alice, "44"));
  EXPECT_THAT(received(alice).front(), HasSubstr("store_unavailable"));
}

TEST_F(CoreTest, ADeviceThatGoesWhileItJoinsIsForgotten) {
  start(2);
  {
    const Held held((*loops)[0]);
    Device& alice = connect(1, "alice");
    loops->in(1, [&] { alice.socket->end(1006); });
  }
  Device& bob = join(1, "bob");
  EXPECT_TRUE(store::eventually([this] { return connected_users() == 1; }));
  EXPECT_EQ(received(bob).size(), 1U);
}

TEST_F(CoreTest, ADeviceIsReplacedByOneOfAnotherThread) {
  start(3);
  const auto keyed = [this](unsigned thread) -> Device& {
    Device& device = connect(thread, R"(alice","deviceId":"d)");
    EXPECT_TRUE(receives(device, "40"));
    return device;
  };
  Device& first = keyed(1);
  Device& second = keyed(2);
  EXPECT_TRUE(receives(first, "41"));
  EXPECT_EQ(received(second).size(), 1U);
}

// --- Full mailboxes

// Mailboxes of two tasks, and more to say than they can take at any time: everything that was said
// arrives, once and in order, in both directions.
TEST_F(CoreTest, UnderPressureNothingIsLostDoubledOrOutOfOrder) {
  constexpr int kDevices = 4;
  constexpr int kEvents = 300;
  start(3, 2);
  std::vector<Device*> devices;
  for (unsigned thread = 0; thread < 3; ++thread)
    for (int i = 0; i < kDevices; ++i)
      devices.push_back(&join(thread, "u" + std::to_string(devices.size())));
  std::vector<std::thread> senders;
  for (unsigned thread = 0; thread < 3; ++thread) {
    senders.emplace_back([&, thread] {
      for (int event = 0; event < kEvents; ++event) {
        loops->in(thread, [&] {
          for (Device* device : devices)
            if (device->thread == thread)
              device->socket->text("42" + std::to_string(event) + R"(["user_heartbeat",{}])");
        });
      }
    });
  }
  for (std::thread& sender : senders) sender.join();
  for (Device* device : devices) {
    EXPECT_TRUE(receives(*device, "43" + std::to_string(kEvents - 1) + "["));
    const Lines lines = received(*device);
    ASSERT_EQ(lines.size(), kEvents + 1U);
    for (int event = 0; event < kEvents; ++event) {
      const std::string& line = lines[static_cast<std::size_t>(event) + 1];
      EXPECT_TRUE(line.starts_with("43" + std::to_string(event) + "[{\"serverTime\"")) << line;
    }
  }
}

// A thread with nothing else to do has to try again by itself.
TEST_F(CoreTest, WhatAFullMailboxOfTheHubDidNotTakeFollows) {
  start(2, 1);
  {
    const Held held((*loops)[0]);
    ASSERT_TRUE((*loops)[0].post([] {}));
    connect(1, "alice");
    loops->in(1, [] {});  // its turn has ended, and with it the attempt
  }
  EXPECT_TRUE(store::eventually([this] { return connected_users() == 1; }));
}

TEST_F(CoreTest, WhatAFullMailboxOfADevicesThreadDidNotTakeFollows) {
  start(2, 1);
  Device& alice = join(1, "alice");
  {
    const Held held((*loops)[1]);
    ASSERT_TRUE((*loops)[1].post([] {}));
    loops->in(0, [this] { domain->hub().apply(presence::Forget{"alice"}); });
    loops->in(0, [] {});
  }
  // Two more turns: the one that was held, and that of the filling. Then it is quiet there.
  EXPECT_TRUE(
      store::eventually([&] { return loops->in(1, [&] { return alice.received.size(); }) == 2; }));
  EXPECT_THAT(received(alice), ElementsAre(StartsWith("40"), "41"));
}

// --- The end

TEST_F(CoreTest, WhatWasAcknowledgedIsThereAfterTheEnd) {
  start(2);
  Device& alice = join(1, "alice");
  say(alice, R"(421["set_user_status",{"status":"busy","customMessage":"kept"}])");
  EXPECT_TRUE(receives(alice, "431["));
  const base::WallTime before = runtime::read_clocks().wall;
  end();
  start(1);
  const auto user = loops->in(0, [this] { return domain->hub().directory().find("alice"); });
  ASSERT_NE(user, nullptr);
  EXPECT_EQ(user->chosen->choice.message, "kept");
  // Seen until the server ended.
  EXPECT_GE(user->last_seen, before);
}

TEST_F(CoreTest, AtTheEndConnectionsAreCutWithoutADisconnectAndNobodyIsTold) {
  start(2);
  store::Waiting(store_of(*domain)).add("alice", "bob");
  Device& alice = join(1, "alice");
  Device& bob = join(0, "bob");
  EXPECT_TRUE(receives(alice, R"(42["user_online")"));
  for (unsigned thread = 2; thread-- > 0;)
    loops->in(thread, [this, thread] { cores[thread]->shut_down(); });
  for (unsigned thread = 0; thread < 2; ++thread) loops->in(thread, [] {});
  for (const Device* device : {&alice, &bob}) {
    EXPECT_TRUE(loops->in(device->thread, [&] { return device->socket->close_code.has_value(); }));
    for (const std::string& line : received(*device)) {
      EXPECT_NE(line, "41");
      EXPECT_THAT(line, testing::Not(HasSubstr("user_offline")));
    }
  }
  EXPECT_EQ(connected_users(), 2U);
}

}  // namespace
}  // namespace app

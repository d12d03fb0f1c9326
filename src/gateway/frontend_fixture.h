// Test support: a frontend behind a Socket.IO server on fakes, in front of a hub that writes down
// what it is asked. Both clocks move together, when told; the wall clock may also jump.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "auth/token_signer.h"
#include "engineio/fake_transport.h"
#include "gateway/frontend.h"
#include "socketio/server.h"

namespace gateway {

class RecordingHub final : public HubLink {
 public:
  void submit(Request request) override { requests.push_back(std::move(request)); }

  // The only request since the last call, as this type.
  template <class T>
  T take() {
    EXPECT_EQ(requests.size(), 1U);
    if (requests.empty()) return {};
    const Request request = std::move(requests.back());
    requests.clear();
    EXPECT_TRUE(std::holds_alternative<T>(request));
    return std::holds_alternative<T>(request) ? std::get<T>(request) : T{};
  }

  std::vector<Request> requests;
};

class FrontendTest : public testing::Test {
 protected:
  static constexpr int64_t kStart = 1'700'000'000'000;
  static constexpr const char* kSecret = "0123456789abcdef0123456789abcdef";
  using Sent = std::vector<std::string>;

  FrontendTest() {
    engine.path = "/socket.io/";
    engine.ping_interval = base::Duration(3'600'000);
    options.events_per_second = 1'000;
  }
  void SetUp() override {
    start(auth::Authenticator(*auth::TokenVerifier::create({.secret = kSecret})));
  }
  void start(auth::Authenticator how) {
    authenticator.emplace(std::move(how));
    frontend.emplace(options, *authenticator, [this] { return now(); });
    frontend->set_hub(hub);
    server.emplace(engine, socketio::Options{}, random, [this] { return host.now(); });
    nsp = &server->add_namespace("/", *frontend);
    turns.emplace(Turns{*server, *frontend});
    host.attach(*turns);
  }
  void TearDown() override {
    server->shut_down();
    host.turn();
  }

  [[nodiscard]] base::Instant now() const {
    return {host.now(), base::wall_from_millis(kStart) + (host.now() - begin) + jumped};
  }
  void pass(base::Duration time) { host.pass(time, base::Duration(50)); }

  // --- Clients

  [[nodiscard]] std::string token(std::string_view user,
                                  std::optional<base::Duration> ttl = std::nullopt) const {
    return *auth::sign_hs256({.secret = kSecret, .user_id = std::string(user), .ttl = ttl},
                             now().wall);
  }
  engineio::FakeWebSocket& open(const std::string& query = {},
                                std::vector<net::HttpHeader> headers = {}) {
    net::HttpRequest request = host.request("GET", "EIO=4&transport=websocket" + query);
    engineio::FakeHost<socketio::Server>::make_upgrade(request);
    for (net::HttpHeader& header : headers) request.headers.push_back(std::move(header));
    engineio::FakeWebSocket& socket = *host.send(std::move(request)).websocket;
    host.turn();
    socket.take();
    return socket;
  }
  // What the client is answered to a CONNECT with this payload.
  Sent connect(engineio::FakeWebSocket& socket, const std::string& auth) {
    socket.text("40" + auth);
    host.turn();
    return socket.take();
  }
  // A device of the user that the hub has accepted.
  struct Joined {
    engineio::FakeWebSocket& socket;
    presence::DeviceRef ref;
    std::string socket_id;
  };
  Joined join(const std::string& user, std::optional<base::Duration> ttl = std::nullopt) {
    engineio::FakeWebSocket& socket = open();
    socket.text("40" + with_token(token(user, ttl)));
    const auto request = hub.take<presence::Connect>();
    frontend->accept(request.device);
    host.turn();
    socket.take();
    return {socket, request.device, std::string(request.socket_id.view())};
  }
  static std::string with_token(const std::string& text) { return R"({"token":")" + text + "\"}"; }
  // What comes back for an event.
  Sent say(Joined& client, const std::string& packet) {
    client.socket.text(packet);
    host.turn();
    return client.socket.take();
  }
  static std::string connect_error(std::string_view code, std::string_view message) {
    return R"(44{"message":")" + std::string(message) + R"(","data":{"code":")" +
           std::string(code) + "\"}}";
  }

  // The server and the frontend as the loop drives them.
  struct Turns {
    socketio::Server& server;
    Frontend& frontend;
    void on_request(net::HttpExchange& exchange) { server.on_request(exchange); }
    void advance() {
      server.advance();
      frontend.advance();
    }
    void flush() { server.flush(); }
  };

  FrontendOptions options;
  engineio::Options engine;
  RecordingHub hub;
  engineio::SeededRandom random;
  engineio::FakeHost<Turns> host{"/socket.io/"};
  const base::SteadyTime begin = host.now();
  base::Duration jumped{0};  // what the wall clock was set forward by
  std::optional<auth::Authenticator> authenticator;
  std::optional<Frontend> frontend;
  std::optional<socketio::Server> server;
  std::optional<Turns> turns;
  socketio::Namespace* nsp = nullptr;
};

}  // namespace gateway

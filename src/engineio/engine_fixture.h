// Test support: an Engine.IO server on fakes, with a handler that writes down what it is told and
// may echo.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engineio/fake_transport.h"
#include "engineio/server.h"

namespace engineio {

class RecordingHandler final : public SessionHandler {
 public:
  std::optional<Refusal> allow_request(const net::HttpRequest&) override { return refusal; }
  bool on_foreign_node(net::HttpExchange&, const Sid& sid) override {
    foreign_node = sid.node();
    return takes_foreign;
  }
  void on_open(Session& session) override {
    last = &session;
    log.push_back("open");
    if (greeting) session.send_text(*greeting);
  }
  void on_text(Session& session, std::string_view text) override {
    log.push_back("text " + std::string(text));
    if (on_message) on_message(session, text);
    if (echo) session.send_text(text);
  }
  void on_binary(Session& session, std::string_view bytes) override {
    log.push_back("binary " + std::string(bytes));
    if (echo) session.send_binary(bytes);
  }
  void on_heard(Session&) override { ++heard; }
  void on_drained(Session&) override { log.push_back("drained"); }
  void on_closed(Session& session, CloseReason reason) override {
    log.push_back("closed " + std::string(close_reason_text(reason)));
    if (last == &session) last = nullptr;
  }
  std::vector<std::string> take() { return std::exchange(log, {}); }

  std::vector<std::string> log;
  Session* last = nullptr;  // the newest that is open
  bool echo = true;
  bool takes_foreign = false;
  int heard = 0;
  std::optional<std::string> greeting;
  std::optional<Refusal> refusal;
  std::optional<uint16_t> foreign_node;
  std::function<void(Session&, std::string_view)> on_message;
};

class EngineTest : public testing::Test {
 protected:
  EngineTest() {
    options.ping_interval = base::Duration(300);
    options.ping_timeout = base::Duration(200);
    options.cors.origins = {"*"};
  }
  // With the options as they are now.
  void start() {
    server.emplace(options, handler, random, [this] { return host.now(); });
    host.attach(*server);
  }
  void SetUp() override { start(); }
  void TearDown() override {
    server->close_all();
    host.turn();
  }

  std::string open_polling() {
    FakeExchange& exchange = host.get("EIO=4&transport=polling");
    EXPECT_EQ(exchange.status(), 200);
    return sid_of(exchange.body());
  }
  static std::string sid_of(std::string_view open_packet) {
    const std::size_t at = open_packet.find(R"("sid":")");
    return std::string(open_packet.substr(at + 7, Sid::kTextLength));
  }
  static std::string polling(const std::string& sid) {
    return "EIO=4&transport=polling&sid=" + sid;
  }
  static std::string websocket(const std::string& sid) {
    return "EIO=4&transport=websocket&sid=" + sid;
  }
  FakeWebSocket& open_websocket() {
    FakeExchange& exchange = host.upgrade("EIO=4&transport=websocket");
    EXPECT_TRUE(exchange.websocket);
    last_open_packet = exchange.websocket->take().at(0);
    return *exchange.websocket;
  }
  FakeWebSocket& probe(const std::string& sid) {
    FakeExchange& exchange = host.upgrade(websocket(sid));
    EXPECT_TRUE(exchange.websocket);
    return *exchange.websocket;
  }
  FakeWebSocket& upgraded(const std::string& sid) {
    FakeWebSocket& socket = probe(sid);
    socket.text("2probe");
    socket.text("5");
    host.turn();
    EXPECT_EQ(socket.take(), std::vector<std::string>{"3probe"});
    return socket;
  }

  using Log = std::vector<std::string>;

  Options options;
  RecordingHandler handler;
  SeededRandom random;
  FakeHost<Server> host{"/engine.io/"};
  std::optional<Server> server;
  std::string last_open_packet;
};

}  // namespace engineio

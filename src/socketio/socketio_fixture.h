// Test support: a Socket.IO server on fakes with the namespaces `/`, `/custom`, and `/slow` whose
// connect requests are answered by the test.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engineio/fake_transport.h"
#include "socketio/payload.h"
#include "socketio/server.h"

namespace socketio {

class RecordingNamespace final : public NamespaceHandler {
 public:
  void on_connect(Namespace& nsp, const ConnectRequest& request) override {
    std::string auth;
    append_json(auth, request.auth);
    log.push_back("connect " + auth);
    last_request = request.id;
    if (!accepts) return;
    last = nsp.accept(request.id);
    sockets.push_back(last);
    if (last != nullptr && greets) last->emit("auth", auth);
  }
  void on_connect_abandoned(Namespace&, ConnectId) override { log.push_back("abandoned"); }
  void on_event(Socket& socket, const Event& event) override {
    std::string args;
    append_json_elements(args, event.args);
    std::string line = "event " + std::string(event.name) + " " + args;
    if (event.ack_id) line += " ack " + std::to_string(*event.ack_id);
    for (const std::string& attachment : event.attachments) line += " <" + attachment + ">";
    log.push_back(std::move(line));
    if (on_message) on_message(socket, event);
  }
  void on_heard(Socket&) override { ++heard; }
  void on_disconnecting(Socket& socket, DisconnectReason) override {
    log.push_back("disconnecting in " + std::to_string(socket.rooms().size()) + " rooms");
    if (on_leaving) on_leaving(socket);
  }
  void on_disconnect(Socket& socket, DisconnectReason reason) override {
    log.push_back("disconnect " + std::string(disconnect_reason_text(reason)));
    EXPECT_TRUE(socket.rooms().empty());
    EXPECT_EQ(socket.nsp().find(socket.id()), nullptr);
    EXPECT_FALSE(socket.connected());
    std::erase(sockets, &socket);
    if (last == &socket) last = nullptr;
  }
  void on_drained(Socket&) override { log.push_back("drained"); }
  std::vector<std::string> take() { return std::exchange(log, {}); }

  std::vector<std::string> log;
  std::vector<Socket*> sockets;
  Socket* last = nullptr;
  ConnectId last_request{};
  bool accepts = true;
  bool greets = false;
  int heard = 0;
  std::function<void(Socket&, const Event&)> on_message;
  std::function<void(Socket&)> on_leaving;
};

class SocketIoTest : public testing::Test {
 protected:
  SocketIoTest() {
    engine.path = "/socket.io/";
    engine.ping_interval = base::Duration(3'000);
    engine.ping_timeout = base::Duration(2'000);
    options.connect_timeout = base::Duration(1'000);
  }
  void start() {
    server.emplace(engine, options, random, [this] { return host.now(); });
    main_nsp = &server->add_namespace("/", main);
    server->add_namespace("/custom", custom);
    slow_nsp = &server->add_namespace("/slow", slow);
    slow.accepts = false;
    host.attach(*server);
  }
  void SetUp() override { start(); }
  void TearDown() override {
    server->shut_down();
    host.turn();
  }

  using Log = std::vector<std::string>;

  // A WebSocket whose Engine.IO handshake is done.
  engineio::FakeWebSocket& open() {
    auto& socket = *host.upgrade("EIO=4&transport=websocket").websocket;
    socket.take();
    return socket;
  }
  // And in `/`.
  engineio::FakeWebSocket& join() {
    auto& socket = open();
    socket.text("40");
    socket.take();
    main.take();
    return socket;
  }
  std::string open_polling() {
    const std::string body = host.get("EIO=4&transport=polling").body();
    return "EIO=4&transport=polling&sid=" + body.substr(body.find(R"("sid":")") + 7, 24);
  }

  engineio::Options engine;
  Options options;
  RecordingNamespace main;
  RecordingNamespace custom;
  RecordingNamespace slow;
  engineio::SeededRandom random;
  engineio::FakeHost<Server> host{"/socket.io/"};
  std::optional<Server> server;
  Namespace* main_nsp = nullptr;
  Namespace* slow_nsp = nullptr;
};

}  // namespace socketio

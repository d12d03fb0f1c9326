// EchoServer: what answers the requests of the echo server's one core thread: bare Engine.IO below
// /engine.io/, Socket.IO below /socket.io/, plain WebSocket at /ws-echo, and 404 for the rest.
// Every message comes back unchanged, so that conformance suites can look at the protocols alone.
#pragma once

#include <cstddef>
#include <memory>

#include "base/timer_wheel.h"
#include "engineio/options.h"
#include "engineio/server.h"
#include "namespaces.h"
#include "net/http.h"
#include "runtime/event_loop.h"
#include "runtime/random.h"
#include "socketio/server.h"

namespace echo {

struct Settings {
  engineio::Options engine;  // of both servers; the path is set by EchoServer
  socketio::Options socketio;
};

class EngineEcho final : public engineio::SessionHandler {
 public:
  void on_open(engineio::Session& session) override { session.release_handshake(); }
  void on_text(engineio::Session& session, std::string_view text) override {
    session.send_text(text);
  }
  void on_binary(engineio::Session& session, std::string_view bytes) override {
    session.send_binary(bytes);
  }
  void on_closed(engineio::Session&, engineio::CloseReason) override {}
};

class EchoServer final : public net::HttpHandler {
 public:
  EchoServer(const Settings& settings, runtime::EventLoop& loop);
  ~EchoServer() override;

  void on_request(net::HttpExchange& exchange) override;

 private:
  void end_turn();

  runtime::EventLoop& loop_;
  runtime::SystemRandom random_;
  EngineEcho engine_handler_;
  MainNamespace main_;
  CustomNamespace custom_;
  DeniedNamespace denied_;
  bool deflate_;
  engineio::Server engine_;
  socketio::Server socketio_;
  // Wakes the loop when one of the servers has something due.
  base::TimerWheel wheel_;
  base::TimerNode wake_;
  std::shared_ptr<bool> alive_;  // the loop keeps its hook for longer than this
};

}  // namespace echo

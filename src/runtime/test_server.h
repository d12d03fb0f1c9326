// A server for the tests of this folder: core threads on a port of the loopback address, and a
// handler whose paths each show one use of an exchange.
//
//   /hello      answers "hello"                    /ws        a WebSocket that echoes
//   /echo       answers with the body              /ws-late   the same, accepted in the next turn
//   /late       answers in the next turn           /thread    answers with its thread's number
//   /never      waits for ever                     /move/N    moves to thread N, then as /thread
//   /stream/N   N chunks of 64 KiB                 /broken    a chunk, and then no end
//   /ws/X       X: what the WebSocket does on a message
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "net/http.h"
#include "net/websocket.h"
#include "runtime/core_threads.h"

namespace runtime {

// What has happened, for a test to wait for.
class Events {
 public:
  void add(std::string event) {
    const std::lock_guard lock(mutex_);
    events_.push_back(std::move(event));
    changed_.notify_all();
  }
  [[nodiscard]] bool wait_for(const std::string& event) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(10), [&] {
      return std::find(events_.begin(), events_.end(), event) != events_.end();
    });
  }
  [[nodiscard]] std::vector<std::string> all() {
    const std::lock_guard lock(mutex_);
    return events_;
  }
  [[nodiscard]] std::ptrdiff_t count(const std::string& event) {
    const std::lock_guard lock(mutex_);
    return std::count(events_.begin(), events_.end(), event);
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> events_;
};

class TestHandler;

// Echoes; on some messages does something else, from inside the callback.
class TestSocket final : public net::WebSocketHandler {
 public:
  TestSocket(TestHandler& owner) : owner_(owner) {}
  void attach(net::WebSocket& socket) { socket_ = &socket; }

  void on_text(std::string_view message) override;
  void on_binary(std::string_view message) override { socket_->send_binary(message); }
  void on_closed(uint16_t code) override;
  void on_drained() override;

 private:
  TestHandler& owner_;
  net::WebSocket* socket_ = nullptr;
};

class TestHandler final : public net::HttpHandler, public net::HttpExchangeListener {
 public:
  TestHandler(unsigned thread, EventLoop& loop, Events& events)
      : thread_(thread), loop_(loop), events_(events) {}
  ~TestHandler() override { events_.add("handler destroyed"); }

  void on_request(net::HttpExchange& exchange) override {
    const std::string path(exchange.request().path());
    if (path == "/hello") return answer(exchange, "hello");
    if (path == "/thread") return answer(exchange, std::to_string(thread_));
    if (path == "/peer") return answer(exchange, exchange.request().peer_address);
    if (path == "/big") return answer(exchange, std::string(4 << 20, 'x'));
    if (path.starts_with("/move/")) return move(exchange, path.substr(6));
    exchange.set_listener(this);
    if (path == "/echo") {
      exchange.read_body(100'000);
    } else if (path == "/late") {
      later([this, &exchange] { answer(exchange, "late"); });
    } else if (path == "/late-echo") {
      later([&exchange] { exchange.read_body(100'000); });
    } else if (path == "/never") {
      events_.add("waiting");
    } else if (path.starts_with("/stream/")) {
      stream(exchange, std::stoi(path.substr(8)));
    } else if (path == "/broken") {
      exchange.start_stream({});
      exchange.write_chunk("half");
      later([&exchange] { exchange.abort_stream(); });
    } else if (path == "/ws" || path == "/ws-deflate") {
      accept(exchange, path == "/ws-deflate");
    } else if (path == "/ws-late") {
      later([this, &exchange] { accept(exchange, false); });
    } else {
      net::HttpResponse response;
      response.status = 404;
      exchange.respond(std::move(response));
    }
  }

  void on_body(net::HttpExchange& exchange, std::string_view body) override {
    answer(exchange, std::string(body));
  }
  void on_body_too_large(net::HttpExchange& exchange) override {
    net::HttpResponse response;
    response.status = 413;
    exchange.respond(std::move(response));
  }
  void on_aborted(net::HttpExchange& exchange) override {
    streams_.erase(&exchange);
    events_.add("aborted");
  }
  void on_writable(net::HttpExchange& exchange) override {
    events_.add("writable");
    stream(exchange, streams_[&exchange]);
  }

  // Has something to do at every turn, until told otherwise.
  void fall_behind(base::Duration until) {
    if (loop_.busy_for() >= until && !std::exchange(told_behind_, true)) events_.add("behind");
    if (!calm_) later([this, until] { fall_behind(until); });
  }
  void calm_down() { calm_ = true; }

  // What is posted from a socket's callback runs within the same turn.
  void next_turn(Task task) {
    later([this, task = std::move(task)]() mutable { later(std::move(task)); });
  }
  void later(Task task) { ASSERT_TRUE(loop_.post(std::move(task))); }
  Events& events() { return events_; }
  void closed(TestSocket* socket) { sockets_.erase(socket); }
  [[nodiscard]] const std::map<TestSocket*, std::unique_ptr<TestSocket>>& sockets() const {
    return sockets_;
  }

  net::WebSocketOptions websocket_options;

 private:
  static void answer(net::HttpExchange& exchange, std::string body) {
    net::HttpResponse response;
    response.body = std::move(body);
    exchange.respond(std::move(response));
  }

  void move(net::HttpExchange& exchange, const std::string& to) {
    if (to == std::to_string(thread_)) return answer(exchange, to);
    exchange.transfer(static_cast<unsigned>(std::stoul(to)));
  }

  void stream(net::HttpExchange& exchange, int chunks) {
    if (!streams_.contains(&exchange)) exchange.start_stream({});
    streams_[&exchange] = 0;
    for (int i = 0; i < chunks; ++i) {
      if (exchange.write_chunk(std::string(65536, 'c'))) continue;
      streams_[&exchange] = chunks - i - 1;
      return;
    }
    streams_.erase(&exchange);
    exchange.end_stream();
  }

  void accept(net::HttpExchange& exchange, bool deflate) {
    const std::string_view error = net::websocket_handshake_error(exchange.request());
    if (!error.empty()) {
      net::HttpResponse response;
      response.status = 400;
      response.body = error;
      response.close = true;
      return exchange.respond(std::move(response));
    }
    auto socket = std::make_unique<TestSocket>(*this);
    net::WebSocketOptions options = websocket_options;
    options.deflate = deflate;
    options.deflate_threshold = 16;
    socket->attach(exchange.accept_websocket(*socket, options));
    TestSocket* key = socket.get();
    sockets_.emplace(key, std::move(socket));
  }

  unsigned thread_;
  EventLoop& loop_;
  Events& events_;
  std::map<net::HttpExchange*, int> streams_;
  std::map<TestSocket*, std::unique_ptr<TestSocket>> sockets_;
  bool calm_ = false;
  bool told_behind_ = false;
};

inline void TestSocket::on_text(std::string_view message) {
  if (message == "close") return socket_->close(net::websocket_close::kNormal, "asked to");
  if (message == "terminate") return socket_->terminate();
  if (message == "echo and terminate") {
    socket_->send_text(message);
    return socket_->terminate();
  }
  if (message.starts_with("large "))
    return socket_->send_text(std::string(std::stoul(std::string(message.substr(6))), 'l'));
  if (message.starts_with("flood ")) {
    const std::string piece(65536, 'f');
    for (int i = std::stoi(std::string(message.substr(6))); i > 0; --i) socket_->send_text(piece);
    return;
  }
  if (message == "fall behind") return owner_.fall_behind(base::Duration(450));
  if (message == "calm down") return owner_.calm_down();
  if (message.starts_with("to all: "))
    return socket_->send_frame(net::encode_frame(net::MessageKind::kText, {}, message.substr(8)));
  if (message == "backlog a turn later") {
    return owner_.next_turn([this] {
      owner_.events().add("a turn later " + std::to_string(socket_->backlog()) + " bytes wait");
    });
  }
  if (message == "want drained") {
    socket_->send_text(message);
    return socket_->want_drained();
  }
  if (message == "backlog") return socket_->send_text(std::to_string(socket_->backlog()));
  socket_->send_text(message);
}

inline void TestSocket::on_drained() { owner_.events().add("drained"); }

inline void TestSocket::on_closed(uint16_t code) {
  owner_.events().add("closed " + std::to_string(code));
  owner_.closed(this);  // destroys this
}

class TestServer {
 public:
  explicit TestServer(CoreOptions options = {.threads = 1},
                      std::optional<TlsFiles> tls = std::nullopt,
                      net::WebSocketOptions websocket = {})
      : threads_(std::move(options)) {
    const auto bound =
        threads_.listen({.address = {.host = "127.0.0.1", .port = 0}, .tls = std::move(tls)},
                        [this, websocket](unsigned thread, EventLoop& loop) {
                          auto handler = std::make_unique<TestHandler>(thread, loop, events_);
                          handler->websocket_options = websocket;
                          return handler;
                        });
    EXPECT_TRUE(bound) << bound.error().message;
    port_ = bound->port;
    threads_.start();
  }

  [[nodiscard]] uint16_t port() const { return port_; }
  CoreThreads& threads() { return threads_; }
  Events& events() { return events_; }

  // Waits until that many connections are open.
  [[nodiscard]] bool has_connections(std::size_t count) const {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (threads_.connection_count() != count) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      std::this_thread::yield();
    }
    return true;
  }

 private:
  Events events_;
  CoreThreads threads_;
  uint16_t port_ = 0;
};

}  // namespace runtime

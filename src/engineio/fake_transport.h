// Test support: the HTTP and WebSocket side of a server without sockets, a clock that only moves
// when told, and randomness from a seed. Also used by the fuzz targets. Nothing of it is linked
// into the product.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/random.h"
#include "base/time.h"
#include "net/http.h"
#include "net/websocket.h"

namespace engineio {

class SeededRandom final : public base::RandomSource {
 public:
  explicit SeededRandom(uint32_t seed = 1) : engine_(seed) {}
  void fill(std::span<uint8_t> out) override {
    for (uint8_t& byte : out) byte = static_cast<uint8_t>(engine_());
  }

 private:
  std::mt19937 engine_;
};

// The server's end of a WebSocket, and the peer's: what was sent, and how to send.
class FakeWebSocket final : public net::WebSocket {
 public:
  FakeWebSocket(net::WebSocketHandler& handler, net::WebSocketOptions options)
      : handler_(&handler), options_(options) {}
  ~FakeWebSocket() override {
    if (handler_ != nullptr) handler_->on_closed(net::websocket_close::kAbnormal);
  }
  FakeWebSocket(const FakeWebSocket&) = delete;
  FakeWebSocket& operator=(const FakeWebSocket&) = delete;

  // The server's side.
  void send_frame(const base::SharedBytes& frame) override {
    const std::string_view bytes = frame.view();
    const auto length = static_cast<uint8_t>(bytes[1]);
    const std::size_t head = length < 126 ? 2 : length == 126 ? 4 : 10;
    add((static_cast<uint8_t>(bytes[0]) & 0x0f) == 2, bytes.substr(head));
    ++frames_shared;
  }
  void send_text(std::string_view message) override { add(false, message); }
  void send_binary(std::string_view message) override { add(true, message); }
  void close(uint16_t code, std::string_view) override {
    if (!close_code) close_code = code;
  }
  void terminate() override {
    if (!close_code) close_code = net::websocket_close::kAbnormal;
  }
  [[nodiscard]] std::size_t backlog() const override { return backlog_; }
  void want_drained() override { drained_wanted = true; }
  [[nodiscard]] bool deflates() const override { return options_.deflate; }
  [[nodiscard]] std::size_t max_backlog() const { return options_.max_backlog; }

  // The peer's side. What it sends after the server has closed is dropped, as the codec does.
  void text(std::string_view message) {
    if (handler_ != nullptr && !close_code) handler_->on_text(message);
  }
  void binary(std::string_view message) {
    if (handler_ != nullptr && !close_code) handler_->on_binary(message);
  }
  void drain() {
    backlog_ = 0;
    if (handler_ != nullptr) handler_->on_drained();
  }
  // The connection ends; the same as what the loop does for a closed socket after a turn.
  void end(uint16_t code) {
    close_code = code;
    settle();
  }
  void settle() {
    if (close_code && handler_ != nullptr) std::exchange(handler_, nullptr)->on_closed(*close_code);
  }
  [[nodiscard]] const net::WebSocketOptions& options() const { return options_; }
  // Text as sent; binary with "<bin>" in front. Empties the list.
  std::vector<std::string> take() { return std::exchange(sent, {}); }

  std::vector<std::string> sent;
  std::optional<uint16_t> close_code;  // the server's
  bool stalled = false;                // the kernel takes nothing
  bool drained_wanted = false;
  std::size_t frames_shared = 0;

 private:
  void add(bool binary, std::string_view bytes) {
    if (close_code) return;
    sent.push_back((binary ? "<bin>" : "") + std::string(bytes));
    if (stalled) backlog_ += bytes.size();
  }

  net::WebSocketHandler* handler_;
  net::WebSocketOptions options_;
  std::size_t backlog_ = 0;
};

class FakeExchange final : public net::HttpExchange {
 public:
  explicit FakeExchange(net::HttpRequest request) : request_(std::move(request)) {}

  [[nodiscard]] const net::HttpRequest& request() const override { return request_; }
  void set_listener(net::HttpExchangeListener* listener) override { listener_ = listener; }
  void read_body(std::size_t limit) override {
    limit_ = limit;
    if (body_) deliver_body();
  }
  void respond(net::HttpResponse with) override {
    response = std::move(with);
    listener_ = nullptr;
  }
  void start_stream(net::HttpResponse) override {}
  bool write_chunk(std::string_view) override { return true; }
  void end_stream() override {}
  void abort_stream() override {}
  net::WebSocket& accept_websocket(net::WebSocketHandler& handler,
                                   const net::WebSocketOptions& options) override {
    websocket = std::make_unique<FakeWebSocket>(handler, options);
    return *websocket;
  }
  net::Tunnel& open_tunnel(net::TunnelHandler&, std::string_view) override {
    throw std::logic_error("an Engine.IO server opens no tunnels");
  }
  void transfer(unsigned thread) override { transferred = thread; }

  // The client's side.
  void send_body(std::string body) {
    body_ = std::move(body);
    if (limit_) deliver_body();
  }
  void abort() {
    if (net::HttpExchangeListener* listener = std::exchange(listener_, nullptr)) {
      listener->on_aborted(*this);
    }
  }
  [[nodiscard]] bool waits() const { return !response && !websocket && !transferred; }
  // The first header of that name, or nothing.
  [[nodiscard]] std::optional<std::string> header(std::string_view name) const {
    if (!response) return std::nullopt;
    for (const net::HttpHeader& header : response->headers) {
      if (header.name == name) return header.value;
    }
    return std::nullopt;
  }
  [[nodiscard]] int status() const { return response ? response->status : 0; }
  [[nodiscard]] std::string body() const { return response ? response->body : "<no answer>"; }

  std::optional<net::HttpResponse> response;
  std::unique_ptr<FakeWebSocket> websocket;
  std::optional<unsigned> transferred;

 private:
  void deliver_body() {
    net::HttpExchangeListener* listener = std::exchange(listener_, nullptr);
    if (listener == nullptr) return;
    if (body_->size() > *limit_) {
      listener->on_body_too_large(*this);
    } else {
      listener->on_body(*this, *body_);
    }
  }

  net::HttpRequest request_;
  net::HttpExchangeListener* listener_ = nullptr;
  std::optional<std::size_t> limit_;
  std::optional<std::string> body_;
};

// The loop and the clients around a server: any class with on_request(), advance() and flush().
template <class Server>
class FakeHost {
 public:
  explicit FakeHost(std::string path) : path_(std::move(path)) {}

  void attach(Server& server) { server_ = &server; }
  [[nodiscard]] base::SteadyTime now() const { return now_; }

  FakeExchange& send(net::HttpRequest request) {
    exchanges_.push_back(std::make_unique<FakeExchange>(std::move(request)));
    server_->on_request(*exchanges_.back());
    return *exchanges_.back();
  }
  [[nodiscard]] net::HttpRequest request(std::string method, std::string_view query) const {
    net::HttpRequest request;
    request.method = std::move(method);
    request.target = path_ + "?" + std::string(query);
    request.peer_address = "192.0.2.7";
    return request;
  }
  // Each of these is one turn of the loop.
  FakeExchange& get(std::string_view query) {
    FakeExchange& exchange = send(request("GET", query));
    turn();
    return exchange;
  }
  FakeExchange& post(std::string_view query, std::string body) {
    FakeExchange& exchange = send(request("POST", query));
    exchange.send_body(std::move(body));
    turn();
    return exchange;
  }
  static void make_upgrade(net::HttpRequest& request) {
    request.wants_upgrade = true;
    request.headers.push_back({"Connection", "Upgrade"});
    request.headers.push_back({"Upgrade", "websocket"});
    request.headers.push_back({"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="});
    request.headers.push_back({"Sec-WebSocket-Version", "13"});
  }
  FakeExchange& upgrade(std::string_view query) {
    net::HttpRequest wanted = request("GET", query);
    make_upgrade(wanted);
    FakeExchange& exchange = send(std::move(wanted));
    turn();
    return exchange;
  }

  // The end of a turn: output leaves, closed sockets are reported.
  void turn() {
    server_->flush();
    for (const auto& exchange : exchanges_) {
      if (exchange->websocket) exchange->websocket->settle();
    }
    server_->flush();
  }
  // Moves the clock without telling the server.
  void skip(base::Duration time) { now_ += time; }
  // Moves the clock by steps of a millisecond, or of `step`.
  void pass(base::Duration time, base::Duration step = base::Duration(1)) {
    const base::SteadyTime end = now_ + time;
    while (now_ < end) {
      now_ = std::min(now_ + step, end);
      server_->advance();
      turn();
    }
  }

 private:
  std::string path_;
  Server* server_ = nullptr;
  base::SteadyTime now_{base::Duration(1'000'000)};
  std::deque<std::unique_ptr<FakeExchange>> exchanges_;
};

}  // namespace engineio

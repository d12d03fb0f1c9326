// Test support: an exchange without a connection, and the peer at its other end. It is as strict as
// net/http.h words the interface: what may not be called any more fails the test.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/http.h"

namespace admin {

class FakeExchange final : public net::HttpExchange {
 public:
  FakeExchange(std::string method, std::string target, std::vector<net::HttpHeader> headers) {
    request_.method = std::move(method);
    request_.target = std::move(target);
    request_.headers = std::move(headers);
  }
  ~FakeExchange() override { go_away(); }
  FakeExchange(const FakeExchange&) = delete;
  FakeExchange& operator=(const FakeExchange&) = delete;

  // --- The server's side

  [[nodiscard]] const net::HttpRequest& request() const override {
    EXPECT_FALSE(over_) << "the request of an exchange that is over";
    return request_;
  }
  void set_listener(net::HttpExchangeListener* listener) override { listener_ = listener; }
  void read_body(std::size_t limit) override {
    EXPECT_TRUE(!over_ && listener_ != nullptr && !limit_);
    limit_ = limit;
  }
  void respond(net::HttpResponse with) override {
    EXPECT_TRUE(!over_ && !response);
    response = std::move(with);
    over_ = true;
  }
  void start_stream(net::HttpResponse head) override {
    EXPECT_TRUE(!over_ && !response);
    response = std::move(head);
    streaming_ = true;
  }
  bool write_chunk(std::string_view bytes) override {
    EXPECT_TRUE(!over_ && streaming_ && !blocked_) << "written to what is full or over";
    response->body += bytes;
    backlog_ += bytes.size();
    ++chunks;
    blocked_ = backlog_ > high_mark;
    return !blocked_;
  }
  void end_stream() override {
    EXPECT_TRUE(!over_ && streaming_);
    over_ = ended = true;
  }
  void abort_stream() override {
    EXPECT_TRUE(!over_ && streaming_);
    cut = true;
  }
  net::WebSocket& accept_websocket(net::WebSocketHandler&, const net::WebSocketOptions&) override {
    throw std::logic_error("the operators' interface has no WebSockets");
  }
  net::Tunnel& open_tunnel(net::TunnelHandler&, std::string_view) override {
    throw std::logic_error("the operators' interface opens no tunnels");
  }
  void transfer(unsigned) override { ADD_FAILURE() << "moved"; }

  // --- The peer's side. Callbacks come from here, as they come from the loop.

  // A piece of the body. The whole is delivered by end_body(); one beyond the limit at once.
  void send(std::string_view piece) {
    body_ += piece;
    announce(body_.size());
  }
  // As the head of a request does: so large is the body going to be.
  void announce(std::size_t size) {
    if (over_ || !limit_ || refused_ || size <= *limit_) return;
    refused_ = true;
    listener_->on_body_too_large(*this);
  }
  void end_body() {
    if (!over_ && limit_ && !refused_ && !std::exchange(delivered_, true))
      listener_->on_body(*this, body_);
  }
  // Takes everything that waits.
  void drain() {
    backlog_ = 0;
    if (std::exchange(blocked_, false) && !over_) listener_->on_writable(*this);
  }
  void go_away() {
    if (std::exchange(over_, true) || listener_ == nullptr) return;
    listener_->on_aborted(*this);
  }

  // There is nothing more to come: answered, a stream that has ended or was cut, or gone away.
  [[nodiscard]] bool over() const { return over_ || cut; }
  [[nodiscard]] bool wants_body() const { return limit_ && !over_ && !delivered_; }
  [[nodiscard]] int status() const { return response ? response->status : 0; }
  [[nodiscard]] std::string body() const { return response ? response->body : "<no answer>"; }
  [[nodiscard]] std::string header(std::string_view name) const {
    if (!response) return "<no answer>";
    for (const net::HttpHeader& header : response->headers)
      if (header.name == name) return header.value;
    return "<absent>";
  }

  std::size_t high_mark = 1U << 30;
  std::optional<net::HttpResponse> response;  // of a stream too: its head, and what was written
  std::size_t chunks = 0;
  bool ended = false;
  bool cut = false;

 private:
  net::HttpRequest request_;
  net::HttpExchangeListener* listener_ = nullptr;
  std::string body_;
  std::optional<std::size_t> limit_;
  std::size_t backlog_ = 0;
  bool streaming_ = false;
  bool blocked_ = false;
  bool refused_ = false;
  bool delivered_ = false;
  bool over_ = false;
};

}  // namespace admin

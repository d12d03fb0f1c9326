#include "relay/passage.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "net/http_response.h"
#include "relay/mark.h"

namespace relay {
namespace {

// An answer up to this size is passed on whole, with its length; a larger one in pieces.
constexpr std::size_t kWhole = std::size_t{64} * 1024;
constexpr std::size_t kTooLarge = std::size_t{1} << 40;
// What may wait for either side of a tunnel to take it, beside one read.
constexpr std::size_t kMaxWaiting = std::size_t{128} * 1024;

}  // namespace

Passage::Passage(Relay& relay, net::HttpExchange& exchange, Peer peer, unsigned lane)
    : relay_(relay),
      exchange_(&exchange),
      peer_(std::move(peer)),
      lane_(lane),
      method_(exchange.request().method),
      upgrade_(asks_for_websocket(exchange.request())) {}

void Passage::start() {
  exchange_->set_listener(this);
  exchange_->read_body(relay_.options_.max_body);
}

// -- The request

void Passage::on_body(net::HttpExchange& exchange, std::string_view body) {
  const std::string mark = make_mark(exchange.request(), peer_.secret, relay_.loop_.now().wall);
  ask(request_head(exchange.request(), mark, body.size()), body);
}

// The peer refuses it as it would have done, on hearing of a size that no node takes.
void Passage::on_body_too_large(net::HttpExchange& exchange) {
  const std::string mark = make_mark(exchange.request(), peer_.secret, relay_.loop_.now().wall);
  ask(request_head(exchange.request(), mark, kTooLarge), {});
}

void Passage::ask(std::string head, std::string_view body) {
  request_ = std::move(head);
  request_ += body;
  state_ = State::kAsking;
  stream_ = relay_.take_idle(peer_, lane_);
  if (stream_ == nullptr) return ask_anew();
  reused_ = true;
  stream_->set_user(this);
  stream_->set_deadline(relay_.options_.answer_within);
  stream_->send(request_);
}

void Passage::ask_anew() {
  reused_ = false;
  stream_ = relay_.connect(peer_, lane_, *this);
  if (stream_ == nullptr) return fail(Failure::kBusy);
  stream_->send(request_);
}

void Passage::on_aborted(net::HttpExchange&) {
  exchange_ = nullptr;
  end();
}

// -- The answer

void Passage::on_stream_bytes(std::string_view bytes) {
  request_ = {};
  if (state_ == State::kTunnel) return to_client(bytes);
  if (state_ == State::kAnswering) {
    stream_->set_deadline(relay_.options_.answer_within);
    return take_body(bytes);
  }
  received_ += bytes;
  while (state_ == State::kAsking && take_head()) {
  }
}

bool Passage::take_head() {
  const std::size_t end = received_.find("\r\n\r\n");
  if (end == std::string::npos) {
    if (received_.size() > kMaxResponseHead) fail(Failure::kUnreachable);
    return false;
  }
  const std::string rest = received_.substr(end + 4);
  auto head = parse_response_head(std::string_view(received_).substr(0, end + 2), method_);
  const bool switches = head && head->status == 101;
  if (!head || (switches && !upgrade_)) {
    fail(Failure::kUnreachable);
    return false;
  }
  head_ = *std::move(head);
  if (switches) {
    open_tunnel(rest);
    return false;
  }
  received_ = rest;
  if (head_.status < 200) return true;  // another head follows
  state_ = State::kAnswering;
  missing_ = head_.body_size;
  const std::string body = std::exchange(received_, {});
  take_body(body);
  return false;
}

void Passage::take_body(std::string_view bytes) {
  const std::string_view mine = bytes.substr(0, missing_);
  missing_ -= mine.size();
  if (!streaming_ && head_.body_size > kWhole) {
    streaming_ = true;
    exchange_->start_stream({head_.status, head_.headers, {}, false});
  }
  if (!streaming_) {
    received_ += mine;
  } else if (!exchange_->write_chunk(mine)) {
    stream_->hold_input(true);
  }
  if (missing_ == 0) answered(bytes.substr(mine.size()));
}

void Passage::on_writable(net::HttpExchange&) {
  if (stream_ != nullptr) stream_->hold_input(false);
}

void Passage::answered(std::string_view surplus) {
  net::HttpExchange& exchange = *std::exchange(exchange_, nullptr);
  if (streaming_) {
    exchange.end_stream();
  } else {
    // Whoever is refused an upgrade does not go on with the connection.
    exchange.respond({head_.status, std::move(head_.headers), std::move(received_), upgrade_});
  }
  if (head_.keep_alive && surplus.empty()) {
    stream_->hold_input(false);
    relay_.keep(std::exchange(stream_, nullptr));
  }
  end();
}

// -- The tunnel

void Passage::open_tunnel(std::string_view bytes) {
  std::string head = fmt::format("HTTP/1.1 101 {}\r\n", net::status_reason(101));
  for (const net::HttpHeader& header : head_.headers)
    fmt::format_to(std::back_inserter(head), "{}: {}\r\n", header.name, header.value);
  head += "\r\n";
  state_ = State::kTunnel;
  received_ = {};
  base::TimerWheel::cancel(*stream_);
  tunnel_ = &std::exchange(exchange_, nullptr)->open_tunnel(*this, head);
  to_client(bytes);
}

void Passage::to_client(std::string_view bytes) {
  if (bytes.empty()) return;
  tunnel_->send(bytes);
  if (tunnel_->backlog() <= kMaxWaiting) return;
  stream_->hold_input(true);
  tunnel_->want_drained();
}

void Passage::on_tunnel_drained() { stream_->hold_input(false); }

void Passage::on_tunnel_bytes(std::string_view bytes) {
  if (state_ != State::kTunnel) return;
  stream_->send(bytes);
  if (stream_->backlog() > kMaxWaiting) tunnel_->hold_input(true);
}

void Passage::on_stream_drained() {
  if (tunnel_ != nullptr) tunnel_->hold_input(false);
}

void Passage::on_tunnel_closed() {
  tunnel_ = nullptr;
  if (stream_ != nullptr) std::exchange(stream_, nullptr)->finish();
  end();
}

// -- Ends

void Passage::on_stream_timeout() { fail(Failure::kSilent); }

void Passage::on_stream_closed(StreamEnd why) {
  stream_ = nullptr;
  // The peer closed a connection that was idle for long, while this request was on its way.
  if (state_ == State::kAsking && reused_ && !request_.empty()) return ask_anew();
  fail(why == StreamEnd::kUnreachable ? Failure::kUnreachable : Failure::kGone);
}

void Passage::fail(Failure failure) {
  if (exchange_ != nullptr && streaming_) return exchange_->abort_stream();  // on_aborted() follows
  if (exchange_ != nullptr) relay_.refuse_(*std::exchange(exchange_, nullptr), failure);
  end();
}

void Passage::end() {
  if (state_ == State::kOver) return;
  state_ = State::kOver;
  if (stream_ != nullptr) std::exchange(stream_, nullptr)->cut();
  if (tunnel_ != nullptr) std::exchange(tunnel_, nullptr)->finish();
  relay_.over(*this);
}

}  // namespace relay

#include "engineio/polling.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/text.h"
#include "engineio/compression.h"
#include "engineio/server_impl.h"
#include "engineio/utf8.h"

namespace engineio {

Polling::~Polling() {
  if (probe_ != nullptr) probe_->forget_session();
}

void Polling::on_get(net::HttpExchange& exchange) {
  if (get_ != nullptr) {
    overlap(exchange);
    return;
  }
  get_ = &exchange;
  exchange.set_listener(this);
  mark_dirty();
}

void Polling::on_post(net::HttpExchange& exchange) {
  Server::Impl& server = *session_.server_.impl_;
  if (post_ != nullptr) {
    overlap(exchange);
    return;
  }
  // Binary bodies are of protocol version 3.
  if (base::iequals(exchange.request().header("Content-Type"), "application/octet-stream")) {
    server.respond_empty(exchange, 400);
    session_.end(CloseReason::kTransportError, Session::Farewell::kClosePacket);
    return;
  }
  post_ = &exchange;
  exchange.set_listener(this);
  exchange.read_body(server.options.max_payload);
}

// Polling, protocol text: one active GET and one active POST. More ends the session.
void Polling::overlap(net::HttpExchange& exchange) {
  session_.server_.impl_->respond_empty(exchange, 400);
  session_.end(CloseReason::kTransportError, Session::Farewell::kClosePacket);
}

void Polling::queue(OutgoingPacket packet) {
  if (!room_for(packet.cost())) return;
  bytes_ += packet.cost();
  buffer_.push_back(std::move(packet));
  if (get_ != nullptr) {
    mark_dirty();
  } else {
    behind_ = true;
  }
}

bool Polling::room_for(std::size_t cost) {
  if (overflowed_) return false;
  Server::Impl& server = *session_.server_.impl_;
  const std::size_t limit = server.options.max_buffered;
  if (bytes_ == 0) oversized_ = 0;
  // One packet beyond the limit always has room, or a large one could never be sent: beside what
  // waits before it, and leaving as much room as ever for what follows.
  if (cost > limit && oversized_ == 0) {
    oversized_ = cost;
    return true;
  }
  if (bytes_ + cost <= limit + oversized_) return true;
  overflowed_ = true;
  server.overflowed.push_back(&session_);
  return false;
}

void Polling::mark_dirty() {
  if (dirty_) return;
  dirty_ = true;
  session_.server_.impl_->dirty.push_back(&session_);
}

void Polling::flush() {
  dirty_ = false;
  if (get_ == nullptr) return;
  const bool closing = session_.state_ == Session::State::kClosing;
  if (buffer_.empty()) {
    if (closing) {
      end_requests("1");
      session_.finish();
    } else if (probed_) {
      respond_get("6", false);
    }
    return;
  }
  bool compressible = false;
  std::string payload = take_payload(compressible);
  respond_get(std::move(payload), compressible);
  if (buffer_.empty() && std::exchange(behind_, false) && !closing) {
    session_.server_.impl_->handler.on_drained(session_);
  }
}

std::string Polling::take_payload(bool& compressible) {
  std::string payload;
  const std::size_t count = std::min(buffer_.size() - taken_, kMaxPacketsPerPayload);
  for (std::size_t i = 0; i < count; ++i, ++taken_) {
    OutgoingPacket& packet = buffer_[taken_];
    if (i > 0) payload += kSeparator;
    append_to_payload(payload, packet);
    compressible |= packet.compressible;
    bytes_ -= packet.cost();
    packet = OutgoingPacket();
  }
  // Erased only once it is half the buffer, or a long one would be moved for every few packets.
  if (taken_ == buffer_.size()) {
    buffer_ = {};
    taken_ = 0;
  } else if (taken_ > buffer_.size() / 2) {
    buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(taken_));
    taken_ = 0;
  }
  return payload;
}

void Polling::respond_get(std::string payload, bool compressible) {
  Server::Impl& server = *session_.server_.impl_;
  net::HttpExchange& exchange = *std::exchange(get_, nullptr);
  net::HttpResponse response;
  response.headers = {{"Content-Type", "text/plain; charset=UTF-8"}, {"Cache-Control", "no-store"}};
  response.body = std::move(payload);
  if (compressible && response.body.size() >= server.options.compression_threshold) {
    compress_body(choose_coding(exchange.request().header("Accept-Encoding")), response);
  }
  server.respond(exchange, std::move(response));
}

void Polling::end_requests(std::string_view packet) {
  drop_probe();
  if (post_ != nullptr) {
    session_.server_.impl_->respond_empty(*std::exchange(post_, nullptr), 400);
  }
  if (get_ != nullptr) respond_get(std::string(packet), false);
}

void Polling::announce_close() {
  drop_probe();
  if (get_ != nullptr) mark_dirty();
}

void Polling::start_probe(WebSocketLink& link) {
  Server::Impl& server = *session_.server_.impl_;
  probe_ = &link;
  server.upgrade_deadlines.arm(*this, server.clock() + server.options.upgrade_timeout);
}

void Polling::probe_answered() {
  probed_ = true;
  mark_dirty();  // a GET that waits is ended now
}

void Polling::probe_lost() {
  Deadlines::cancel(*this);
  probe_ = nullptr;
  probed_ = false;
}

void Polling::drop_probe() {
  if (probe_ == nullptr) return;
  WebSocketLink& link = *probe_;
  probe_lost();
  link.close();
}

void Polling::on_upgrade_timeout(base::TimerNode& node) {
  static_cast<Polling&>(node).drop_probe();
}

std::vector<OutgoingPacket> Polling::finish_upgrade() {
  probe_lost();
  if (get_ != nullptr) respond_get("6", false);
  bytes_ = 0;
  buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(taken_));
  return std::move(buffer_);
}

void Polling::on_body(net::HttpExchange& exchange, std::string_view body) {
  post_ = nullptr;
  const bool sound = is_utf8(body) && deliver(body);
  Server::Impl& server = *session_.server_.impl_;
  if (sound) {
    net::HttpResponse response;
    response.headers = {{"Content-Type", "text/html"}};
    response.body = "ok";
    server.respond(exchange, std::move(response));
  } else {
    server.respond_empty(exchange, 400);
    session_.end(CloseReason::kParseError, Session::Farewell::kClosePacket);
  }
  retire_if_upgraded();
}

bool Polling::deliver(std::string_view body) {
  PayloadReader reader(body);
  while (reader.more() && session_.state_ != Session::State::kClosed) {
    const std::optional<Packet> packet = reader.next();
    if (!packet) return !session_.open();
    session_.on_packet(*packet);
  }
  return true;
}

void Polling::on_body_too_large(net::HttpExchange& exchange) {
  post_ = nullptr;
  session_.server_.impl_->respond_empty(exchange, 413);
  retire_if_upgraded();
}

void Polling::on_aborted(net::HttpExchange& exchange) {
  (&exchange == get_ ? get_ : post_) = nullptr;
  if (session_.over_websocket()) {
    retire_if_upgraded();
  } else {
    session_.end(CloseReason::kTransportError, Session::Farewell::kClosePacket);
  }
}

// A POST that was under way during the upgrade is the last thing that this transport does.
void Polling::retire_if_upgraded() {
  if (!session_.over_websocket()) return;
  session_.server_.impl_->retired.push_back(std::move(session_.polling_));
}

}  // namespace engineio

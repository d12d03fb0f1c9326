#include "engineio/session.h"

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "engineio/server_impl.h"

namespace engineio {
namespace {

// A turn of the loop that came later than this lets the client have its whole time to answer.
constexpr base::Duration kPunctual(5);
// Pings so rare are spread over half their interval, or a mass of clients that came back together
// would be pinged together ever after.
constexpr base::Duration kJitteredInterval(5'000);
// A socket that is behind by less still counts as writable: the output of the present turn is in
// it.
constexpr std::size_t kWritableBacklog = 16U << 10;

}  // namespace

Session::Session(Server& server, const Sid& sid, std::unique_ptr<Handshake> handshake)
    : server_(server), handshake_(std::move(handshake)), sid_(sid) {}

Session::~Session() {
  if (link_ != nullptr) link_->forget_session();
}

void Session::send_text(std::string_view text, Compression compression) {
  if (state_ != State::kOpen) return;
  std::string& packet = server_.impl_->scratch;
  packet.assign(1, '4');
  packet += text;
  if (link_ != nullptr) {
    link_->socket().send_text(packet);
  } else {
    polling_->queue(
        {OutgoingPacket::Kind::kText, compression == Compression::kAllowed, packet, {}});
  }
}

void Session::send_binary(std::string_view bytes, Compression compression) {
  if (state_ != State::kOpen) return;
  if (link_ != nullptr) {
    link_->socket().send_binary(bytes);
  } else {
    polling_->queue({OutgoingPacket::Kind::kBinary,
                     compression == Compression::kAllowed,
                     std::string(bytes),
                     {}});
  }
}

void Session::send(const PreparedMessage& message) {
  if (message.empty() || state_ != State::kOpen) return;
  if (link_ != nullptr) {
    send_prepared(message);
  } else {
    polling_->queue({OutgoingPacket::Kind::kPrepared, true, {}, message});
  }
}

void Session::send_all(std::span<Session* const> sessions, const PreparedMessage& message) {
  constexpr std::size_t kAtOnce = 64;
  std::array<WebSocketLink*, kAtOnce> links;
  while (!sessions.empty()) {
    const std::span<Session* const> some = sessions.first(std::min(sessions.size(), kAtOnce));
    sessions = sessions.subspan(some.size());
    for (std::size_t i = 0; i < some.size(); ++i) links[i] = some[i]->link_;
    for (std::size_t i = 0; i < some.size(); ++i)
      if (links[i] != nullptr) __builtin_prefetch(&links[i]->socket());
    for (std::size_t i = 0; i < some.size(); ++i)
      if (links[i] != nullptr) links[i]->socket().prefetch();
    for (Session* session : some) session->send(message);
  }
}

void Session::send_prepared(const PreparedMessage& message) {
  net::WebSocket& socket = link_->socket();
  if (!socket.deflates()) {
    socket.send_frame(message.frame());
  } else if (message.is_binary()) {
    socket.send_binary(message.payload());
  } else {
    socket.send_text(message.payload());
  }
}

void Session::close(CloseReason reason) { end(reason, Farewell::kAfterBuffer); }

std::size_t Session::backlog() const {
  if (link_ != nullptr) return link_->socket().backlog();
  return polling_ != nullptr ? polling_->buffered() : 0;
}

bool Session::writable() const {
  if (state_ != State::kOpen) return false;
  if (link_ != nullptr) return link_->socket().backlog() < kWritableBacklog;
  return polling_->writable();
}

void Session::want_drained() {
  if (link_ != nullptr) {
    link_->socket().want_drained();
  } else if (polling_ != nullptr) {
    polling_->want_drained();
  }
}

void Session::on_packet(const Packet& packet) {
  if (state_ == State::kClosing && packet.type == PacketType::kClose) {
    // The client closes too, and will not come for the close packet.
    end_transports(Farewell::kNoop);
    finish();
  }
  if (state_ != State::kOpen) return;
  SessionHandler& handler = server_.impl_->handler;
  mark_heard();
  switch (packet.type) {
    case PacketType::kMessage:
      if (packet.binary) {
        handler.on_binary(*this, packet.data);
      } else {
        handler.on_text(*this, packet.data);
      }
      break;
    case PacketType::kPong: on_pong(); break;
    // In version 4 only the server pings.
    case PacketType::kPing: end(CloseReason::kTransportError, Farewell::kClosePacket); break;
    case PacketType::kClose: end(CloseReason::kTransportClose, Farewell::kNoop); break;
    case PacketType::kOpen:
    case PacketType::kUpgrade:
    case PacketType::kNoop: break;
  }
  if (state_ == State::kOpen) handler.on_heard(*this);
}

void Session::mark_heard() {
  if (std::exchange(counted_silent_, false)) --server_.impl_->silent;
}

// Only the answer to a ping feeds the timer.
void Session::on_pong() {
  if (!std::exchange(awaiting_pong_, false)) return;
  Server::Impl& server = *server_.impl_;
  server.session_deadlines.arm(*this, server.clock() + server.options.ping_interval);
}

void Session::start_heartbeat() {
  Server::Impl& server = *server_.impl_;
  base::Duration interval = server.options.ping_interval;
  if (interval >= kJitteredInterval) {
    std::array<uint8_t, 2> random{};
    server.random.fill(random);
    const int share = random[0] << 8 | random[1];
    interval -= interval / 2 * share / 0x10000;
  }
  server.session_deadlines.arm(*this, server.clock() + interval);
}

void Session::on_timer(base::SteadyTime now) {
  if (state_ == State::kClosing) {
    polling_->end_requests("1");
    finish();
    return;
  }
  if (awaiting_pong_) {
    end(CloseReason::kPingTimeout, Farewell::kClosePacket);
    return;
  }
  awaiting_pong_ = true;
  const base::SteadyTime sent = now - deadline() <= kPunctual ? deadline() : now;
  server_.impl_->session_deadlines.arm(*this, sent + server_.impl_->options.ping_timeout);
  if (link_ != nullptr) {
    link_->socket().send_text("2");
  } else {
    polling_->queue({OutgoingPacket::Kind::kText, false, "2", {}});
  }
}

void Session::take_over(WebSocketLink& link) {
  mark_heard();
  const bool behind = polling_->behind();
  std::vector<OutgoingPacket> waiting = polling_->finish_upgrade();
  link_ = &link;
  for (const OutgoingPacket& packet : waiting) {
    switch (packet.kind) {
      case OutgoingPacket::Kind::kText: link.socket().send_text(packet.bytes); break;
      case OutgoingPacket::Kind::kBinary: link.socket().send_binary(packet.bytes); break;
      case OutgoingPacket::Kind::kPrepared: send_prepared(packet.prepared); break;
    }
  }
  if (behind) link.socket().want_drained();
  if (!polling_->post_pending()) server_.impl_->retired.push_back(std::move(polling_));
  // A ping may have been lost with the old transport; the client gets a whole new interval.
  if (std::exchange(awaiting_pong_, false)) {
    Server::Impl& server = *server_.impl_;
    server.session_deadlines.arm(*this, server.clock() + server.options.ping_interval);
  }
}

void Session::end(CloseReason reason, Farewell farewell) {
  if (state_ != State::kOpen) return;
  Server::Impl& server = *server_.impl_;
  mark_heard();
  state_ = State::kClosing;
  Deadlines::cancel(*this);
  const bool wait_for_get =
      farewell == Farewell::kAfterBuffer && link_ == nullptr && polling_ != nullptr;
  if (wait_for_get) {
    polling_->announce_close();
    server.session_deadlines.arm(*this, server.clock() + server.options.close_timeout);
  } else {
    end_transports(farewell);
    finish();
  }
  server.handler.on_closed(*this, reason);
}

void Session::end_transports(Farewell farewell) {
  if (polling_ != nullptr) polling_->end_requests(farewell == Farewell::kNoop ? "6" : "1");
  if (WebSocketLink* link = std::exchange(link_, nullptr); link != nullptr) link->close();
}

void Session::finish() {
  if (state_ == State::kClosed) return;
  state_ = State::kClosed;
  Deadlines::cancel(*this);
  server_.impl_->bury(*this);
}

}  // namespace engineio

#include "socketio/socket.h"

#include <algorithm>
#include <array>
#include <utility>

#include "socketio/payload.h"
#include "socketio/server_impl.h"

namespace socketio {

std::string_view disconnect_reason_text(DisconnectReason reason) {
  switch (reason) {
    case DisconnectReason::kClientDisconnect: return "client namespace disconnect";
    case DisconnectReason::kServerDisconnect: return "server namespace disconnect";
    case DisconnectReason::kServerShuttingDown: return "server shutting down";
    case DisconnectReason::kForcedServerClose: return "forced server close";
    case DisconnectReason::kPingTimeout: return "ping timeout";
    case DisconnectReason::kTransportClose: return "transport close";
    case DisconnectReason::kTransportError: return "transport error";
    case DisconnectReason::kParseError: return "parse error";
    case DisconnectReason::kForcedClose: return "forced close";
  }
  return "";
}

Socket::Socket(Namespace& nsp, Connection& connection, std::string_view id)
    : nsp_(nsp), connection_(connection) {
  std::copy(id.begin(), id.end(), id_.begin());
}

Socket::~Socket() = default;

engineio::Session& Socket::session() const { return connection_.session(); }

void Socket::send(const engineio::PreparedMessage& message) {
  if (state_ == State::kConnected) session().send(message);
}

void Socket::send_all(std::span<Socket* const> sockets, const engineio::PreparedMessage& message) {
  constexpr std::size_t kAtOnce = 64;
  std::array<engineio::Session*, kAtOnce> sessions;
  while (!sockets.empty()) {
    const std::span<Socket* const> some = sockets.first(std::min(sockets.size(), kAtOnce));
    sockets = sockets.subspan(some.size());
    std::size_t connected = 0;
    for (const Socket* socket : some)
      if (socket->state_ == State::kConnected) sessions[connected++] = &socket->session();
    engineio::Session::send_all(std::span(sessions).first(connected), message);
  }
}

void Socket::send_packet(std::string_view packet, Attachments attachments) {
  if (state_ != State::kConnected) return;
  engineio::Session& to = session();
  to.send_text(packet);
  for (const std::string& attachment : attachments) to.send_binary(attachment);
}

void Socket::emit(std::string_view name, std::string_view args_json, Attachments attachments,
                  Volatile droppable) {
  if (droppable == Volatile::kYes && !writable()) return;
  send_packet(encode_event(nsp_.name(), name, args_json, std::nullopt, attachments.size()),
              attachments);
}

void Socket::emit(std::string_view name, const boost::json::array& args, Attachments attachments,
                  Volatile droppable) {
  if (droppable == Volatile::kYes && !writable()) return;
  std::string json;
  append_json_elements(json, args);
  emit(name, json, attachments);
}

void Socket::emit_with_ack(std::string_view name, std::string_view args_json,
                           base::Duration timeout, AckCallback callback, Attachments attachments) {
  if (state_ != State::kConnected) {
    callback(AckAnswer{AckAnswer::Outcome::kDisconnected, nullptr, {}});
    return;
  }
  Namespace::Impl& nsp = *nsp_.impl_;
  const uint64_t id = nsp.next_ack++;
  if (acks_ == nullptr) acks_ = std::make_unique<PendingAcks>();
  acks_->add(id, std::move(callback), nsp.server.deadlines, nsp.server.clock() + timeout);
  send_packet(encode_event(nsp.name, name, args_json, id, attachments.size()), attachments);
}

void Socket::ack(uint64_t id, std::string_view args_json, Attachments attachments) {
  send_packet(encode_ack(nsp_.name(), id, args_json, attachments.size()), attachments);
}

void Socket::ack(uint64_t id, const boost::json::array& args, Attachments attachments) {
  std::string json;
  append_json_elements(json, args);
  ack(id, json, attachments);
}

void Socket::disconnect(Scope scope) {
  if (state_ != State::kConnected) return;
  if (scope == Scope::kConnection) {
    connection_.disconnect_all();
    return;
  }
  std::string packet;
  append_packet_head(packet, PacketType::kDisconnect, nsp_.name());
  send_packet(packet);
  connection_.remove_socket(*this, DisconnectReason::kServerDisconnect);
}

void Socket::close_transport() {
  if (state_ == State::kConnected) connection_.close(DisconnectReason::kServerShuttingDown);
}

std::size_t Socket::backlog() const { return session().backlog(); }

bool Socket::writable() const { return state_ == State::kConnected && session().writable(); }

void Socket::join(std::string_view room) {
  if (state_ == State::kConnected) nsp_.impl_->join(*this, room);
}

void Socket::leave(std::string_view room) { nsp_.impl_->leave(*this, room); }

bool Socket::in(std::string_view room) const {
  if (room == id()) return state_ != State::kGone;
  return std::any_of(rooms_.begin(), rooms_.end(),
                     [room](const Membership& m) { return m.room->name == room; });
}

std::vector<std::string_view> Socket::rooms() const {
  std::vector<std::string_view> names;
  if (state_ == State::kGone) return names;
  names.push_back(id());
  for (const Membership& membership : rooms_) names.push_back(membership.room->name);
  return names;
}

}  // namespace socketio

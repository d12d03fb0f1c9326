#include "engineio/websocket_link.h"

#include <optional>
#include <string>
#include <utility>

#include "engineio/server_impl.h"

namespace engineio {
namespace {

CloseReason reason_of(uint16_t code) {
  switch (code) {
    case net::websocket_close::kProtocolError:
    case net::websocket_close::kUnsupportedData:
    case net::websocket_close::kInvalidPayload:
    case net::websocket_close::kPolicyViolation:
    case net::websocket_close::kTooBig: return CloseReason::kTransportError;
    default: return CloseReason::kTransportClose;
  }
}

}  // namespace

void WebSocketLink::close() {
  session_ = nullptr;
  socket_->close(net::websocket_close::kNormal, {});
}

bool WebSocketLink::carries_session() const {
  return session_ != nullptr && session_->link_ == this;
}

void WebSocketLink::on_text(std::string_view message) {
  if (session_ == nullptr) return;
  if (!carries_session()) {
    on_probe_message(message);
    return;
  }
  std::string decoded;
  const std::optional<Packet> packet = decode_packet(message, decoded);
  if (packet) {
    session_->on_packet(*packet);
  } else {
    session_->end(CloseReason::kParseError, Session::Farewell::kClosePacket);
  }
}

void WebSocketLink::on_binary(std::string_view message) {
  if (session_ == nullptr) return;
  if (carries_session()) {
    session_->on_packet(Packet{PacketType::kMessage, true, message});
  } else {
    session_->polling_->drop_probe();
  }
}

// Upgrade, protocol text: `2probe`, answered with `3probe`, then `5`.
void WebSocketLink::on_probe_message(std::string_view message) {
  Polling& polling = *session_->polling_;
  if (!polling.probed() && message == "2probe") {
    socket_->send_text("3probe");
    polling.probe_answered();
  } else if (polling.probed() && message == "5") {
    session_->take_over(*this);
  } else {
    polling.drop_probe();
  }
}

void WebSocketLink::on_closed(uint16_t code) {
  Session* session = std::exchange(session_, nullptr);
  if (session != nullptr && session->link_ == this) {
    session->link_ = nullptr;
    session->end(reason_of(code), Session::Farewell::kNone);
  } else if (session != nullptr) {
    session->polling_->probe_lost();
  }
  delete this;
}

void WebSocketLink::on_drained() {
  if (carries_session()) session_->server_.impl_->handler.on_drained(*session_);
}

}  // namespace engineio

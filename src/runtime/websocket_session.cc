#include "runtime/websocket_session.h"

#include <algorithm>
#include <string>
#include <utility>

#include "runtime/connection_set.h"

namespace runtime {

using Kind = net::WebSocketEvent::Kind;

WebSocketSession::WebSocketSession(Connection& connection, net::WebSocketHandler& handler,
                                   const net::WebSocketOptions& options)
    : connection_(connection), handler_(handler), options_(options) {}

void WebSocketSession::enable_deflate(const net::DeflateParameters& parameters) {
  decoder_.enable_deflate(parameters);
}

void WebSocketSession::on_input(std::span<char> bytes) {
  while (state_ == State::kOpen || state_ == State::kClosing) {
    const net::WebSocketEvent event = decoder_.next(bytes, options_.max_message);
    if (event.kind == Kind::kNeedMore || !handle(event)) return;
  }
}

// False: the last event.
bool WebSocketSession::handle(const net::WebSocketEvent& event) {
  const bool open = state_ == State::kOpen;
  switch (event.kind) {
    case Kind::kNeedMore: break;
    case Kind::kPong: return true;
    case Kind::kText:
      if (open) handler_.on_text(event.payload);
      return true;
    case Kind::kBinary:
      if (open) handler_.on_binary(event.payload);
      return true;
    case Kind::kPing:
      if (open) send_limited(net::make_frame(net::Opcode::kPong, event.payload));
      return true;
    case Kind::kClose:
      if (open) connection_.send(net::make_close_frame(event.code, {}));
      end(open ? event.code : close_code_);
      return false;
    case Kind::kError:
      if (open) connection_.send(net::make_close_frame(event.code, event.payload));
      end(open ? event.code : close_code_);
      return false;
  }
  return false;
}

void WebSocketSession::end(uint16_t code) {
  state_ = State::kClosed;
  handler_.on_closed(code);
  connection_.finish();
}

// -- Sending

void WebSocketSession::send_frame(const base::SharedBytes& frame) {
  if (state_ == State::kOpen) send_limited(frame, Connection::Urgency::kCanWait);
}

void WebSocketSession::send_text(std::string_view message) {
  send_message(net::Opcode::kText, message);
}

void WebSocketSession::send_binary(std::string_view message) {
  send_message(net::Opcode::kBinary, message);
}

void WebSocketSession::send_message(net::Opcode opcode, std::string_view message) {
  if (state_ != State::kOpen) return;
  net::PermessageDeflate* deflate = decoder_.deflate();
  if (deflate == nullptr || message.size() < options_.deflate_threshold)
    return send_limited(net::make_frame(opcode, message));
  std::string compressed;
  deflate->deflate(message, compressed);
  send_limited(net::make_frame(opcode, compressed, net::Compressed::kYes));
}

void WebSocketSession::send_limited(base::SharedBytes frame, Connection::Urgency urgency) {
  if (connection_.backlog() == 0) oversized_ = 0;
  if (frame.size() > options_.max_backlog) {
    oversized_ = std::max(oversized_, static_cast<uint32_t>(frame.size()));
  }
  connection_.send(std::move(frame), urgency);
  if (connection_.backlog() <= options_.max_backlog + oversized_) return;
  connection_.write_early();
  if (connection_.backlog() <= options_.max_backlog + oversized_) return;
  close_code_ = net::websocket_close::kPolicyViolation;
  terminate();
}

void WebSocketSession::close(uint16_t code, std::string_view reason) {
  if (state_ != State::kOpen) return;
  connection_.send(net::make_close_frame(code, reason));
  state_ = State::kClosing;
  close_code_ = code;
  connection_.set_deadline(connection_.set().timeouts().websocket_close);
}

void WebSocketSession::terminate() {
  if (state_ != State::kOpen && state_ != State::kClosing) return;
  state_ = State::kCut;
  connection_.cut();
}

// -- What happens to it

void WebSocketSession::on_drained() {
  if (state_ == State::kOpen) handler_.on_drained();
}

void WebSocketSession::on_timeout() { connection_.cut(); }

void WebSocketSession::on_shutdown() { close(net::websocket_close::kGoingAway, "going away"); }

void WebSocketSession::on_lost() {
  if (state_ == State::kClosed) return;
  state_ = State::kClosed;
  handler_.on_closed(close_code_);
}

}  // namespace runtime

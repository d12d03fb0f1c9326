// WebSocketSession: a connection after the opening handshake. What an idle one needs is this
// object, its Connection and two pointers in the codec.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "net/websocket.h"
#include "net/websocket_codec.h"
#include "runtime/connection.h"
#include "runtime/session.h"

namespace runtime {

class WebSocketSession final : public Session, public net::WebSocket {
 public:
  // `options` must stay (ConnectionSet::keep()).
  WebSocketSession(Connection& connection, net::WebSocketHandler& handler,
                   const net::WebSocketOptions& options);
  void enable_deflate(const net::DeflateParameters& parameters);

  // -- Session
  void on_input(std::span<char> bytes) override;
  [[nodiscard]] bool wants_input() const override { return true; }
  void on_resume() override {}
  void on_drained() override;
  void on_timeout() override;
  void on_shutdown() override;
  void on_lost() override;

  // -- net::WebSocket
  void send_frame(const base::SharedBytes& frame) override;
  void send_text(std::string_view message) override;
  void send_binary(std::string_view message) override;
  void close(uint16_t code, std::string_view reason) override;
  void terminate() override;
  [[nodiscard]] std::size_t backlog() const override { return connection_.backlog(); }
  void want_drained() override { connection_.want_drained(); }
  [[nodiscard]] bool deflates() const override { return decoder_.deflate() != nullptr; }
  void prefetch() const override { connection_.prefetch(); }

 private:
  enum class State : uint8_t {
    kOpen,
    kClosing,  // our close frame is sent, the peer's is awaited
    kCut,      // terminated; on_closed() is still to come
    kClosed,   // on_closed() has been called
  };

  [[nodiscard]] bool handle(const net::WebSocketEvent& event);
  void send_message(net::Opcode opcode, std::string_view message);
  void send_limited(base::SharedBytes frame,
                    Connection::Urgency urgency = Connection::Urgency::kNow);
  void end(uint16_t code);

  Connection& connection_;
  net::WebSocketHandler& handler_;
  const net::WebSocketOptions& options_;
  net::WebSocketDecoder decoder_;
  uint32_t oversized_ = 0;  // of the largest frame beyond max_backlog, until nothing waits
  uint16_t close_code_ = net::websocket_close::kAbnormal;
  State state_ = State::kOpen;
};

}  // namespace runtime

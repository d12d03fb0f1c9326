// A WebSocket (RFC 6455) as the rest of the server sees it: whole messages in, frames out. The
// codec is net/websocket_codec; the socket is in runtime/.
//
// Everything here belongs to the core thread of the connection. No call blocks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/shared_bytes.h"

namespace net {

struct HttpRequest;

namespace websocket_close {
constexpr uint16_t kNormal = 1000;
constexpr uint16_t kGoingAway = 1001;
constexpr uint16_t kProtocolError = 1002;
constexpr uint16_t kUnsupportedData = 1003;
constexpr uint16_t kAbnormal = 1006;  // never on the wire: the transport was lost
constexpr uint16_t kInvalidPayload = 1007;
constexpr uint16_t kPolicyViolation = 1008;
constexpr uint16_t kTooBig = 1009;
}  // namespace websocket_close

struct WebSocketOptions {
  std::size_t max_message = 1'000'000;  // bytes, after reassembly and inflation; beyond: close 1009
  bool deflate = false;                 // accept permessage-deflate (RFC 7692) when offered
  std::size_t deflate_threshold = 1024;  // shorter messages go uncompressed
  // Bytes waiting to be sent, beside one message that is larger; beyond: the peer is cut off, and
  // on_closed() says kPolicyViolation.
  std::size_t max_backlog = 4U << 20;

  bool operator==(const WebSocketOptions&) const = default;
};

class WebSocketHandler {
 public:
  virtual ~WebSocketHandler() = default;
  // A whole message; the view is valid during the call. Text has been checked to be UTF-8.
  virtual void on_text(std::string_view message) = 0;
  virtual void on_binary(std::string_view message) = 0;
  // The WebSocket is gone after this call; always the last one, exactly once. `code` is the peer's
  // close code (1005 when it gave none), the code we closed with, or kAbnormal.
  virtual void on_closed(uint16_t code) = 0;
  // The backlog has been sent, after it had grown beyond what the kernel took at once, or when this
  // was wanted.
  virtual void on_drained() {}
};

class WebSocket {
 public:
  virtual ~WebSocket() = default;
  // All sends collect in the socket's output and leave in one write at the end of the loop's turn.
  // `frame` is one complete unfragmented frame as made by encode_frame(); not for a peer that
  // negotiated deflate when it should be compressed. Meant for what many sockets get: while the
  // loop cannot keep up, it may wait a fraction of a second for more, in order with all else.
  virtual void send_frame(const base::SharedBytes& frame) = 0;
  virtual void send_text(std::string_view message) = 0;
  virtual void send_binary(std::string_view message) = 0;
  // Starts the closing handshake; what was sent before still goes out. on_closed() follows.
  virtual void close(uint16_t code, std::string_view reason) = 0;
  // Cuts the TCP connection at the end of this turn, after what can be written at once.
  virtual void terminate() = 0;
  [[nodiscard]] virtual std::size_t backlog() const = 0;  // bytes not yet taken by the kernel
  // Has WebSocketHandler::on_drained() called once the present backlog has been sent, also when
  // the kernel takes it at once.
  virtual void want_drained() = 0;
  [[nodiscard]] virtual bool deflates() const = 0;
  // Asks for the memory that sending needs, ahead of a send.
  virtual void prefetch() const {}
};

// A complete unmasked frame with FIN set, ready for any number of sockets.
enum class MessageKind { kText, kBinary };
base::SharedBytes encode_frame(MessageKind kind, std::string_view head, std::string_view tail);

// Why the request cannot become a WebSocket (wrong Upgrade, key or version), or empty when it can.
std::string_view websocket_handshake_error(const HttpRequest& request);

}  // namespace net

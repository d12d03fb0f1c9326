// A tunnel: a connection whose bytes are nobody's business here any more, as a proxy has one after
// it has passed on `101 Switching Protocols`. HttpExchange::open_tunnel() makes one.
//
// Everything here belongs to the core thread of the connection. No call blocks, and none calls the
// handler back.
#pragma once

#include <cstddef>
#include <string_view>

namespace net {

class TunnelHandler {
 public:
  virtual ~TunnelHandler() = default;
  // The view is valid during the call.
  virtual void on_tunnel_bytes(std::string_view bytes) = 0;
  // Nothing waits to be sent any more; only after Tunnel::want_drained(), or when output had
  // stalled.
  virtual void on_tunnel_drained() = 0;
  // The connection was lost; the tunnel is gone after this call. Not called after finish().
  virtual void on_tunnel_closed() = 0;
};

class Tunnel {
 public:
  virtual ~Tunnel() = default;
  virtual void send(std::string_view bytes) = 0;
  [[nodiscard]] virtual std::size_t backlog() const = 0;  // bytes that wait to be sent
  virtual void want_drained() = 0;
  // While held, what the peer sends stays with the kernel, and in the end with the peer.
  virtual void hold_input(bool hold) = 0;
  // Lets the output leave, then closes. The tunnel is gone.
  virtual void finish() = 0;
};

}  // namespace net

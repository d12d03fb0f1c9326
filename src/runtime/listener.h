// Listener: one listening socket of one core thread. Accepts in bounded batches, pauses shortly
// before the process runs out of descriptors, and looks again every 100 ms while it pauses.
//
// Belongs to its thread; open_listening_socket() is for start-up, in the main one.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "base/timer_wheel.h"
#include "runtime/connection_set.h"
#include "runtime/event_loop.h"
#include "runtime/socket_address.h"
#include "runtime/tls.h"

namespace runtime {

// Binds and listens. `shared`: more sockets will be bound to the same address (SO_REUSEPORT). The
// options that every accepted connection inherits are set here: TCP_NODELAY, keep-alive, and
// TCP_USER_TIMEOUT for peers that vanished with data under way. Refuses with the address and the
// system's reason.
enum class SharedPort : bool { kNo, kYes };
[[nodiscard]] base::Result<int> open_listening_socket(const SocketAddress& address,
                                                      const ListenAddress& name, SharedPort shared);

// The address a socket is bound to.
[[nodiscard]] SocketAddress bound_address(int fd);

class Listener final : public Pollable {
 public:
  // Owns `fd`. `number` is that of the listening address; `tls` may be null.
  Listener(EventLoop& loop, ConnectionSet& set, SharedConnections& shared, int fd, uint8_t number,
           const TlsContext* tls);
  ~Listener() override;
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  void start();
  void on_ready(uint32_t events) override;

 private:
  void pause();
  void resume_if_possible();

  EventLoop& loop_;
  ConnectionSet& set_;
  SharedConnections& shared_;
  const int fd_;
  const uint8_t number_;
  const TlsContext* tls_;
  base::TimerWheel wheel_;
  base::TimerNode retry_;
};

}  // namespace runtime

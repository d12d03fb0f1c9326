// Socket addresses as the runtime uses them: to bind, and to name a peer.
#pragma once

#include <sys/socket.h>

#include <string>
#include <vector>

#include "base/result.h"
#include "runtime/core_threads.h"

namespace runtime {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = sizeof(sockaddr_storage);

  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  [[nodiscard]] sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
  [[nodiscard]] uint16_t port() const;
  void set_port(uint16_t port);
};

// The address alone; IPv4 inside IPv6 as IPv4. Empty for anything but the two.
[[nodiscard]] std::string to_text(const SocketAddress& address);

// The peer of a connected socket, or an empty text when it is gone.
[[nodiscard]] std::string peer_address(int fd);

// What to bind for a listening address: the first address that its host means. Blocks on the name
// server when the host is a name; for start-up.
[[nodiscard]] base::Result<SocketAddress> resolve(const ListenAddress& address);

}  // namespace runtime

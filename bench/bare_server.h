// The least that a server can be, for calibration: a forked process with a listening socket and a
// bare epoll loop.
#pragma once

#include <netinet/in.h>
#include <sys/types.h>

#include <cstdint>
#include <functional>

namespace bench {

// Forks a process that runs `serve` with a listening loopback socket, and nothing else of the
// parent's descriptors; ends it when destroyed. One thread.
class BareServer {
 public:
  // Throws std::runtime_error when the machine refuses the socket or the process.
  explicit BareServer(const std::function<void(int listener)>& serve);
  ~BareServer();
  BareServer(const BareServer&) = delete;
  BareServer& operator=(const BareServer&) = delete;

  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] const sockaddr_in& endpoint() const { return endpoint_; }

 private:
  pid_t pid_ = -1;
  sockaddr_in endpoint_{};
};

// Both run until the process is ended.

// Unmasks each client frame of `payload` bytes (at most 125) and sends it back as a server's frame.
void serve_echo(int listener, uint32_t payload);

// The first connection carries orders: for each byte on it, `receivers` random ones of the next
// `connections` get a message of `bytes`.
void serve_rounds(int listener, uint32_t connections, uint32_t receivers, uint32_t bytes);

}  // namespace bench

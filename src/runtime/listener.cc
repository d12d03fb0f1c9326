#include "runtime/listener.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <spdlog/spdlog.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace runtime {
namespace {

constexpr int kAcceptsPerTurn = 64;
constexpr base::Duration kRetry{100};
constexpr int kKeepAliveIdleSeconds = 60;
constexpr int kKeepAliveIntervalSeconds = 15;
constexpr int kKeepAliveProbes = 4;
constexpr int kUserTimeoutMillis = 60'000;

bool set_option(int fd, int level, int option, int value) {
  return setsockopt(fd, level, option, &value, sizeof value) == 0;
}

bool set_options(int fd, const SocketAddress& address, SharedPort shared) {
  bool ok = set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1) &&
            set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1) &&
            set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1) &&
            set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, kKeepAliveIdleSeconds) &&
            set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, kKeepAliveIntervalSeconds) &&
            set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, kKeepAliveProbes) &&
            set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, kUserTimeoutMillis);
  if (ok && address.storage.ss_family == AF_INET6) {
    const auto* v6 = reinterpret_cast<const sockaddr_in6*>(&address.storage);
    const bool any = IN6_IS_ADDR_UNSPECIFIED(&v6->sin6_addr);
    ok = set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, any ? 0 : 1);
  }
  if (ok && shared == SharedPort::kYes) ok = set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1);
  return ok;
}

}  // namespace

base::Result<int> open_listening_socket(const SocketAddress& address, const ListenAddress& name,
                                        SharedPort shared) {
  const int fd =
      socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
  if (fd >= 0 && set_options(fd, address, shared) && bind(fd, address.get(), address.size) == 0 &&
      listen(fd, SOMAXCONN) == 0)
    return fd;
  const std::string reason = std::strerror(errno);
  if (fd >= 0) close(fd);
  return base::fail(base::ErrorCode::kInvalidArgument,
                    fmt::format("cannot listen on {}: {}", name.to_string(), reason));
}

SocketAddress bound_address(int fd) {
  SocketAddress address;
  getsockname(fd, address.get(), &address.size);
  return address;
}

Listener::Listener(EventLoop& loop, ConnectionSet& set, SharedConnections& shared, int fd,
                   uint8_t number, const TlsContext* tls)
    : loop_(loop),
      set_(set),
      shared_(shared),
      fd_(fd),
      number_(number),
      tls_(tls),
      wheel_(kRetry, 4, loop.now().steady) {
  loop_.add_wheel(wheel_, [this](base::TimerNode&) { resume_if_possible(); });
}

Listener::~Listener() {
  loop_.remove_wheel(wheel_);
  loop_.unwatch(fd_);
  close(fd_);
}

void Listener::start() {
  if (!loop_.watch(fd_, EPOLLIN, *this))
    spdlog::error("cannot wait for connections: {}", std::strerror(errno));
}

void Listener::on_ready(uint32_t) {
  for (int i = 0; i < kAcceptsPerTurn; ++i) {
    if (shared_.open.load(std::memory_order_relaxed) >= shared_.limit) return pause();
    SocketAddress peer;
    const int fd = accept4(fd_, peer.get(), &peer.size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
      // The peer gave up while it waited, or a network error of its connection: the next one.
      if (errno == ECONNABORTED || errno == EINTR || errno == EPROTO) continue;
      if (errno != EAGAIN) pause();
      return;
    }
    set_.accept(fd, number_, tls_, shared_.addresses.enabled() ? to_text(peer) : std::string());
  }
}

void Listener::pause() {
  const base::SteadyTime now = loop_.now().steady;
  loop_.unwatch(fd_);
  wheel_.arm(retry_, now + kRetry);
  if (shared_.pauses.tell(now))
    spdlog::warn("accepting pauses: {} of {} connections are open",
                 shared_.open.load(std::memory_order_relaxed), shared_.limit);
}

void Listener::resume_if_possible() {
  if (shared_.open.load(std::memory_order_relaxed) < shared_.limit) {
    start();
  } else {
    wheel_.arm(retry_, loop_.now().steady + kRetry);
  }
}

}  // namespace runtime

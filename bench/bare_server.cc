#include "bench/bare_server.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

namespace bench {
namespace {

constexpr std::size_t kEventsPerTurn = 1024;
constexpr int kBacklog = 4096;
constexpr std::size_t kClientHeader = 6;  // two bytes and the mask
constexpr std::size_t kServerHeader = 2;

// Ends the forked process with what went wrong; its parent sees the closed connections.
[[noreturn]] void give_up(const char* what) {
  dprintf(STDERR_FILENO, "calibration: %s: %s\n", what, std::strerror(errno));
  _exit(1);
}

int accept_one(int listener) {
  const int client = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK);
  if (client < 0) give_up("accept");
  const int on = 1;
  setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return client;
}

void watch(int epoll, int socket, uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.fd = socket;
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, socket, &event) != 0) give_up("epoll_ctl");
}

}  // namespace

BareServer::BareServer(const std::function<void(int listener)>& serve) {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  endpoint_.sin_family = AF_INET;
  endpoint_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof endpoint_;
  auto* address = reinterpret_cast<sockaddr*>(&endpoint_);
  if (listener < 0 || bind(listener, address, size) != 0 || listen(listener, kBacklog) != 0 ||
      getsockname(listener, address, &size) != 0) {
    throw std::runtime_error(fmt::format("calibration: {}", std::strerror(errno)));
  }
  pid_ = fork();
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (listener > 3) close_range(3, static_cast<unsigned>(listener - 1), 0);
    close_range(static_cast<unsigned>(listener + 1), ~0U, 0);
    serve(listener);
    _exit(0);
  }
  ::close(listener);
  if (pid_ < 0) throw std::runtime_error(fmt::format("calibration: {}", std::strerror(errno)));
}

BareServer::~BareServer() {
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

void serve_echo(int listener, uint32_t payload) {
  const int epoll = epoll_create1(0);
  watch(epoll, listener, EPOLLIN);
  std::array<epoll_event, kEventsPerTurn> events;
  std::array<char, 65536> input;
  std::string output(kServerHeader + payload, '\0');
  output[0] = '\x81';
  output[1] = static_cast<char>(payload);
  while (true) {
    const int count = epoll_wait(epoll, events.data(), kEventsPerTurn, -1);
    for (int i = 0; i < count; ++i) {
      const int socket = events[static_cast<std::size_t>(i)].data.fd;
      if (socket == listener) {
        watch(epoll, accept_one(listener), EPOLLIN | EPOLLET);
        continue;
      }
      const ssize_t size = recv(socket, input.data(), input.size(), 0);
      if (size <= 0) {
        ::close(socket);
        continue;
      }
      if (static_cast<std::size_t>(size) != kClientHeader + payload) give_up("a partial frame");
      for (std::size_t at = 0; at < payload; ++at) {
        output[kServerHeader + at] =
            static_cast<char>(input[kClientHeader + at] ^ input[2 + (at & 3U)]);
      }
      send(socket, output.data(), output.size(), MSG_NOSIGNAL);
    }
  }
}

void serve_rounds(int listener, uint32_t connections, uint32_t receivers, uint32_t bytes) {
  const int orders = accept_one(listener);
  std::vector<int> sockets;
  while (sockets.size() < connections) sockets.push_back(accept_one(listener));
  const int epoll = epoll_create1(0);
  watch(epoll, orders, EPOLLIN | EPOLLET);
  for (const int socket : sockets) watch(epoll, socket, EPOLLIN | EPOLLET);
  const std::string message(bytes, 'm');
  std::minstd_rand random(1);
  std::array<epoll_event, kEventsPerTurn> events;
  std::array<char, 256> input;
  while (true) {
    const int count = epoll_wait(epoll, events.data(), kEventsPerTurn, -1);
    for (int i = 0; i < count; ++i) {
      const int socket = events[static_cast<std::size_t>(i)].data.fd;
      const ssize_t rounds = recv(socket, input.data(), input.size(), 0);
      if (socket != orders || rounds <= 0) return;
      for (int64_t left = rounds * receivers; left > 0; --left) {
        const std::size_t receiver = random() % sockets.size();
        if (send(sockets[receiver], message.data(), message.size(), MSG_NOSIGNAL) !=
            static_cast<ssize_t>(message.size())) {
          give_up("send");
        }
      }
    }
  }
}

}  // namespace bench

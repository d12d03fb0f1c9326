#include "bench/calibration.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <deque>
#include <stdexcept>
#include <string>
#include <vector>

#include "bench/bare_server.h"
#include "bench/clock.h"
#include "bench/frames.h"

namespace bench {
namespace {

constexpr std::size_t kEventsPerTurn = 1024;
constexpr uint32_t kMask = 0x5A17C3E9U;
constexpr int64_t kStalled = 10 * kNanosPerSecond;
constexpr double kWarmUp = 0.2;  // of the measured time

std::runtime_error system_error(std::string_view what) {
  return std::runtime_error(fmt::format("calibration: {}: {}", what, std::strerror(errno)));
}

// The generator's end: connections in one epoll set, and the process at the other end.
class BareClients {
 public:
  BareClients(const BareServer& server, uint32_t connections) : epoll_(epoll_create1(0)) {
    sockaddr_in address = server.endpoint();
    for (uint32_t i = 0; i < connections; ++i) {
      const int client = socket(AF_INET, SOCK_STREAM, 0);
      const int on = 1;
      setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      if (client < 0 || connect(client, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
        throw system_error("connect");
      sockets_.push_back(client);
      epoll_event event{};
      event.events = EPOLLIN | EPOLLET;
      event.data.fd = client;
      epoll_ctl(epoll_, EPOLL_CTL_ADD, client, &event);
    }
  }
  ~BareClients() {
    // With a reset instead of a farewell no port is left in TIME_WAIT for the measurements.
    const linger reset{1, 0};
    for (const int client : sockets_) {
      setsockopt(client, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
      ::close(client);
    }
    ::close(epoll_);
  }
  BareClients(const BareClients&) = delete;
  BareClients& operator=(const BareClients&) = delete;

  [[nodiscard]] const std::vector<int>& sockets() const { return sockets_; }

  // Waits at most `timeout_ns`, reads everything there is and calls `received(socket, bytes)`.
  template <class Received>
  void poll(int64_t timeout_ns, Received&& received) {
    const timespec timeout{timeout_ns / kNanosPerSecond, timeout_ns % kNanosPerSecond};
    const int count = epoll_pwait2(epoll_, events_.data(), kEventsPerTurn, &timeout, nullptr);
    for (int i = 0; i < count; ++i) {
      const int client = events_[static_cast<std::size_t>(i)].data.fd;
      const ssize_t size = recv(client, buffer_.data(), buffer_.size(), MSG_DONTWAIT);
      if (size == 0) throw std::runtime_error("calibration: the bare server closed a connection");
      if (size > 0) received(client, static_cast<std::size_t>(size));
    }
  }

 private:
  int epoll_;
  std::vector<int> sockets_;
  std::array<epoll_event, kEventsPerTurn> events_{};
  std::array<char, 65536> buffer_{};
};

// Messages and server CPU from the end of the warm-up on.
class Meter {
 public:
  Meter(pid_t server, double length)
      : server_(server),
        begin_(now_ns() + static_cast<int64_t>(kWarmUp * length * 1e9)),
        end_(begin_ + static_cast<int64_t>(length * 1e9)) {}

  // Called once per turn with the messages so far; false when the time is over.
  bool running(uint64_t messages) {
    const int64_t now = now_ns();
    if (now < begin_) return true;
    if (started_ == 0) {
      started_ = now;
      cpu_ = cpu_ns(server_);
      messages_ = messages;
    }
    if (now < end_) return true;
    const auto done = static_cast<double>(messages - messages_);
    rate_.cpu_us = micros(cpu_ns(server_) - cpu_) / done;
    rate_.per_second = done / seconds(now - started_);
    return false;
  }
  [[nodiscard]] Rate rate() const { return rate_; }

 private:
  pid_t server_;
  int64_t begin_;
  int64_t end_;
  int64_t started_ = 0;
  int64_t cpu_ = 0;
  uint64_t messages_ = 0;
  Rate rate_;
};

Rate measure_echo(const CalibrationOptions& options, uint32_t connections) {
  BareServer server([&](int listener) { serve_echo(listener, options.echo_bytes); });
  BareClients clients(server, connections);
  std::string frame;
  append_client_frame(frame, Opcode::text, std::string(options.echo_bytes, 'm'), kMask);
  // Whoever has been idle for longest is next, so that none ever has two messages under way.
  std::deque<int> idle(clients.sockets().begin(), clients.sockets().end());
  const auto ask_next = [&] {
    send(idle.front(), frame.data(), frame.size(), MSG_NOSIGNAL);
    idle.pop_front();
  };
  for (uint32_t i = 0; i < std::min(connections, options.echo_connections); ++i) ask_next();
  uint64_t answers = 0;
  Meter meter(server.pid(), options.seconds);
  while (meter.running(answers)) {
    const uint64_t before = answers;
    clients.poll(kStalled, [&](int client, std::size_t) {
      ++answers;
      idle.push_back(client);
      ask_next();
    });
    if (answers == before) throw std::runtime_error("calibration: the echo stalled");
  }
  return meter.rate();
}

struct SendRates {
  Rate paced;
  Rate max;
};

SendRates measure_send(const CalibrationOptions& options) {
  BareServer server([&](int listener) {
    serve_rounds(listener, options.send_connections, options.send_receivers, options.send_bytes);
  });
  // The first connection carries the orders.
  BareClients clients(server, options.send_connections + 1);
  const int orders = clients.sockets().front();
  uint64_t bytes = 0;
  const auto messages = [&] { return bytes / options.send_bytes; };
  uint64_t ordered = 0;
  const auto order_round = [&] {
    send(orders, "r", 1, MSG_NOSIGNAL);
    ordered += options.send_receivers;
  };
  const auto receive = [&](int64_t timeout) {
    clients.poll(timeout, [&](int, std::size_t size) { bytes += size; });
  };
  const auto drain = [&] {
    const int64_t deadline = now_ns() + kStalled;
    while (messages() < ordered && now_ns() < deadline) receive(kNanosPerMilli);
    if (messages() != ordered) throw std::runtime_error("calibration: a message did not arrive");
  };

  SendRates rates;
  const auto step = static_cast<int64_t>(1e9 / options.rounds_per_second);
  int64_t next = now_ns();
  Meter paced(server.pid(), options.seconds);
  while (paced.running(messages())) {
    const int64_t now = now_ns();
    if (now >= next) {
      order_round();
      next += step;
    } else {
      receive(next - now);
    }
  }
  drain();
  rates.paced = paced.rate();

  Meter max(server.pid(), options.seconds);
  while (max.running(messages())) {
    while (ordered < messages() + 2 * options.send_receivers) order_round();
    receive(kStalled);
  }
  drain();
  rates.max = max.rate();
  return rates;
}

}  // namespace

Calibration calibrate(const CalibrationOptions& options) {
  Calibration result;
  result.echo = measure_echo(options, options.echo_connections);
  result.echo_spread = measure_echo(options, options.send_connections);
  const SendRates sends = measure_send(options);
  result.send_paced = sends.paced;
  result.send_max = sends.max;
  return result;
}

Calibration mean(const Calibration& a, const Calibration& b) {
  const auto middle = [](const Rate& x, const Rate& y) {
    return Rate{(x.cpu_us + y.cpu_us) / 2, (x.per_second + y.per_second) / 2};
  };
  return {middle(a.echo, b.echo), middle(a.echo_spread, b.echo_spread),
          middle(a.send_paced, b.send_paced), middle(a.send_max, b.send_max)};
}

}  // namespace bench

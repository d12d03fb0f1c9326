#include "bench/swarm.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "bench/clock.h"
#include "bench/frames.h"

namespace bench {
namespace {

constexpr std::size_t kReadBytes = 256U << 10;
constexpr std::size_t kEventsPerTurn = 1024;
// Below the smallest usual range of ephemeral ports, with room for those in TIME_WAIT.
constexpr uint64_t kConnectionsPerSource = 12'000;
constexpr uint64_t kSources = 250;

// The sample handshake of RFC 6455, section 1.3.
constexpr std::string_view kUpgradeRequest =
    "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n"
    "Host: localhost\r\n"
    "Connection: Upgrade\r\n"
    "Upgrade: websocket\r\n"
    "User-Agent: Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/131.0.0.0 Safari/537.36\r\n"
    "Sec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    "\r\n";
constexpr std::string_view kUpgradeStatus = "HTTP/1.1 101 ";
constexpr std::string_view kUpgradeAccept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
constexpr std::string_view kHeadEnd = "\r\n\r\n";

std::runtime_error system_error(std::string_view what) {
  return std::runtime_error(fmt::format("{}: {}", what, std::strerror(errno)));
}

std::string connect_packet(UserIndex user, bool snapshot) {
  return fmt::format(
      R"(40{{"userId":"{}","deviceId":"device-{}","deviceInfo":{{"type":"web","os":"Windows","browser":"Chrome"}}{}}})",
      user_name(user), user, snapshot ? R"(,"snapshot":true)" : "");
}

}  // namespace

Swarm::Swarm(uint32_t users, SwarmListener& listener)
    : listener_(listener), epoll_(epoll_create1(EPOLL_CLOEXEC)), clients_(users) {
  if (epoll_ < 0) throw system_error("epoll_create1");
  buffer_.resize(kReadBytes);
}

Swarm::~Swarm() {
  for (Client& client : clients_) {
    if (client.socket >= 0) ::close(client.socket);
  }
  ::close(epoll_);
}

void Swarm::open(UserIndex user, sockaddr_in server) {
  Client& client = clients_[user];
  client.socket = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (client.socket < 0) throw system_error("socket");
  const int on = 1;
  setsockopt(client.socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (ntohl(server.sin_addr.s_addr) >> 24U == 127) {
    setsockopt(client.socket, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    sockaddr_in source{};
    source.sin_family = AF_INET;
    const uint64_t host = 1 + opened_ / kConnectionsPerSource % kSources;
    source.sin_addr.s_addr = htonl(static_cast<uint32_t>(0x7F000000U + host));
    if (bind(client.socket, reinterpret_cast<sockaddr*>(&source), sizeof source) != 0) {
      throw system_error("bind");
    }
  }
  ++opened_;
  client.stage = Stage::connecting;
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLET;
  event.data.u32 = user;
  if (epoll_ctl(epoll_, EPOLL_CTL_ADD, client.socket, &event) != 0) throw system_error("epoll_ctl");
  if (connect(client.socket, reinterpret_cast<sockaddr*>(&server), sizeof server) != 0 &&
      errno != EINPROGRESS && errno != ECONNREFUSED) {  // which the next read tells
    throw system_error("connect");
  }
}

void Swarm::send(UserIndex user, std::string_view packet) {
  frame_.clear();
  append_client_frame(frame_, Opcode::text, packet, next_mask());
  write(user, frame_);
}

void Swarm::close(UserIndex user) {
  frame_.clear();
  append_client_frame(frame_, Opcode::close, std::string_view("\x03\xE8", 2), next_mask());
  write(user, frame_);
  release(clients_[user]);
}

void Swarm::cut(UserIndex user) { release(clients_[user]); }

void Swarm::poll(int64_t timeout_ns) {
  std::array<epoll_event, kEventsPerTurn> events;
  const timespec timeout{timeout_ns / kNanosPerSecond, timeout_ns % kNanosPerSecond};
  const int count =
      epoll_pwait2(epoll_, events.data(), static_cast<int>(events.size()), &timeout, nullptr);
  if (count < 0 && errno != EINTR) throw system_error("epoll_pwait2");
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    const UserIndex user = event.data.u32;
    if ((event.events & EPOLLOUT) != 0) writable(user);
    if ((event.events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) readable(user);
  }
}

void Swarm::writable(UserIndex user) {
  Client& client = clients_[user];
  if (client.stage == Stage::connecting) {
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(client.socket, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) return drop(user, Loss::ended, std::strerror(error));
    client.stage = Stage::upgrading;
    return write(user, kUpgradeRequest);
  }
  if (client.output.empty()) return;
  const std::string waiting = std::move(client.output);
  client.output.clear();
  write(user, waiting);
}

void Swarm::write(UserIndex user, std::string_view bytes) {
  Client& client = clients_[user];
  if (!client.output.empty()) {
    client.output.append(bytes);
    return;
  }
  const ssize_t sent = ::send(client.socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  // A broken connection is noticed by the next read.
  const std::size_t taken = sent < 0 ? 0 : static_cast<std::size_t>(sent);
  if (taken < bytes.size()) client.output.assign(bytes.substr(taken));
}

void Swarm::readable(UserIndex user) {
  while (clients_[user].socket >= 0) {
    Client& client = clients_[user];
    const ssize_t count = recv(client.socket, buffer_.data(), buffer_.size(), 0);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (count < 0) return drop(user, Loss::ended, std::strerror(errno));
    if (count == 0) return drop(user, Loss::ended, "closed by the server");
    bytes_received_ += static_cast<uint64_t>(count);
    std::string_view bytes(buffer_.data(), static_cast<std::size_t>(count));
    std::string joined;
    if (!client.input.empty()) {
      joined = std::move(client.input);
      joined.append(bytes);
      bytes = joined;
      client.input = std::string();
    }
    if (!consume(user, bytes)) return;
    if (!bytes.empty()) client.input.assign(bytes);
    if (static_cast<std::size_t>(count) < buffer_.size()) return;
  }
}

bool Swarm::consume(UserIndex user, std::string_view& bytes) {
  if (clients_[user].stage == Stage::upgrading && !upgraded(user, bytes)) {
    return clients_[user].socket >= 0;
  }
  const int socket = clients_[user].socket;
  while (!bytes.empty()) {
    Frame frame;
    const Cut cut = cut_frame(bytes, frame);
    if (cut == Cut::incomplete) return true;
    if (cut == Cut::broken)
      return drop(user, Loss::protocol, "sent a broken WebSocket frame"), false;
    if (frame.opcode == Opcode::text) {
      if (!handle_frame(user, frame.payload)) return false;
    } else if (frame.opcode == Opcode::ping) {
      frame_.clear();
      append_client_frame(frame_, Opcode::pong, frame.payload, next_mask());
      write(user, frame_);
    } else if (frame.opcode == Opcode::close) {
      return drop(user, Loss::ended, "sent a close frame"), false;
    } else if (frame.opcode != Opcode::pong) {
      return drop(user, Loss::protocol, "sent a binary frame"), false;
    }
    // The listener may have closed the client, or even opened it anew.
    if (clients_[user].socket != socket) return false;
  }
  return true;
}

// True when the answer to the upgrade is complete and right; frames may follow it in `bytes`.
bool Swarm::upgraded(UserIndex user, std::string_view& bytes) {
  const std::size_t end = bytes.find(kHeadEnd);
  if (end == std::string_view::npos) return false;
  const std::string_view head = bytes.substr(0, end);
  if (!head.starts_with(kUpgradeStatus) || head.find(kUpgradeAccept) == std::string_view::npos) {
    drop(user, Loss::ended,
         fmt::format("refused the upgrade: {}", head.substr(0, head.find('\r'))));
    return false;
  }
  bytes.remove_prefix(end + kHeadEnd.size());
  clients_[user].stage = Stage::opening;
  return true;
}

// One Engine.IO packet.
bool Swarm::handle_frame(UserIndex user, std::string_view payload) {
  Client& client = clients_[user];
  const char type = payload.empty() ? '\0' : payload[0];
  if (type == '4' && payload.size() > 1) return handle_socketio(user, payload.substr(1));
  if (type == '2') {
    frame_.clear();
    append_client_frame(frame_, Opcode::text, "3", next_mask());
    write(user, frame_);
    ++pings_answered_;
    return true;
  }
  if (type == '0' && client.stage == Stage::opening) {
    client.stage = Stage::joining;
    listener_.on_connect_sent(user);
    send(user, connect_packet(user, snapshots_));
    return true;
  }
  if (type == '6') return true;
  drop(user, Loss::protocol,
       fmt::format("sent an Engine.IO packet out of place: {}", payload.substr(0, 40)));
  return false;
}

bool Swarm::handle_socketio(UserIndex user, std::string_view packet) {
  Client& client = clients_[user];
  const std::string_view rest = packet.substr(1);
  if (packet[0] == '0' && client.stage == Stage::joining) {
    client.stage = Stage::joined;
    listener_.on_connected(user);
    return true;
  }
  if (client.stage == Stage::joined && packet[0] == '2') {
    listener_.on_event(user, rest);
    return true;
  }
  const std::optional<Ack> ack = packet[0] == '3' ? scan_ack(rest) : std::nullopt;
  if (client.stage == Stage::joined && ack) {
    listener_.on_ack(user, *ack);
    return true;
  }
  drop(user, Loss::protocol,
       fmt::format("sent a Socket.IO packet out of place: {}", packet.substr(0, 80)));
  return false;
}

void Swarm::drop(UserIndex user, Loss loss, std::string_view why) {
  release(clients_[user]);
  listener_.on_lost(user, loss, why);
}

void Swarm::release(Client& client) {
  if (client.socket >= 0) ::close(client.socket);
  client = Client();
}

// Masks need not be secret here; they must only not be constant, or a server that ignores them
// would pass.
uint32_t Swarm::next_mask() {
  mask_ ^= mask_ << 13U;
  mask_ ^= mask_ >> 17U;
  mask_ ^= mask_ << 5U;
  return mask_;
}

}  // namespace bench

#include "runtime/connection_set.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>

#include "base/check.h"
#include "net/http_response.h"
#include "runtime/http_session.h"

namespace runtime {
namespace {

constexpr uint32_t kEvents = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
// A broadcast to every socket would otherwise hold an output queue for each of them at once.
constexpr std::size_t kWriteEarly = 4096;
// Below so many writes a batch costs as much as it saves.
constexpr std::size_t kWorthABatch = 4;
constexpr base::Duration kTick{50};
constexpr std::size_t kSlots = 2048;

}  // namespace

MovedConnection::MovedConnection() = default;

MovedConnection::MovedConnection(MovedConnection&& other) noexcept
    : fd(std::exchange(other.fd, -1)),
      listener(other.listener),
      extras(std::move(other.extras)),
      output(std::move(other.output)),
      session(std::move(other.session)),
      open(std::exchange(other.open, nullptr)) {}

MovedConnection::~MovedConnection() {
  if (fd < 0) return;
  close(fd);
  if (open != nullptr) --*open;
}

ConnectionSet::ConnectionSet(EventLoop& loop, const ConnectionTimeouts& timeouts,
                             SharedConnections& shared, Mover mover)
    : loop_(loop),
      timeouts_(timeouts),
      shared_(shared),
      mover_(std::move(mover)),
      wheel_(kTick, kSlots, loop.now().steady),
      read_buffer_(std::make_unique<std::array<char, 64 * 1024>>()),
      write_buffer_(std::make_unique<std::array<char, 16 * 1024>>()),
      held_(loop) {
  loop_.add_wheel(wheel_, [](base::TimerNode& node) { static_cast<Connection&>(node).on_timer(); });
  loop_.add_stage(*this);
}

ConnectionSet::~ConnectionSet() {
  loop_.remove_stage(*this);
  loop_.remove_wheel(wheel_);
  shared_.open -= connections_.size() + dead_.size();
}

// -- Coming and going

Connection& ConnectionSet::insert(std::unique_ptr<Connection> connection) {
  connection->index = static_cast<uint32_t>(connections_.size());
  connections_.push_back(std::move(connection));
  return *connections_.back();
}

void ConnectionSet::accept(int fd, uint8_t listener, const TlsContext* tls, std::string_view peer) {
  std::unique_ptr<ConnectionExtras> extras;
  bool admitted = true;
  if (tls != nullptr || shared_.addresses.enabled()) {
    extras = std::make_unique<ConnectionExtras>();
    if (tls != nullptr) extras->tls = std::make_unique<TlsSession>(*tls, fd);
    AddressLimiter::Admission admission = shared_.addresses.admit(peer);
    admitted = admission.admitted;
    extras->ticket = std::move(admission.ticket);
  }
  ++shared_.open;
  Connection& connection =
      insert(std::make_unique<Connection>(*this, fd, listener, std::move(extras)));
  if (!admitted) connection.set_over_limit();
  connection.start();
  if (!loop_.watch(fd, kEvents, connection)) connection.lose();
}

void ConnectionSet::adopt(MovedConnection moved) {
  const int fd = std::exchange(moved.fd, -1);
  Connection& connection =
      insert(std::make_unique<Connection>(*this, fd, moved.listener, std::move(moved.extras)));
  connection.attach(moved);
  if (!loop_.watch(fd, kEvents, connection)) connection.lose();
}

void ConnectionSet::forget(Connection& connection) {
  const uint32_t index = connection.index;
  dead_.push_back(std::move(connections_[index]));
  connections_[index] = std::move(connections_.back());
  connections_.pop_back();
  if (index < connections_.size()) connections_[index]->index = index;
}

void ConnectionSet::bury(std::unique_ptr<Session> session) {
  if (session) buried_.push_back(std::move(session));
}

void ConnectionSet::stop_keeping_alive() {
  keeps_alive_ = false;
  for (const auto& connection : connections_)
    if (connection->idle()) connection->finish();
}

void ConnectionSet::shut_down() {
  keeps_alive_ = false;
  for (const auto& connection : connections_) connection->shut_down();
}

// -- Lists of a turn

void ConnectionSet::has_output(Connection& connection) {
  if (std::exchange(connection.dirty, true)) return;
  dirty_.push_back(&connection);
  if (dirty_.size() % kWriteEarly != 0) return;
  for (std::size_t i = dirty_.size() - kWriteEarly; i < dirty_.size(); ++i)
    dirty_[i]->write_early();
}

void ConnectionSet::has_patient_output(Connection& connection) {
  if (!connection.dirty && !held_.hold(connection)) has_output(connection);
}

void ConnectionSet::has_ended(Connection& connection) { ended_.push_back(&connection); }

void ConnectionSet::can_resume(Connection& connection) {
  if (!std::exchange(connection.resuming, true)) resuming_.push_back(&connection);
}

void ConnectionSet::has_input(Connection& connection, std::string bytes) {
  connection.early_input = true;
  input_.emplace_back(&connection, std::move(bytes));
  can_resume(connection);
}

void ConnectionSet::wants_to_move(Connection& connection, unsigned thread) {
  moving_.emplace_back(&connection, thread);
}

// -- A turn

void ConnectionSet::before_hooks() {
  // What is appended meanwhile waits for the next turn, so that nobody can keep the loop here.
  auto input = std::exchange(input_, {});
  for (auto& [connection, bytes] : input) {
    connection->early_input = false;
    connection->deliver(bytes);
  }
  std::vector<Connection*> resuming = std::exchange(resuming_, {});
  for (Connection* connection : resuming) {
    connection->resuming = false;
    connection->resume();
  }
}

bool ConnectionSet::after_hooks() {
  write_dirty();
  // What those who are told now do about it may need the hooks of another turn.
  const bool told = !drained_.empty() || !ended_.empty();
  tell_drained();
  close_ended();
  move_away();
  buried_.clear();
  if (!dead_.empty()) {
    const auto closed = [](const Connection* connection) { return connection->closed(); };
    std::erase_if(dirty_, closed);
    if (std::any_of(dead_.begin(), dead_.end(), [](const auto& dead) { return dead->held; }))
      held_.forget_closed();
    std::erase_if(ended_, closed);
    std::erase_if(resuming_, closed);
    std::erase_if(drained_, closed);
    std::erase_if(input_, [](const auto& entry) { return entry.first->closed(); });
    std::erase_if(moving_, [](const auto& entry) { return entry.first->closed(); });
    const std::size_t closed_now = dead_.size();
    dead_.clear();
    shared_.open -= closed_now;
  }
  return told || !dirty_.empty() || !held_.empty() || !ended_.empty() || !resuming_.empty() ||
         !drained_.empty() || !moving_.empty();
}

// Calls nobody but the kernel.
void ConnectionSet::write_dirty() {
  for (Connection* connection : dirty_) connection->dirty = false;
  write_all(dirty_);
  dirty_.clear();
  write_all(held_.take_due());
}

void ConnectionSet::write_all(std::span<Connection* const> connections) {
  const bool batched = connections.size() >= kWorthABatch;
  for (Connection* connection : connections) {
    const std::span<const char> bytes =
        batched && batch_.usable() ? connection->sendable() : std::span<const char>();
    if (bytes.empty()) {
      write(*connection);
      continue;
    }
    batch_.add(connection, connection->fd(), bytes);
    if (batch_.full()) write_batch();
  }
  write_batch();
}

void ConnectionSet::write_batch() {
  for (const SendBatch::Send& send : batch_.submit()) {
    Connection& connection = *send.connection;
    const Connection::Written written =
        send.result ? connection.go_on_writing(*send.result) : connection.write_output();
    if (connection.after_write(written)) drained_.push_back(&connection);
  }
}

void ConnectionSet::write(Connection& connection) {
  if (connection.after_write(connection.write_output())) drained_.push_back(&connection);
}

void ConnectionSet::tell_drained() {
  const std::vector<Connection*> drained = std::exchange(drained_, {});
  for (const Connection* connection : drained)
    if (connection->open() && connection->session() != nullptr) connection->session()->on_drained();
}

void ConnectionSet::close_ended() {
  const std::vector<Connection*> ended = std::exchange(ended_, {});
  for (Connection* connection : ended) connection->lose();
}

void ConnectionSet::move_away() {
  auto moving = std::exchange(moving_, {});
  for (auto& [connection, thread] : moving) {
    if (!connection->open()) continue;
    MovedConnection moved = connection->detach();
    moved.open = &shared_.open;
    ++shared_.open;  // it is counted twice until what is left of it here is destroyed
    forget(*connection);
    mover_(thread, std::move(moved));
  }
}

// -- What connections share

const net::WebSocketOptions& ConnectionSet::keep(const net::WebSocketOptions& options) {
  const auto found = std::find(options_.begin(), options_.end(), options);
  return found != options_.end() ? *found : options_.emplace_back(options);
}

std::string_view ConnectionSet::date() {
  const base::WallTime now = std::chrono::floor<std::chrono::seconds>(loop_.now().wall);
  if (date_.empty() || now != date_second_) {
    date_second_ = now;
    date_ = net::http_date(now);
  }
  return date_;
}

}  // namespace runtime

// ConnectionSet: the connections of one core thread, and the order in which a turn deals with
// them: what can go on (before the hooks of the turn), then output, then ends, then destruction.
//
// One per core thread, which owns it; nothing here may be called from another thread, but
// open_connections() of the shared part.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/timer_wheel.h"
#include "net/http.h"
#include "net/websocket.h"
#include "runtime/address_limiter.h"
#include "runtime/connection.h"
#include "runtime/core_threads.h"
#include "runtime/event_loop.h"
#include "runtime/held_output.h"
#include "runtime/output_queue.h"
#include "runtime/send_batch.h"
#include "runtime/session.h"
#include "runtime/tls.h"

namespace runtime {

// Under pressure, listeners pause and go on ten times a second: once a minute is said so.
class PauseLog {
 public:
  // Whether a pause that begins now is to be logged. Any thread.
  [[nodiscard]] bool tell(base::SteadyTime now) {
    base::SteadyTime quiet = quiet_until_.load(std::memory_order_relaxed);
    return now >= quiet &&
           quiet_until_.compare_exchange_strong(quiet, now + kQuiet, std::memory_order_relaxed);
  }

 private:
  static constexpr base::Duration kQuiet{60'000};
  std::atomic<base::SteadyTime> quiet_until_{base::SteadyTime::min()};
};

// What the core threads share.
struct SharedConnections {
  SharedConnections(std::size_t connection_limit, AddressLimiter& address_limiter)
      : limit(connection_limit), addresses(address_limiter) {}
  std::atomic<std::size_t> open = 0;
  const std::size_t limit;
  AddressLimiter& addresses;
  PauseLog pauses;
};

class HttpSession;

// A connection on its way to another thread, with the request that decided it.
struct MovedConnection {
  int fd = -1;
  uint8_t listener = 0;
  std::unique_ptr<ConnectionExtras> extras;
  std::unique_ptr<OutputQueue> output;  // answers to earlier requests
  std::unique_ptr<HttpSession> session;
  std::atomic<std::size_t>* open = nullptr;  // counts it

  MovedConnection();
  MovedConnection(MovedConnection&& other) noexcept;
  MovedConnection& operator=(MovedConnection&&) = delete;
  ~MovedConnection();  // closes the descriptor if nobody took it
};

class ConnectionSet final : public TurnStage {
 public:
  // Sends a connection to another thread; false when that is not possible.
  using Mover = std::function<bool(unsigned thread, MovedConnection)>;

  ConnectionSet(EventLoop& loop, const ConnectionTimeouts& timeouts, SharedConnections& shared,
                Mover mover);
  ~ConnectionSet() override;

  // The handler of a listening address; `listener` numbers begin with 0.
  void add_handler(net::HttpHandler& handler) { handlers_.push_back(&handler); }

  void accept(int fd, uint8_t listener, const TlsContext* tls, std::string_view peer);
  void adopt(MovedConnection moved);

  // No more requests after those under way: idle connections close, answers say so.
  void stop_keeping_alive();
  // Cuts everything at the end of this turn.
  void shut_down();
  [[nodiscard]] bool keeps_alive() const { return keeps_alive_; }
  [[nodiscard]] std::size_t size() const { return connections_.size(); }

  void before_hooks() override;
  [[nodiscard]] bool after_hooks() override;

  // -- For connections and sessions.

  [[nodiscard]] EventLoop& loop() { return loop_; }
  [[nodiscard]] base::TimerWheel& wheel() { return wheel_; }
  [[nodiscard]] OutputPool& outputs() { return outputs_; }
  [[nodiscard]] const ConnectionTimeouts& timeouts() const { return timeouts_; }
  [[nodiscard]] AddressLimiter& addresses() { return shared_.addresses; }
  [[nodiscard]] net::HttpHandler& handler(uint8_t listener) { return *handlers_[listener]; }
  [[nodiscard]] std::span<char> read_buffer() { return *read_buffer_; }
  [[nodiscard]] std::span<char> write_buffer() { return *write_buffer_; }
  // Options are few and sockets many: a socket holds a pointer to a copy that stays.
  [[nodiscard]] const net::WebSocketOptions& keep(const net::WebSocketOptions& options);
  [[nodiscard]] std::string_view date();  // for the Date header

  void has_output(Connection& connection);
  void has_patient_output(Connection& connection);  // may wait (runtime/held_output.h)
  void has_ended(Connection& connection);           // cut: to be closed in this turn
  void can_resume(Connection& connection);
  void has_input(Connection& connection, std::string bytes);
  void wants_to_move(Connection& connection, unsigned thread);
  void bury(std::unique_ptr<Session> session);  // until the end of the turn
  void forget(Connection& connection);          // closed; destroyed at the end of the turn

 private:
  void write(Connection& connection);
  void write_all(std::span<Connection* const> connections);
  void write_batch();
  void write_dirty();
  void tell_drained();
  void close_ended();
  void move_away();
  Connection& insert(std::unique_ptr<Connection> connection);

  EventLoop& loop_;
  const ConnectionTimeouts timeouts_;
  SharedConnections& shared_;
  const Mover mover_;
  base::TimerWheel wheel_;
  std::vector<net::HttpHandler*> handlers_;
  std::deque<net::WebSocketOptions> options_;
  OutputPool outputs_;
  SendBatch batch_;
  std::unique_ptr<std::array<char, 64 * 1024>> read_buffer_;
  std::unique_ptr<std::array<char, 16 * 1024>> write_buffer_;
  std::string date_;
  base::WallTime date_second_{};
  bool keeps_alive_ = true;

  std::vector<std::unique_ptr<Connection>> connections_;
  std::vector<std::unique_ptr<Connection>> dead_;
  std::vector<std::unique_ptr<Session>> buried_;
  std::vector<Connection*> dirty_;
  HeldOutput held_;
  std::vector<Connection*> drained_;
  std::vector<Connection*> ended_;
  std::vector<Connection*> resuming_;
  std::vector<std::pair<Connection*, std::string>> input_;
  std::vector<std::pair<Connection*, unsigned>> moving_;
};

}  // namespace runtime

// Connection: one accepted socket: reading, collected output, deadlines and closing. What the bytes
// mean is its Session's business.
//
// Owned by its thread's ConnectionSet, and destroyed only at the end of a turn, like the sessions
// it had. It is small because there are a million of them: everything that is needed only at times
// hangs on a pointer.
//
// Life:  open -> finishing (last output) -> lingering (ours is shut; waiting for the peer's end) ->
// closed
//        open -> cut (closed at the end of this turn) -> closed
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/shared_bytes.h"
#include "base/time.h"
#include "base/timer_wheel.h"
#include "net/http.h"
#include "runtime/address_limiter.h"
#include "runtime/event_loop.h"
#include "runtime/io_result.h"
#include "runtime/output_queue.h"
#include "runtime/session.h"
#include "runtime/tls.h"

namespace runtime {

class ConnectionSet;
struct MovedConnection;

// What a connection keeps only under certain settings.
struct ConnectionExtras {
  std::unique_ptr<TlsSession> tls;
  AddressLimiter::Ticket ticket;     // of the peer
  AddressLimiter::Ticket forwarded;  // of the client for whom a trusted proxy asks
};

class Connection final : public Pollable, public base::TimerNode {
 public:
  Connection(ConnectionSet& set, int fd, uint8_t listener,
             std::unique_ptr<ConnectionExtras> extras);
  ~Connection() override;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // -- For sessions. None of these calls a session back.

  // kCanWait: while the loop cannot keep up, what others get at the same time may be collected for
  // a moment (runtime/held_output.h).
  enum class Urgency : uint8_t { kNow, kCanWait };
  // Queues bytes; they leave at the end of the turn. Ignored once the connection ends.
  void send(base::SharedBytes bytes, Urgency urgency = Urgency::kNow);
  [[nodiscard]] std::size_t backlog() const { return output_ ? output_->bytes() : 0; }
  // Writes what the kernel takes before the turn ends, to keep a burst from piling up.
  void write_early();
  void prefetch() const {
    __builtin_prefetch(this);
    __builtin_prefetch(reinterpret_cast<const char*>(this) + 64);
  }
  // Has on_drained() called when the backlog is gone, even if it never stalls.
  void want_drained() { wants_drained_ = true; }

  // One at a time; a later one replaces an earlier one.
  void set_deadline(base::Duration from_now);
  void clear_deadline();

  // Lets the output leave, then closes in a way that does not take it from the peer. The session
  // is over.
  void finish();
  // Closes at the end of the turn, after one attempt to write; then Session::on_lost().
  void cut();
  void replace_session(std::unique_ptr<Session> session);
  // The session is over, the connection waits for another request.
  void become_idle();
  void resume_soon();
  // The same for bytes that an ended session had read: they go to its successor.
  void deliver_soon(std::string bytes);
  // The session moves to another thread at the end of the turn.
  void move_soon(unsigned thread);

  [[nodiscard]] ConnectionSet& set() { return set_; }
  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] uint8_t listener() const { return listener_; }
  [[nodiscard]] Session* session() const { return session_.get(); }
  [[nodiscard]] bool open() const { return state_ == State::kOpen; }
  [[nodiscard]] bool closed() const { return state_ == State::kClosed; }
  [[nodiscard]] bool idle() const { return state_ == State::kOpen && idle_; }
  [[nodiscard]] bool over_limit() const { return over_limit_; }
  // Counts the client behind a trusted proxy until the next request; false: one too many.
  [[nodiscard]] bool admit_forwarded(const net::HttpRequest& request);
  // A node relays on it, which counts its clients itself.
  void count_for_nobody();

  // -- For the set.

  void on_ready(uint32_t events) override;
  void start();  // arms the deadline for the first request
  void on_timer();
  void resume();
  void set_over_limit() { over_limit_ = true; }
  void read_input();
  void deliver(std::span<char> bytes);
  enum class Written : uint8_t { kAll, kStalled, kFailed };
  Written write_output();  // calls nobody
  // All that waits, if it can be sent as it lies (SendBatch); otherwise empty.
  [[nodiscard]] std::span<const char> sendable() const;
  // The same as write_output() after a first write elsewhere that gave `result`.
  Written go_on_writing(const IoResult& result);
  // What follows from it; true: on_drained() has to be called.
  [[nodiscard]] bool after_write(Written written);
  void lose();  // closes at once and tells the session
  void shut_down();
  [[nodiscard]] MovedConnection detach();
  void attach(MovedConnection& moved);

  uint32_t index = 0;  // in the set
  bool dirty = false;  // in the set's list of output
  bool held = false;   // in the set's list of output that waits
  bool resuming = false;
  bool early_input = false;  // the set holds bytes that come before what the kernel has

 private:
  enum class State : uint8_t { kOpen, kFinishing, kLingering, kCut, kClosed };

  [[nodiscard]] IoResult read(std::span<char> out);
  [[nodiscard]] IoResult write_some();
  [[nodiscard]] Written account_for(const IoResult& result);
  [[nodiscard]] TlsSession* tls() const { return extras_ ? extras_->tls.get() : nullptr; }
  void input_ended();
  void discard_input();
  void start_lingering();
  void close_descriptor();
  void rearm();

  ConnectionSet& set_;
  std::unique_ptr<Session> session_;
  std::unique_ptr<OutputQueue> output_;
  std::unique_ptr<ConnectionExtras> extras_;
  base::SteadyTime deadline_ = kNever;
  int fd_;
  uint8_t listener_;
  State state_ = State::kOpen;
  bool input_waiting_ = true;  // the kernel may hold bytes that no further event will tell of
  bool peer_ended_ = false;
  bool wants_drained_ = false;
  bool over_limit_ = false;
  bool idle_ = false;  // between two requests

  static constexpr base::SteadyTime kNever = base::SteadyTime::max();
};

}  // namespace runtime

// EventLoop: what one core thread (and the main thread) runs. It waits for sockets, timers, the
// mailbox and everything that was started on its io_context, and works in turns:
//
//   1. what is ready: device sockets, completions of the io_context
//   2. timers that are due
//   3. the mailbox: what other threads (or this one) posted before the turn
//   4. HTTP connections that can go on with their next request
//   5. the hooks of at_turn_end(), in the order they were registered
//   6. output: one write per socket; then closed connections are told of (on_closed, on_aborted)
//      and destroyed
//
// A callback of step 6 may produce output again; it leaves at the end of the next turn, which
// begins without waiting. So nothing that a callback touches is destroyed while it is on the stack.
//
// Asio lives inside, with an epoll set of our own nested in its io_context as one descriptor:
// adapters (Redis, PostgreSQL, outgoing HTTP) use the io_context, device sockets use the epoll set,
// because an Asio socket costs 400 bytes and 2.6 us per message more (design, section 2). A loop
// whose io_context nobody asks for waits in the epoll set itself, which saves three system calls a
// turn.
//
// Threads: post(), stop() and stopped() may be called from any thread. Everything else belongs to
// the thread that calls run(), or to whoever sets the loop up before run().
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

#include "base/time.h"
#include "base/timer_wheel.h"
#include "runtime/task.h"

namespace boost::asio {
class io_context;
}

namespace runtime {

class Pollable;
class TurnStage;

class EventLoop {
 public:
  struct Options {
    std::size_t mailbox_limit = 1U << 20;  // tasks waiting; post() refuses beyond
  };
  EventLoop();
  explicit EventLoop(Options options);
  ~EventLoop();  // destroys the tasks that never ran
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  // Both clocks as of this turn: read at the first call in a turn, the same until its end.
  [[nodiscard]] base::Instant now();

  // Runs `task` in the loop's thread, in the order of posting, in the next turn. Returns false, and
  // destroys the task, when the mailbox is full: the caller decides what that means. A task posted
  // after the loop has stopped is never run. Any thread; wakes the loop at most once per turn.
  [[nodiscard]] bool post(Task task);

  // Runs `hook` at the end of every turn, before output leaves. For good.
  void at_turn_end(std::function<void()> hook);

  // Calls `due(node)` for each node of the wheel whose deadline has come, and sleeps no longer than
  // to the earliest deadline, to the millisecond. The wheel is armed in the loop's thread only, and
  // must be removed before it is destroyed, if the loop outlives it. Not from inside `due`.
  void add_wheel(base::TimerWheel& wheel, std::function<void(base::TimerNode&)> due);
  void remove_wheel(base::TimerWheel& wheel);

  // For adapters. Handlers run in step 1 of a turn.
  [[nodiscard]] boost::asio::io_context& io_context();

  // How long the loop has had something to do at every turn, without a moment of waiting; zero in a
  // turn that found nothing to do.
  [[nodiscard]] base::Duration busy_for();

  void run();   // until stop(); once
  void stop();  // the turn in progress is finished. Any thread; also before run()
  [[nodiscard]] bool in_loop_thread() const;

  // Keeps `object` alive until the end of this turn (or, outside of turns, of the next one), for
  // what may still be on the stack or among the events that were collected.
  void destroy_later(std::shared_ptr<void> object);

  // For sockets: descriptors in the nested epoll set, and stages 4 and 6. `events` are those of
  // epoll(7). The pollable must be alive until the end of the turn in which it was removed (the
  // kernel may have reported it already). Stages may come and go at any time, in a stage too.
  [[nodiscard]] bool watch(int fd, uint32_t events, Pollable& pollable);
  void unwatch(int fd);
  void add_stage(TurnStage& stage);
  void remove_stage(TurnStage& stage);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// A descriptor's owner in the nested epoll set.
class Pollable {
 public:
  virtual ~Pollable() = default;
  virtual void on_ready(uint32_t events) = 0;
};

// Work at fixed points of each turn. The answers say whether there is more to do at once.
class TurnStage {
 public:
  virtual ~TurnStage() = default;
  virtual void before_hooks() = 0;  // step 4
  [[nodiscard]] virtual bool
  after_hooks() = 0;  // step 6; true: begin the next turn without waiting
};

}  // namespace runtime

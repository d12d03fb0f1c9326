// Timers: the deadlines of a client, in a wheel that its loop drives. In the loop's thread; no
// timer's callback may destroy the Timers.
#pragma once

#include <functional>
#include <utility>

#include "base/time.h"
#include "base/timer_wheel.h"
#include "runtime/event_loop.h"

namespace redis {

class Timer final : public base::TimerNode {
 public:
  explicit Timer(std::function<void()> due) : due_(std::move(due)) {}

 private:
  friend class Timers;
  std::function<void()> due_;
};

class Timers {
 public:
  explicit Timers(runtime::EventLoop& loop)
      : loop_(loop), wheel_(base::Duration(10), 256, loop.now().steady) {
    loop_.add_wheel(wheel_, [](base::TimerNode& node) { static_cast<Timer&>(node).due_(); });
  }
  ~Timers() { loop_.remove_wheel(wheel_); }
  Timers(const Timers&) = delete;
  Timers& operator=(const Timers&) = delete;

  [[nodiscard]] base::SteadyTime now() { return loop_.now().steady; }
  void arm(Timer& timer, base::SteadyTime when) { wheel_.arm(timer, when); }
  void arm_in(Timer& timer, base::Duration delay) { arm(timer, now() + delay); }
  static void cancel(Timer& timer) { base::TimerWheel::cancel(timer); }

 private:
  runtime::EventLoop& loop_;
  base::TimerWheel wheel_;
};

}  // namespace redis

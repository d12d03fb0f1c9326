// Deadlines: wakes a loop for everything that says by itself when it next has something to do (the
// protocol server, the directory, jobs). Asked again at the end of each turn.
//
// Pure: the loop drives the wheel, and the time is handed in. Belongs to the loop's thread.
#pragma once

#include <deque>
#include <functional>
#include <optional>

#include "base/time.h"
#include "base/timer_wheel.h"

namespace app {

class Deadlines {
 public:
  using NextDue = std::function<std::optional<base::SteadyTime>()>;

  // `clock` is the time of the loop's present turn.
  explicit Deadlines(std::function<base::SteadyTime()> clock);

  // Calls `due` when the time that `next` tells has come: once, unless it tells another time then.
  void watch(NextDue next, std::function<void()> due);
  // Calls `due` every `interval`. What was missed while the loop was held up is not made up for.
  void every(base::Duration interval, std::function<void()> due);
  // At the end of each turn.
  void rearm();

  // For EventLoop::add_wheel().
  [[nodiscard]] base::TimerWheel& wheel() { return wheel_; }
  void on_due(base::TimerNode& node);

 private:
  struct Source : base::TimerNode {
    NextDue next;
    std::function<void()> due;
  };

  std::function<base::SteadyTime()> clock_;
  base::TimerWheel wheel_;
  std::deque<Source> sources_;
};

}  // namespace app

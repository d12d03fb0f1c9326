// Deadlines: wakes a loop for everything that says by itself when it next has something to do (the
// protocol server, the directory, jobs). Asked again at the end of each turn.
//
// Belongs to the loop's thread.
#pragma once

#include <deque>
#include <functional>
#include <optional>

#include "base/time.h"
#include "base/timer_wheel.h"
#include "runtime/event_loop.h"

namespace app {

class Deadlines {
 public:
  using NextDue = std::function<std::optional<base::SteadyTime>()>;

  explicit Deadlines(runtime::EventLoop& loop);
  ~Deadlines();

  // Calls `due` when the time that `next` tells has come.
  void watch(NextDue next, std::function<void()> due);
  // Calls `due` every `interval`.
  void every(base::Duration interval, std::function<void()> due);
  // At the end of each turn.
  void rearm();

 private:
  struct Source : base::TimerNode {
    NextDue next;
    std::function<void()> due;
  };

  runtime::EventLoop& loop_;
  base::TimerWheel wheel_;
  std::deque<Source> sources_;
};

}  // namespace app

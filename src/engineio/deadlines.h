// Deadlines: a TimerWheel that remembers when something is due next.
//
// Finding that out costs a walk over empty slots; it is done after something was due, not once per
// turn of the loop. A cancelled deadline may leave the answer too early, which wakes the loop once
// for nothing.
// Pure; one thread.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <optional>

#include "base/time.h"
#include "base/timer_wheel.h"

namespace engineio {

class Deadlines {
 public:
  // A turn of the wheel covers `longest` up to some 65 s; what lies further ahead is only looked at
  // more often.
  Deadlines(base::Duration longest, base::SteadyTime now)
      : wheel_(kTick, slots_for(longest), now) {}

  void arm(base::TimerNode& node, base::SteadyTime deadline) {
    wheel_.arm(node, deadline);
    if (!next_ || deadline < *next_) next_ = deadline;
  }
  static void cancel(base::TimerNode& node) { base::TimerWheel::cancel(node); }

  // As TimerWheel::advance().
  template <class Due>
  void advance(base::SteadyTime now, Due&& due) {
    if (!next_ || now < *next_) return;
    wheel_.advance(now, due);
    next_ = wheel_.next_due();
  }

  [[nodiscard]] std::optional<base::SteadyTime> next_due() const { return next_; }

 private:
  // Deadlines are kept to the millisecond whatever the tick is; a finer one only costs memory.
  static constexpr base::Duration kTick{16};

  static std::size_t slots_for(base::Duration longest) {
    constexpr std::size_t kFewest = 1U << 6;
    constexpr std::size_t kMost = 1U << 12;
    const auto wanted = static_cast<std::size_t>(std::max<base::Duration::rep>(longest / kTick, 0));
    return std::bit_ceil(std::clamp(wanted + 1, kFewest, kMost));
  }

  base::TimerWheel wheel_;
  std::optional<base::SteadyTime> next_;
};

}  // namespace engineio

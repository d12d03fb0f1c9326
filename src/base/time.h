// Two kinds of time, both in whole milliseconds and both always handed in: SteadyTime, which never
// jumps and decides deadlines, and WallTime (since the Unix epoch), which is what goes on the wire.
// The types have no now(): only runtime/ reads clocks.
#pragma once

#include <chrono>
#include <cstdint>

namespace base {

using Duration = std::chrono::milliseconds;

struct SteadyClock {
  using duration = Duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<SteadyClock>;
  static constexpr bool is_steady = true;
};

struct WallClock {
  using duration = Duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<WallClock>;
  static constexpr bool is_steady = false;
};

using SteadyTime = SteadyClock::time_point;
using WallTime = WallClock::time_point;

// One reading of both clocks; everything done in one turn of a loop shares one.
struct Instant {
  SteadyTime steady{};
  WallTime wall{};
};

inline int64_t to_millis(WallTime t) { return t.time_since_epoch().count(); }
inline WallTime wall_from_millis(int64_t ms) { return WallTime(Duration(ms)); }

}  // namespace base

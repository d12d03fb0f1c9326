#include "runtime/clock.h"

#include <ctime>

namespace runtime {
namespace {

base::Duration read_clock(clockid_t clock) {
  timespec t{};
  clock_gettime(clock, &t);
  return std::chrono::duration_cast<base::Duration>(std::chrono::seconds(t.tv_sec) +
                                                    std::chrono::nanoseconds(t.tv_nsec));
}

}  // namespace

base::Instant read_clocks() {
  return {base::SteadyTime(read_clock(CLOCK_MONOTONIC)),
          base::WallTime(read_clock(CLOCK_REALTIME))};
}

}  // namespace runtime

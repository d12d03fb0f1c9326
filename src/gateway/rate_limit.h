// TokenBucket: `rate` events per second, and four times that at once (contract, section 10:
// limits.events_per_second). 8 bytes a device; pure, time is handed in.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/time.h"

namespace gateway {

class TokenBucket {
 public:
  static constexpr uint32_t kBurst = 4;

  // Full to begin with. `rate` 0: no limit.
  TokenBucket(uint32_t rate, base::SteadyTime now)
      : milli_events_(rate * kBurst * 1000), filled_(stamp(now)) {}

  // Whether one more event is within the limit; if so it is counted.
  bool take(uint32_t rate, base::SteadyTime now) {
    if (rate == 0) return true;
    // The stamps wrap around after 49 days; their difference does not mind.
    const uint64_t elapsed = stamp(now) - filled_;
    filled_ = stamp(now);
    milli_events_ = static_cast<uint32_t>(
        std::min<uint64_t>(milli_events_ + elapsed * rate, uint64_t{rate} * kBurst * 1000));
    if (milli_events_ < 1000) return false;
    milli_events_ -= 1000;
    return true;
  }

 private:
  static uint32_t stamp(base::SteadyTime t) {
    return static_cast<uint32_t>(t.time_since_epoch().count());
  }

  uint32_t milli_events_;
  uint32_t filled_;
};

}  // namespace gateway

// Limits on how often something happens, in as few bytes as a device can spare; pure, time is
// handed in.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/time.h"

namespace gateway {

// Milliseconds that wrap around after 49 days; a difference of two does not mind.
inline uint32_t wrapping_stamp(base::SteadyTime t) {
  return static_cast<uint32_t>(t.time_since_epoch().count());
}

// Lets one through per interval. 4 bytes.
class Throttle {
 public:
  bool pass(base::Duration interval, base::SteadyTime now) {
    const uint32_t stamp = std::max(wrapping_stamp(now), uint32_t{1});
    if (last_ != kNever && stamp - last_ < interval.count()) return false;
    last_ = stamp;
    return true;
  }

 private:
  static constexpr uint32_t kNever = 0;
  uint32_t last_ = kNever;
};

// `rate` events per second, and four times that at once (contract, section 10:
// limits.events_per_second). 8 bytes.
class TokenBucket {
 public:
  static constexpr uint32_t kBurst = 4;

  // Full to begin with. `rate` 0: no limit.
  TokenBucket(uint32_t rate, base::SteadyTime now)
      : milli_events_(rate * kBurst * 1000), filled_(wrapping_stamp(now)) {}

  // Whether one more event is within the limit; if so it is counted.
  bool take(uint32_t rate, base::SteadyTime now) {
    if (rate == 0) return true;
    const uint64_t elapsed = wrapping_stamp(now) - filled_;
    filled_ = wrapping_stamp(now);
    milli_events_ = static_cast<uint32_t>(
        std::min<uint64_t>(milli_events_ + elapsed * rate, uint64_t{rate} * kBurst * 1000));
    if (milli_events_ < 1000) return false;
    milli_events_ -= 1000;
    return true;
  }

 private:
  uint32_t milli_events_;
  uint32_t filled_;
};

}  // namespace gateway

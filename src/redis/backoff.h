// Backoff: how long to wait before the next attempt. It doubles up to a limit, and each delay is
// drawn from all of what it may be ("full jitter"), so that the nodes that lost the same Redis do
// not come back in step. The first attempt after a success waits too, up to the smallest delay.
// Pure.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

#include "base/random.h"
#include "base/time.h"

namespace redis {

class Backoff {
 public:
  Backoff(base::Duration smallest, base::Duration largest)
      : smallest_(smallest), largest_(largest), limit_(smallest) {}

  [[nodiscard]] base::Duration next(base::RandomSource& random) {
    uint32_t drawn = 0;
    random.fill(std::span(reinterpret_cast<uint8_t*>(&drawn), sizeof drawn));
    const auto delay = base::Duration(drawn % static_cast<uint64_t>(limit_.count() + 1));
    limit_ = std::min(largest_, limit_ * 2);
    return delay;
  }
  void succeeded() { limit_ = smallest_; }

 private:
  base::Duration smallest_;
  base::Duration largest_;
  base::Duration limit_;
};

}  // namespace redis

// The store's thread waits for its own deadlines, so it reads the clock itself.
#pragma once

#include <chrono>

#include "base/time.h"

namespace store {

inline base::SteadyTime steady_now() {
  return base::SteadyTime(std::chrono::duration_cast<base::Duration>(
      std::chrono::steady_clock::now().time_since_epoch()));
}

}  // namespace store

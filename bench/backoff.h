// How long an unmodified Socket.IO client waits before it connects again: its defaults are 1 s,
// doubled with each attempt to 5 s at most, and up to half of that more or less. Pure.
#pragma once

#include <algorithm>
#include <cstdint>
#include <random>

#include "bench/clock.h"

namespace bench {

// `attempt` counts from 0.
[[nodiscard]] inline int64_t reconnection_delay(uint32_t attempt, std::mt19937_64& random) {
  constexpr double kFirst = 1.0;
  constexpr double kLongest = 5.0;
  constexpr double kJitter = 0.5;
  const double delay = kFirst * static_cast<double>(1U << std::min(attempt, 10U));
  const double deviation = std::uniform_real_distribution(-kJitter, kJitter)(random) * delay;
  return static_cast<int64_t>(std::min(delay + deviation, kLongest) * 1e9);
}

}  // namespace bench

#include "bench/backoff.h"

#include <gtest/gtest.h>

namespace bench {
namespace {

TEST(ReconnectionDelay, doubles_up_to_five_seconds) {
  std::mt19937_64 random(1);
  const std::pair<double, double> bounds[] = {{0.5, 1.5}, {1, 3}, {2, 5}, {4, 5}, {5, 5}};
  for (uint32_t attempt = 0; attempt < 5; ++attempt) {
    for (int i = 0; i < 100; ++i) {
      const double delay = seconds(reconnection_delay(attempt, random));
      EXPECT_GE(delay, bounds[attempt].first) << attempt;
      EXPECT_LE(delay, bounds[attempt].second) << attempt;
    }
  }
}

}  // namespace
}  // namespace bench

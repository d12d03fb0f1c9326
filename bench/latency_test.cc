#include "bench/latency.h"

#include <gtest/gtest.h>

namespace bench {
namespace {

TEST(Latencies, takes_the_nearest_rank) {
  Latencies latencies;
  EXPECT_EQ(latencies.percentile(0.5), 0);
  for (int64_t value = 100; value >= 1; --value) latencies.add(value);
  EXPECT_EQ(latencies.percentile(0.5), 50);
  EXPECT_EQ(latencies.percentile(0.99), 99);
  EXPECT_EQ(latencies.percentile(1), 100);
  EXPECT_EQ(latencies.percentile(0), 1);
}

}  // namespace
}  // namespace bench

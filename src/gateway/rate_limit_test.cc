#include "gateway/rate_limit.h"

#include <gtest/gtest.h>

namespace gateway {
namespace {

base::SteadyTime at(int64_t millis) { return base::SteadyTime(base::Duration(millis)); }

// How many of `tries` events at once are within the limit.
int taken(TokenBucket& bucket, uint32_t rate, base::SteadyTime now, int tries) {
  int count = 0;
  for (int i = 0; i < tries; ++i) count += bucket.take(rate, now) ? 1 : 0;
  return count;
}

TEST(Throttle, LetsOneThroughPerInterval) {
  constexpr base::Duration kInterval(100);
  Throttle throttle;
  EXPECT_TRUE(throttle.pass(kInterval, at(0)));
  EXPECT_FALSE(throttle.pass(kInterval, at(100)));  // the time 0 is kept as 1
  EXPECT_TRUE(throttle.pass(kInterval, at(101)));
  EXPECT_FALSE(throttle.pass(kInterval, at(200)));
  EXPECT_TRUE(throttle.pass(kInterval, at(1'000)));
}

TEST(Throttle, TheStampWrapsAroundAfter49Days) {
  constexpr int64_t kWrap = int64_t{1} << 32;
  constexpr base::Duration kInterval(100);
  Throttle throttle;
  EXPECT_TRUE(throttle.pass(kInterval, at(kWrap - 50)));
  EXPECT_FALSE(throttle.pass(kInterval, at(kWrap + 49)));
  EXPECT_TRUE(throttle.pass(kInterval, at(kWrap + 50)));
}

TEST(TokenBucket, LetsFourTimesTheRateThroughAtOnce) {
  TokenBucket bucket(50, at(1'000));
  EXPECT_EQ(taken(bucket, 50, at(1'000), 300), 200);
}

TEST(TokenBucket, FillsWithTheRate) {
  TokenBucket bucket(50, at(0));
  taken(bucket, 50, at(0), 200);
  EXPECT_FALSE(bucket.take(50, at(19)));
  EXPECT_TRUE(bucket.take(50, at(20)));
  EXPECT_FALSE(bucket.take(50, at(20)));
  EXPECT_EQ(taken(bucket, 50, at(1'020), 300), 50);
}

TEST(TokenBucket, CountsFractionsThatPassBetweenTries) {
  TokenBucket bucket(3, at(0));
  taken(bucket, 3, at(0), 12);
  int count = 0;
  for (int64_t ms = 1; ms <= 10'000; ++ms) count += bucket.take(3, at(ms)) ? 1 : 0;
  EXPECT_EQ(count, 30);
}

TEST(TokenBucket, NeverHoldsMoreThanTheBurst) {
  TokenBucket bucket(1, at(0));
  EXPECT_EQ(taken(bucket, 1, at(1'000'000), 10), 4);
}

TEST(TokenBucket, ARateOf0IsNoLimit) {
  TokenBucket bucket(0, at(0));
  EXPECT_EQ(taken(bucket, 0, at(0), 1'000), 1'000);
}

TEST(TokenBucket, TheHighestRateThatCanBeSetDoesNotOverflow) {
  constexpr uint32_t kRate = 1'000'000;
  TokenBucket bucket(kRate, at(0));
  EXPECT_TRUE(bucket.take(kRate, at(0)));
  EXPECT_TRUE(bucket.take(kRate, at(int64_t{1} << 31)));
  EXPECT_EQ(taken(bucket, kRate, at(int64_t{1} << 31), 5'000), 5'000);
}

TEST(TokenBucket, TheStampWrapsAroundAfter49Days) {
  constexpr int64_t kWrap = int64_t{1} << 32;
  TokenBucket bucket(10, at(kWrap - 50));
  EXPECT_EQ(taken(bucket, 10, at(kWrap - 50), 100), 40);
  // 100 ms later, on the other side.
  EXPECT_EQ(taken(bucket, 10, at(kWrap + 50), 100), 1);
  EXPECT_FALSE(bucket.take(10, at(kWrap + 149)));
  EXPECT_TRUE(bucket.take(10, at(kWrap + 150)));
}

}  // namespace
}  // namespace gateway

#include "bench/calibration.h"

#include <gtest/gtest.h>

namespace bench {
namespace {

TEST(Calibration, measures_all_three) {
  CalibrationOptions options;
  options.echo_connections = 10;
  options.send_connections = 20;
  options.send_receivers = 5;
  options.rounds_per_second = 200;
  options.seconds = 0.05;
  const Calibration result = calibrate(options);
  for (const Rate& rate : {result.echo, result.echo_spread, result.send_paced, result.send_max}) {
    EXPECT_GT(rate.cpu_us, 0);
    EXPECT_GT(rate.per_second, 0);
  }
  const Calibration middle = mean(result, Calibration());
  EXPECT_DOUBLE_EQ(middle.echo.cpu_us, result.echo.cpu_us / 2);
}

}  // namespace
}  // namespace bench

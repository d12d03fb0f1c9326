#include "bench/redis_process.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "bench/server_process.h"

namespace bench {
namespace {

TEST(RedisProcess, answers_and_comes_back_empty) {
  const TemporaryDirectory directory;
  RedisProcess redis(directory.path(), {});
  const std::string large(100'000, 'x');
  EXPECT_EQ(redis.ask({{"SET", "key", large}, {"GET", "key"}, {"INCR", "count"}, {"GET", "none"}}),
            (std::vector<std::string>{"OK", large, "1", ""}));
  EXPECT_GT(redis.used_memory(), 100'000);
  EXPECT_THROW(redis.ask({{"INCR", "key"}}), std::runtime_error);

  redis.kill();
  EXPECT_THROW(redis.ask({{"PING"}}), std::runtime_error);
  redis.start();
  EXPECT_EQ(redis.ask({{"EXISTS", "key"}})[0], "0");
}

}  // namespace
}  // namespace bench

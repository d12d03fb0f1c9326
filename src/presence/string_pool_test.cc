#include "presence/string_pool.h"

#include <gtest/gtest.h>

namespace presence {
namespace {

TEST(StringPool, KeepsEqualTextOnceAndForgetsItWithItsLastUser) {
  StringPool pool;
  {
    const PooledString first = pool.intern("Firefox");
    PooledString second = pool.intern("Firefox");
    EXPECT_EQ(first.view().data(), second.view().data());
    EXPECT_EQ(pool.size(), 1U);
    second = PooledString();
    EXPECT_EQ(first.view(), "Firefox");
  }
  EXPECT_EQ(pool.size(), 0U);
}

TEST(StringPool, EmptyTextCostsNothing) {
  StringPool pool;
  EXPECT_EQ(pool.intern("").view(), "");
  EXPECT_EQ(pool.size(), 0U);
}

}  // namespace
}  // namespace presence

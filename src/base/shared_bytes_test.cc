#include "base/shared_bytes.h"

#include <gtest/gtest.h>

namespace base {
namespace {

TEST(SharedBytes, JoinsHeadAndTail) {
  const SharedBytes bytes("ab", "cd");
  EXPECT_EQ(bytes.view(), "abcd");
}

TEST(SharedBytes, CopiesShareTheSameMemory) {
  const SharedBytes first("abc");
  const SharedBytes second = first;
  EXPECT_EQ(first.view().data(), second.view().data());
}

TEST(SharedBytes, OutlivesTheOriginal) {
  SharedBytes kept;
  {
    SharedBytes made("abc");
    kept = made;
    made = SharedBytes("other");
  }
  EXPECT_EQ(kept.view(), "abc");
}

TEST(SharedBytes, EmptyHasNoBytes) {
  EXPECT_TRUE(SharedBytes().empty());
  EXPECT_TRUE(SharedBytes("").empty());
  EXPECT_EQ(SharedBytes("").view(), "");
}

}  // namespace
}  // namespace base

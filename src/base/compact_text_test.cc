#include "base/compact_text.h"

#include <gtest/gtest.h>

#include <string>

namespace base {
namespace {

TEST(CompactText, HoldsWhatItWasGiven) {
  using namespace std::string_view_literals;
  for (const std::string_view text : {""sv, "x"sv, "with\0zero"sv, "người dùng"sv}) {
    const CompactText compact(text);
    EXPECT_EQ(compact.view(), text);
    EXPECT_EQ(compact.empty(), text.empty());
  }
  EXPECT_EQ(sizeof(CompactText), 8U);
}

TEST(CompactText, CopiesMovesAndCompares) {
  CompactText a("hello");
  CompactText b = a;
  EXPECT_EQ(a, b);
  const CompactText moved = std::move(b);
  EXPECT_EQ(moved, "hello");
  const CompactText& same = a;
  a = same;
  EXPECT_EQ(a, "hello");
  a = CompactText();
  EXPECT_TRUE(a.empty());
  EXPECT_NE(a, moved);
}

TEST(CompactText, HoldsLongText) {
  const std::string text(70'000, 'x');
  EXPECT_EQ(CompactText(text), text);
}

}  // namespace
}  // namespace base

#include "base/utf8.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstdint>
#include <string>

namespace base {
namespace {

using namespace std::string_view_literals;

// Encodes by arithmetic alone, also what must be refused.
std::string encode(uint32_t code, int length) {
  std::string out;
  if (length == 1) return out += static_cast<char>(code), out;
  const uint32_t lead = length == 2 ? 0xC0 : length == 3 ? 0xE0 : 0xF0;
  out += static_cast<char>(lead | code >> (6 * (length - 1)));
  for (int i = length - 2; i >= 0; --i) out += static_cast<char>(0x80 | (code >> (6 * i) & 0x3F));
  return out;
}

int shortest(uint32_t code) { return code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4; }

TEST(Utf8, EveryCodePointInEveryLengthIsValidExactlyWhenItShouldBe) {
  for (uint32_t code = 0; code < 0x200000; ++code) {
    for (int length = shortest(code); length <= 4; ++length) {
      const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
      const bool right = length == shortest(code) && !surrogate && code <= 0x10FFFF;
      ASSERT_EQ(is_valid_utf8(encode(code, length)), right) << code << " in " << length;
    }
  }
}

TEST(Utf8, EmptyTextIsValid) { EXPECT_TRUE(is_valid_utf8("")); }

TEST(Utf8, RefusesSequencesCutShort) {
  EXPECT_FALSE(is_valid_utf8("a\xC3"));
  EXPECT_FALSE(is_valid_utf8("\xE2\x82"));
  EXPECT_FALSE(is_valid_utf8("\xF0\x9F\x98"));
  EXPECT_FALSE(is_valid_utf8("\xE2\x82z"));
}

TEST(Utf8, RefusesBytesThatStartNothing) {
  for (const char* bad :
       {"\x80", "\xBF", "\xC0\x80", "\xC1\xBF", "\xF5\x80\x80\x80", "\xFE", "\xFF"})
    EXPECT_FALSE(is_valid_utf8(bad));
}

TEST(Utf8, FindsControlCharacters) {
  EXPECT_TRUE(has_control_character("a\0b"sv));
  EXPECT_TRUE(has_control_character("\n"));
  EXPECT_TRUE(has_control_character("\x7F"));
  EXPECT_TRUE(has_control_character("\xC2\x80"));
  EXPECT_TRUE(has_control_character("\xC2\x9F"));
  EXPECT_FALSE(has_control_character("\xC2\xA0"));
  EXPECT_FALSE(has_control_character("Ti\xE1\xBA\xBFng Vi\xE1\xBB\x87t \xF0\x9F\x98\x80"));
}

RC_GTEST_PROP(Utf8Property, ValidTextCutInsideACharacterIsInvalid, ()) {
  const auto code = *rc::gen::inRange<uint32_t>(0x80, 0xD800);
  const std::string text = "a" + encode(code, shortest(code));
  RC_ASSERT(is_valid_utf8(text));
  RC_ASSERT(!is_valid_utf8(std::string_view(text).substr(0, text.size() - 1)));
}

}  // namespace
}  // namespace base

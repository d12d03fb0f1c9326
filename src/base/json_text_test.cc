#include "base/json_text.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

namespace base {
namespace {

std::string quoted(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

TEST(JsonText, EscapesWhatHasToBe) {
  EXPECT_EQ(quoted(""), R"("")");
  EXPECT_EQ(quoted("a\"b\\c\nd\x01"
                   "e\x1f"),
            "\"a\\\"b\\\\c\\nd\\u0001e\\u001f\"");
  EXPECT_EQ(quoted("grüße"), "\"grüße\"");
}

TEST(JsonText, WritesIntegersInFull) {
  std::string out;
  append_json_number(out, std::numeric_limits<int64_t>::min());
  out += ',';
  append_json_number(out, uint64_t{1700000000000});
  EXPECT_EQ(out, "-9223372036854775808,1700000000000");
}

}  // namespace
}  // namespace base

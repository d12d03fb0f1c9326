#include "presence/ids.h"

#include <gtest/gtest.h>

namespace presence {
namespace {

using namespace std::string_view_literals;

TEST(UserId, OneTo128BytesAreAccepted) {
  EXPECT_TRUE(check_user_id("a", "userId"));
  EXPECT_TRUE(check_user_id(std::string(128, 'x'), "userId"));
  EXPECT_TRUE(check_user_id("người dùng 😀", "userId"));
  EXPECT_FALSE(check_user_id("", "userId"));
  EXPECT_FALSE(check_user_id(std::string(129, 'x'), "userId"));
}

TEST(UserId, BrokenUtf8AndControlCharactersAreRefused) {
  for (const std::string_view bad :
       {"\xC0\x80"sv, "a\xED\xA0\x80"sv, "a\0"sv, "a\nb"sv, "\x7F"sv, "\xC2\x85"sv})
    EXPECT_FALSE(check_user_id(bad, "userId"));
}

TEST(UserId, TheRefusalNamesTheField) {
  const auto refused = check_user_id("", "userIds[3]");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, base::ErrorCode::kInvalidArgument);
  EXPECT_EQ(refused.error().message, "userIds[3]: a user id must not be empty");
}

}  // namespace
}  // namespace presence

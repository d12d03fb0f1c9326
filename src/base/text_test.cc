#include "base/text.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace base {
namespace {

TEST(Text, ComparesWithoutCase) {
  EXPECT_TRUE(iequals("WebSocket", "websocket"));
  EXPECT_FALSE(iequals("websocket", "websockets"));
}

TEST(Text, FindsATokenInAList) {
  EXPECT_TRUE(list_contains("keep-alive, Upgrade", "upgrade"));
  EXPECT_FALSE(list_contains("keep-alive, Upgrades", "upgrade"));
  EXPECT_FALSE(list_contains("", "upgrade"));
}

TEST(Text, DecodesPercentEscapes) {
  EXPECT_EQ(percent_decode("a%20b+c", Plus::kLiteral), "a b+c");
  EXPECT_EQ(percent_decode("a%20b+c", Plus::kSpace), "a b c");
  EXPECT_EQ(percent_decode("%4", Plus::kLiteral), std::nullopt);
  EXPECT_EQ(percent_decode("%zz", Plus::kLiteral), std::nullopt);
}

TEST(Text, RefusesMalformedBase64) {
  EXPECT_EQ(base64_decode("YQ"), std::nullopt);
  EXPECT_EQ(base64_decode("YR=="), std::nullopt);
  EXPECT_EQ(base64_decode("Y*=="), std::nullopt);
  EXPECT_EQ(base64_decode("YQ=="), "a");
  EXPECT_EQ(base64_decode(""), "");
  EXPECT_EQ(base64url_decode("a"), std::nullopt);
}

RC_GTEST_PROP(TextProperty, Base64ComesBack, (const std::string& bytes)) {
  RC_ASSERT(base64_decode(base64_encode(bytes)) == bytes);
  const std::span<const uint8_t> raw(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  RC_ASSERT(base64url_decode(base64url_encode(raw)) == bytes);
}

}  // namespace
}  // namespace base

#include "net/http.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace net {
namespace {

using testing::ElementsAre;
using testing::Pair;

TEST(HttpRequest, SplitsTheTarget) {
  HttpRequest request;
  request.target = "/socket.io/?EIO=4&transport=polling?x";
  EXPECT_EQ(request.path(), "/socket.io/");
  EXPECT_EQ(request.query(), "EIO=4&transport=polling?x");
  request.target = "/plain";
  EXPECT_EQ(request.path(), "/plain");
  EXPECT_EQ(request.query(), "");
}

TEST(HttpRequest, FindsHeadersInAnyCase) {
  HttpRequest request;
  request.headers = {{"Origin", "http://a"}, {"origin", "http://b"}};
  EXPECT_EQ(request.header("ORIGIN"), "http://a");
  EXPECT_EQ(request.header("Host"), "");
}

TEST(ParseQuery, DecodesInOrder) {
  EXPECT_THAT(parse_query("a=1&b=x%20y+z&a=2&empty=&bare&&=v"),
              ElementsAre(Pair("a", "1"), Pair("b", "x y z"), Pair("a", "2"), Pair("empty", ""),
                          Pair("bare", ""), Pair("", "v")));
  EXPECT_TRUE(parse_query("").empty());
}

TEST(ParseQuery, KeepsABrokenEscapeAsItWasSent) {
  EXPECT_THAT(parse_query("a=%zz+1&%4=b"), ElementsAre(Pair("a", "%zz+1"), Pair("%4", "b")));
}

TEST(ParseQuery, FindsTheFirstValue) {
  const auto query = parse_query("sid=1&sid=2");
  EXPECT_EQ(query_value(query, "sid"), "1");
  EXPECT_EQ(query_value(query, "EIO"), "");
}

std::string escaped(const std::string& text) {
  static constexpr std::string_view kHex = "0123456789abcdef";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += kHex[byte >> 4];
    out += kHex[byte & 15];
  }
  return out;
}

RC_GTEST_PROP(ParseQueryProperty, EscapedPairsComeBack,
              (const std::vector<std::pair<std::string, std::string>>& pairs)) {
  std::string query;
  for (const auto& [key, value] : pairs) query += "&" + escaped(key) + "=" + escaped(value);
  RC_ASSERT(parse_query(query) == pairs);
}

}  // namespace
}  // namespace net

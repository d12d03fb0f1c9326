#include "socketio/payload.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <boost/json/serialize.hpp>
#include <cmath>
#include <string>

namespace socketio {
namespace {

std::optional<std::string> round_trip(std::string_view text) {
  const auto value = parse_json(text, {});
  if (!value) return std::nullopt;
  std::string out;
  append_json(out, *value);
  return out;
}

TEST(Json, IntegersStayIntegersAndNumbersLookAsInJavaScript) {
  for (const char* same :
       {"1700000000000", "0", "-1", "18446744073709551615", "-9223372036854775808", "1.5", "-0.25",
        "0.000001", "1e-7", "1.5e-7", "1e+21", "1.7976931348623157e+308", "5e-324", "123456789.125",
        "0.1", "100.5"}) {
    EXPECT_EQ(round_trip(same), same);
  }
  EXPECT_EQ(round_trip("1.0"), "1");
  EXPECT_EQ(round_trip("1e3"), "1000");
  EXPECT_EQ(round_trip("1e20"), "100000000000000000000");
  EXPECT_EQ(round_trip("-0.0"), "0");
  EXPECT_EQ(round_trip("[1e400,-1e400]"), "[null,null]");
  EXPECT_EQ(round_trip("1.7e12"), "1700000000000");
}

TEST(Json, DoublesAreReadExactly) {
  for (const char* same : {"0.7390847391087341", "0.1234567890123456", "2.2250738585072014e-308",
                           "8.41e+21", "1.0000900000001153e+32"}) {
    EXPECT_EQ(round_trip(same), same);
  }
  EXPECT_EQ(round_trip("9007199254740993.5"), "9007199254740994");
}

RC_GTEST_PROP(JsonProperty, FractionsOfJavaScriptComeBackAsTheyWere, (uint64_t bits)) {
  // Math.random() gives multiples of 2^-53.
  const uint64_t spread = bits * 0x9e3779b97f4a7c15 + 0x9e3779b97f4a7c15;
  const double number = static_cast<double>(spread >> 11) * 0x1p-53;
  std::string out;
  append_json(out, number);
  RC_ASSERT(round_trip(out) == out);
  RC_ASSERT(parse_json(out, {})->as_double() == number);
}

TEST(Json, ValuesComeBackAsTheyWere) {
  for (const char* same : {R"(["a",1,"2",{"3":[true]}])", R"({})", R"([])", R"([null,false,""])",
                           R"({"a":{"b":[{}]}})", "\"\xf0\x9f\x98\x80\""}) {
    EXPECT_EQ(round_trip(same), same);
  }
}

TEST(Json, BrokenTextIsRefused) {
  for (const char* text : {"", " ", "{", "[1,]", "[1]x", "nul", "'a'", "[\"\x01\"]", "\"\xff\"",
                           "01", "+1", "NaN", "\"\\ud83d"}) {
    EXPECT_FALSE(parse_json(text, {})) << text;
  }
}

TEST(Json, DepthIsBounded) {
  const std::size_t most = kMaxJsonDepth;
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_TRUE(parse_json(nested(most), {}));
  EXPECT_FALSE(parse_json(nested(most + 1), {}));
  EXPECT_FALSE(parse_json(nested(200'000), {}));
}

TEST(Json, HalfASurrogatePairBecomesTheReplacementCharacter) {
  EXPECT_EQ(round_trip(R"("\ud83d")"), "\"\xef\xbf\xbd\"");
  EXPECT_EQ(round_trip(R"("\ude00x")"), "\"\xef\xbf\xbdx\"");
  EXPECT_EQ(round_trip(R"("a\ud83d\u0041")"),
            "\"a\xef\xbf\xbd"
            "A\"");
  EXPECT_EQ(round_trip(R"("\ud83d\ud83d\ude00")"), "\"\xef\xbf\xbd\xf0\x9f\x98\x80\"");
  EXPECT_EQ(round_trip(R"("\\ud83d\ud83d")"), "\"\\\\ud83d\xef\xbf\xbd\"");
  EXPECT_EQ(round_trip(R"("\ud83d\n")"), "\"\xef\xbf\xbd\\n\"");
}

RC_GTEST_PROP(JsonProperty, AnyEscapesAreEitherRepairedOrRefused, ()) {
  const auto pieces = *rc::gen::container<std::vector<std::string>>(rc::gen::element<std::string>(
      "\\ud83d", "\\ude00", "\\u0041", "\\\\", "\\n", "x", "\\u12", "\\", "\xc3\xa9"));
  std::string text = "\"";
  for (const std::string& piece : pieces) text += piece;
  text += '"';
  const auto once = round_trip(text);
  if (once) RC_ASSERT(round_trip(*once) == once);
}

RC_GTEST_PROP(JsonProperty, DoublesReadBackAsTheyWere, (double number)) {
  RC_PRE(std::isfinite(number) && number != 0);
  std::string out;
  append_json(out, number);
  RC_ASSERT(std::stod(out) == number);
  RC_ASSERT(round_trip(out) == out);
}

RC_GTEST_PROP(JsonProperty, StringsReadBackAsTheyWere, (const std::string& in)) {
  std::string text;
  for (const char c : in) text += static_cast<char>(c & 0x7f);
  std::string out;
  append_json(out, boost::json::value(text));
  const auto back = parse_json(out, {});
  RC_ASSERT(back.has_value());
  RC_ASSERT(back->as_string() == text);
}

bool event(std::string_view text) { return valid_event_payload(*parse_json(text, {})); }

TEST(EventPayload, IsANonEmptyArrayThatStartsWithAStringOrANumber) {
  EXPECT_TRUE(event(R"(["a"])"));
  EXPECT_TRUE(event(R"(["",1])"));
  EXPECT_TRUE(event(R"([1,"a"])"));
  EXPECT_TRUE(event(R"([1.5])"));
  for (const char* text : {"{}", "[]", "[{}]", "[null]", "[true]", "[[\"a\"]]", "\"a\"", "1"}) {
    EXPECT_FALSE(event(text)) << text;
  }
}

TEST(EventPayload, DoesNotStartWithAReservedName) {
  for (const char* name : {"connect", "connect_error", "disconnect", "disconnecting", "newListener",
                           "removeListener"}) {
    EXPECT_FALSE(event("[\"" + std::string(name) + "\"]")) << name;
  }
  EXPECT_TRUE(event(R"(["x","connect"])"));
}

bool placeholders(std::string_view text, std::size_t attachments) {
  return valid_placeholders(*parse_json(text, {}), attachments);
}

TEST(Placeholders, NameAnAttachmentThatIsThere) {
  EXPECT_TRUE(placeholders(R"(["a",{"_placeholder":true,"num":0}])", 1));
  EXPECT_TRUE(placeholders(R"(["a",{"x":[{"_placeholder":true,"num":1}]}])", 2));
  EXPECT_TRUE(placeholders(R"(["a",{"_placeholder":false}])", 0));
  EXPECT_TRUE(placeholders(R"(["a",{"_placeholder":1,"num":9}])", 0));
  for (const char* number : {"1", "-1", "0.5", "\"0\"", "null", "1e99", "18446744073709551615"}) {
    EXPECT_FALSE(placeholders(R"([{"_placeholder":true,"num":)" + std::string(number) + "}]", 1))
        << number;
  }
  EXPECT_FALSE(placeholders(R"([{"_placeholder":true}])", 1));
}

}  // namespace
}  // namespace socketio

#include "config/values.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "config/load.h"

namespace config {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

TEST(Durations, Text) {
  EXPECT_EQ(parse_duration("500ms"), base::Duration(500));
  EXPECT_EQ(parse_duration("30s"), seconds(30));
  EXPECT_EQ(parse_duration("5m"), minutes(5));
  EXPECT_EQ(parse_duration("1h"), hours(1));
  EXPECT_EQ(parse_duration("30d"), hours(720));
  EXPECT_EQ(parse_duration("0"), base::Duration(0));
  EXPECT_EQ(parse_duration("0s"), base::Duration(0));
  for (const char* text : {"", "s", "30", "-1s", "+1s", "1.5s", "1 s", " 1s", "1s ", "1S", "1h30m",
                           "1w", "99999999999999999999s", "9223372036854775807d", "0x1s"})
    EXPECT_FALSE(parse_duration(text)) << text;
}

TEST(Durations, FormatIsTheLargestUnitThatFits) {
  EXPECT_EQ(format_duration(base::Duration(0)), "0");
  EXPECT_EQ(format_duration(base::Duration(1500)), "1500ms");
  EXPECT_EQ(format_duration(seconds(90)), "90s");
  EXPECT_EQ(format_duration(seconds(120)), "2m");
  EXPECT_EQ(format_duration(hours(48)), "2d");
  rc::check("a duration survives its text", [] {
    const base::Duration duration(*rc::gen::inRange<int64_t>(0, int64_t{1} << 50));
    RC_ASSERT(parse_duration(format_duration(duration)) == duration);
  });
}

TEST(Endpoints, Text) {
  for (const char* text : {"127.0.0.1:8080", "0.0.0.0:0", "[::1]:8080", "[::]:65535"})
    EXPECT_EQ(parse_endpoint(text).value().to_string(), text);
  EXPECT_EQ(parse_endpoint("localhost:80").value().to_string(), "127.0.0.1:80");
  for (const char* text : {"", ":80", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1",
                           "127.0.0.1:x", "::1:80", "[::1]", "[127.0.0.1]:80", "[::1:80",
                           "example.com:80", "http://127.0.0.1:80", "127.0.0.1:80/"})
    EXPECT_FALSE(parse_endpoint(text)) << text;
}

TEST(Values, WordsForTruth) {
  const Setting& deflate = *find_setting("deflate");
  Settings settings = default_settings();
  for (const char* word : {"true", "yes", "on", "1"}) {
    settings.deflate = false;
    EXPECT_TRUE(assign(deflate, FreeText{word}, settings));
    EXPECT_TRUE(settings.deflate) << word;
  }
  for (const char* word : {"false", "no", "off", "0"}) {
    settings.deflate = true;
    EXPECT_TRUE(assign(deflate, FreeText{word}, settings));
    EXPECT_FALSE(settings.deflate) << word;
  }
  EXPECT_FALSE(assign(deflate, std::string("true"), settings)) << "in TOML it is no string";
}

TEST(Values, ThePathEndsInASlash) {
  Settings settings = default_settings();
  EXPECT_TRUE(assign(*find_setting("path"), FreeText{"/x"}, settings));
  EXPECT_EQ(settings.path, "/x/");
  for (const char* bad : {"", "x", "/a b", "/a?b", "/a#b", "/a%20", "/\xC3\xA4"})
    EXPECT_FALSE(assign(*find_setting("path"), FreeText{bad}, settings)) << bad;
}

TEST(Values, ListsAreSplitAtCommas) {
  Settings settings = default_settings();
  EXPECT_TRUE(assign(*find_setting("cors.origins"), FreeText{"https://a.example , *"}, settings));
  EXPECT_EQ(settings.cors.origins, (std::vector<std::string>{"https://a.example", "*"}));
  EXPECT_TRUE(assign(*find_setting("cors.origins"), FreeText{""}, settings));
  EXPECT_TRUE(settings.cors.origins.empty());
  EXPECT_FALSE(assign(*find_setting("cors.origins"), FreeText{"*,,"}, settings));
}

TEST(Values, ZeroMayBeAWord) {
  Settings settings = default_settings();
  settings.threads = 7;
  EXPECT_TRUE(assign(*find_setting("threads"), std::string("auto"), settings));
  EXPECT_EQ(settings.threads, 0);
  EXPECT_TRUE(assign(*find_setting("disconnect_grace"), int64_t{0}, settings));
  EXPECT_EQ(settings.disconnect_grace, base::Duration(0));
}

TEST(Values, AnyTextEndsInAResultOfOneLine) {
  rc::check("no text breaks a conversion", [](const std::string& text) {
    for (const Setting& setting : setting_table()) {
      if (setting.secret() && text.starts_with('@')) continue;  // would read a file
      Settings settings = default_settings();
      const auto result = assign(setting, FreeText{text}, settings);
      if (!result) RC_ASSERT(result.error().message.find('\n') == std::string::npos);
    }
  });
}

}  // namespace
}  // namespace config

#include "wire/requests.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <initializer_list>
#include <string>
#include <utility>

namespace wire {
namespace {

namespace json = boost::json;

constexpr int64_t kNow = 1'700'000'000'000;
const base::WallTime kWall = base::wall_from_millis(kNow);

const auto kConnect = [](const json::value* v) { return parse_connect(v->as_object()); };
const auto kHeartbeat = [](const json::value* v) { return parse_heartbeat(v); };
const auto kBulk = [](const json::value* v) { return parse_bulk(v); };
const auto kUser = [](const json::value* v) { return parse_user(v); };
const auto kStatus = [](const json::value* v) { return parse_status(v, kWall); };
const auto kContacts = [](const json::value* v) { return parse_contacts_request(v); };
const auto kRefresh = [](const json::value* v) { return parse_refresh(v); };

// What was made of the text, which must not be refused.
template <class Parse>
auto parsed(Parse parse, std::string_view text) {
  const json::value value = json::parse(text);
  auto result = parse(&value);
  EXPECT_TRUE(result) << text << ": " << result.error().message;
  return *std::move(result);
}

// Why the text was refused.
template <class Parse>
std::string refusal(Parse parse, std::string_view text) {
  const json::value value = json::parse(text);
  const auto result = parse(&value);
  if (result) return "<not refused>";
  EXPECT_EQ(result.error().code, base::ErrorCode::kInvalidArgument) << text;
  return result.error().message;
}

template <class Parse>
bool accepts(Parse parse, std::string_view text) {
  const json::value value = json::parse(text);
  return parse(&value).has_value();
}

std::string member(std::string_view name, std::size_t length) {
  return "{\"" + std::string(name) + "\":\"" + std::string(length, 'x') + "\"}";
}

// A field that is a string of `min` to `max` bytes.
template <class Parse>
void expect_limits(Parse parse, std::string_view field, std::size_t max) {
  EXPECT_TRUE(accepts(parse, member(field, max))) << field;
  const std::string message = refusal(parse, member(field, max + 1));
  EXPECT_TRUE(message.starts_with(field)) << message;
  EXPECT_NE(message.find(std::to_string(max)), std::string::npos) << message;
  for (const char* wrong : {"1", "null", "true", "[]", "{}"}) {
    const std::string text = "{\"" + std::string(field) + "\":" + wrong + "}";
    EXPECT_EQ(refusal(parse, text), std::string(field) + " must be a string") << text;
  }
}

TEST(Connect, TakesEveryFieldAndIgnoresOthers) {
  const ConnectPayload payload = parsed(
      kConnect, R"({"token":"t","userId":"alice","deviceId":"d1","snapshot":true,"x":{"y":[1]},
                    "deviceInfo":{"type":"mobile","os":"iOS","browser":"Safari","model":1}})");
  EXPECT_EQ(payload.token, "t");
  EXPECT_EQ(payload.user_id, "alice");
  EXPECT_EQ(payload.device_key, "d1");
  EXPECT_TRUE(payload.snapshot);
  EXPECT_EQ(payload.cursor, "");
  ASSERT_TRUE(payload.info);
  EXPECT_EQ(payload.info->type, presence::DeviceType::mobile);
  EXPECT_EQ(payload.info->os, "iOS");
  EXPECT_EQ(payload.info->browser, "Safari");
}

TEST(Connect, NeedsNoField) {
  const ConnectPayload payload = parsed(kConnect, "{}");
  EXPECT_EQ(payload.token + payload.user_id + payload.device_key + payload.cursor, "");
  EXPECT_FALSE(payload.info);
  EXPECT_FALSE(payload.snapshot);
}

TEST(Connect, ACursorImpliesTheSnapshot) {
  EXPECT_TRUE(parsed(kConnect, R"({"cursor":"c"})").snapshot);
  EXPECT_TRUE(parsed(kConnect, R"({"cursor":"","snapshot":false})").snapshot);
  EXPECT_FALSE(parsed(kConnect, R"({"snapshot":false})").snapshot);
}

TEST(Connect, LimitsAreExact) {
  expect_limits(kConnect, "token", 8 * 1024);
  expect_limits(kConnect, "cursor", 1024);
  expect_limits(kConnect, "userId", 128);
  expect_limits(kConnect, "deviceId", 64);
}

TEST(Connect, AnEmptyTokenOrUserIsNoneButAnEmptyDeviceIdIsRefused) {
  EXPECT_TRUE(accepts(kConnect, R"({"token":"","userId":""})"));
  EXPECT_EQ(refusal(kConnect, R"({"deviceId":""})"), "deviceId must be 1 to 64 bytes long");
}

TEST(Connect, SnapshotIsABoolean) {
  for (const char* wrong : {"1", "null", "\"true\"", "{}"}) {
    EXPECT_EQ(refusal(kConnect, "{\"snapshot\":" + std::string(wrong) + "}"),
              "snapshot must be a boolean");
  }
}

TEST(DeviceInfo, TypeIsOneOfThreeAndWebWhenAbsent) {
  using presence::DeviceType;
  const auto type = [](std::string_view text) { return parsed(kHeartbeat, text).info->type; };
  EXPECT_EQ(type(R"({"deviceInfo":{}})"), DeviceType::web);
  EXPECT_EQ(type(R"({"deviceInfo":{"type":"web"}})"), DeviceType::web);
  EXPECT_EQ(type(R"({"deviceInfo":{"type":"mobile"}})"), DeviceType::mobile);
  EXPECT_EQ(type(R"({"deviceInfo":{"type":"desktop"}})"), DeviceType::desktop);
  for (const char* wrong : {"\"Web\"", "\"\"", "\"tablet\""}) {
    EXPECT_EQ(refusal(kHeartbeat, R"({"deviceInfo":{"type":)" + std::string(wrong) + "}}"),
              "deviceInfo.type must be web, mobile or desktop");
  }
  EXPECT_EQ(refusal(kConnect, R"({"deviceInfo":{"type":null}})"),
            "deviceInfo.type must be a string");
}

TEST(DeviceInfo, IsAnObjectOfBoundedStrings) {
  for (const char* wrong : {"1", "null", "\"web\"", "[]"}) {
    EXPECT_EQ(refusal(kConnect, "{\"deviceInfo\":" + std::string(wrong) + "}"),
              "deviceInfo must be an object");
  }
  for (const std::string field : {"os", "browser"}) {
    const auto info = [&](std::string_view object) {
      return "{\"deviceInfo\":" + std::string(object) + "}";
    };
    EXPECT_TRUE(accepts(kHeartbeat, info(member(field, 512))));
    EXPECT_EQ(refusal(kHeartbeat, info(member(field, 513))),
              "deviceInfo." + field + " must be at most 512 bytes long");
    EXPECT_EQ(refusal(kHeartbeat, info("{\"" + field + "\":7}")),
              "deviceInfo." + field + " must be a string");
  }
}

TEST(Heartbeat, NeedsNoPayload) {
  const auto none = parse_heartbeat(nullptr);
  ASSERT_TRUE(none);
  EXPECT_FALSE(none->idle_ms);
  EXPECT_FALSE(none->info);
  EXPECT_FALSE(parsed(kHeartbeat, "{}").idle_ms);
  for (const char* wrong : {"null", "1", "\"x\"", "[]"})
    EXPECT_EQ(refusal(kHeartbeat, wrong), "payload must be an object");
}

TEST(Heartbeat, IdleTimeIsANumberThatIsNotNegative) {
  const auto idle = [](std::string_view number) {
    return parsed(kHeartbeat, "{\"idleMs\":" + std::string(number) + "}").idle_ms;
  };
  EXPECT_EQ(idle("0"), 0);
  EXPECT_EQ(idle("300000"), 300'000);
  EXPECT_EQ(idle("299999.99"), 299'999);
  EXPECT_EQ(idle("9007199254740991"), 9'007'199'254'740'991);
  for (const char* wrong : {"-1", "-0.5", "9007199254740993", "1e300", "18446744073709551615"}) {
    EXPECT_EQ(refusal(kHeartbeat, "{\"idleMs\":" + std::string(wrong) + "}"),
              "idleMs must be between 0 and 2^53 - 1")
        << wrong;
  }
  for (const char* wrong : {"null", "\"5\"", "true", "[]"}) {
    EXPECT_EQ(refusal(kHeartbeat, "{\"idleMs\":" + std::string(wrong) + "}"),
              "idleMs must be a number");
  }
}

TEST(Heartbeat, TheClientsTimeIsANumberAndNothingElse) {
  EXPECT_TRUE(accepts(kHeartbeat, R"({"timestamp":1.7e12})"));
  EXPECT_TRUE(accepts(kHeartbeat, R"({"timestamp":-5})"));
  EXPECT_EQ(refusal(kHeartbeat, R"({"timestamp":"now"})"), "timestamp must be a number");
}

TEST(Bulk, TakesUpTo1000IdsBeforeDuplicatesAreDropped) {
  const auto list = [](std::size_t count) {
    json::array ids(count, "bob");
    return json::serialize(json::object{{"userIds", ids}});
  };
  EXPECT_EQ(parsed(kBulk, list(0)).user_ids.size(), 0U);
  EXPECT_EQ(parsed(kBulk, list(1000)).user_ids.size(), 1000U);
  EXPECT_EQ(refusal(kBulk, list(1001)), "userIds must have at most 1000 elements");
}

TEST(Bulk, NamesTheFieldOrTheIndexAtFault) {
  EXPECT_EQ(refusal(kBulk, "{}"), "userIds is missing");
  EXPECT_EQ(parse_bulk(nullptr).error().message, "userIds is missing");
  EXPECT_EQ(refusal(kBulk, "[]"), "payload must be an object");
  EXPECT_EQ(refusal(kBulk, R"({"userIds":"bob"})"), "userIds must be an array");
  EXPECT_EQ(refusal(kBulk, R"({"userIds":null})"), "userIds must be an array");
  EXPECT_EQ(refusal(kBulk, R"({"userIds":["bob",7]})"), "userIds[1] must be a string");
  EXPECT_EQ(refusal(kBulk, R"({"userIds":["bob","",7]})"),
            "userIds[1]: a user id must not be empty");
  EXPECT_EQ(refusal(kBulk, R"({"userIds":["a","b","c\u0007"]})"),
            "userIds[2]: a user id holds no control characters");
  const std::string longest(128, 'x');
  EXPECT_TRUE(accepts(kBulk, R"({"userIds":[")" + longest + R"("]})"));
  EXPECT_TRUE(refusal(kBulk, R"({"userIds":[")" + longest + R"(x"]})").starts_with("userIds[0]: "));
}

TEST(User, IsAValidId) {
  const UserPayload payload = parsed(kUser, R"({"userId":"bob","requestId":"r"})");
  EXPECT_EQ(payload.user_id, "bob");
  EXPECT_EQ(payload.request_id, "r");
  EXPECT_EQ(refusal(kUser, "{}"), "userId is missing");
  EXPECT_EQ(parse_user(nullptr).error().message, "userId is missing");
  EXPECT_EQ(refusal(kUser, R"({"userId":null})"), "userId must be a string");
  EXPECT_TRUE(refusal(kUser, R"({"userId":""})").starts_with("userId: "));
  EXPECT_TRUE(accepts(kUser, member("userId", 128)));
  EXPECT_TRUE(refusal(kUser, member("userId", 129)).starts_with("userId: "));
  EXPECT_TRUE(refusal(kUser, R"({"userId":"a\u0085b"})").starts_with("userId: "));
}

TEST(RequestId, IsABoundedString) {
  expect_limits(kContacts, "requestId", 256);
  EXPECT_EQ(parsed(kContacts, R"({"requestId":"r"})"), "r");
  EXPECT_EQ(parsed(kContacts, "{}"), "");
  EXPECT_EQ(*parse_contacts_request(nullptr), "");
  EXPECT_EQ(refusal(kContacts, "null"), "payload must be an object");
  EXPECT_EQ(refusal(kUser, R"({"userId":"bob","requestId":5})"), "requestId must be a string");
  EXPECT_EQ(refusal(kBulk, R"({"userIds":[],"requestId":5})"), "requestId must be a string");
}

TEST(RequestId, IsFoundForTheErrorOfABrokenPayload) {
  const auto of = [](std::string_view text) {
    const json::value value = json::parse(text);
    return request_id_of(&value);
  };
  EXPECT_EQ(of(R"({"userId":7,"requestId":"r"})"), "r");
  EXPECT_EQ(of(R"({"requestId":7})"), "");
  EXPECT_EQ(of(member("requestId", 257)), "");
  EXPECT_EQ(of("[1]"), "");
  EXPECT_EQ(request_id_of(nullptr), "");
}

TEST(ChosenStatus, IsTheWholeChoice) {
  const presence::Choice choice = parsed(
      kStatus, R"({"status":"away","customMessage":"lunch \u2615","expiresAt":1700000060000})");
  EXPECT_EQ(choice.status, presence::Status::away);
  EXPECT_EQ(choice.message, "lunch \xe2\x98\x95");
  EXPECT_EQ(choice.expires_at, base::wall_from_millis(1'700'000'060'000));
  EXPECT_TRUE(parsed(kStatus, R"({"status":"online"})").none());
  EXPECT_EQ(parsed(kStatus, R"({"status":"busy"})").status, presence::Status::busy);
  EXPECT_EQ(parsed(kStatus, R"({"status":"offline"})").status, presence::Status::offline);
}

TEST(ChosenStatus, IsOneOfFour) {
  EXPECT_EQ(refusal(kStatus, "{}"), "status is missing");
  EXPECT_EQ(parse_status(nullptr, kWall).error().message, "status is missing");
  EXPECT_EQ(refusal(kStatus, R"({"status":null})"), "status must be a string");
  for (const std::string wrong : {"", "Online", "dnd", "a status that is longer than any"}) {
    EXPECT_TRUE(refusal(kStatus, R"({"status":")" + wrong + "\"}").starts_with("status must be"));
  }
}

TEST(ChosenStatus, MessageHasAtMost256BytesAndNoControlCharacters) {
  const auto with = [](std::string_view message) {
    return R"({"status":"busy","customMessage":")" + std::string(message) + "\"}";
  };
  EXPECT_TRUE(accepts(kStatus, with(std::string(256, 'x'))));
  EXPECT_EQ(refusal(kStatus, with(std::string(257, 'x'))),
            "customMessage must be at most 256 bytes long");
  // Bytes, not characters: 86 times three of them.
  std::string euros;
  for (int i = 0; i < 86; ++i) euros += "\xe2\x82\xac";
  EXPECT_EQ(refusal(kStatus, with(euros)), "customMessage must be at most 256 bytes long");
  EXPECT_TRUE(accepts(kStatus, with(euros.substr(3))));
  for (const char* control : {"\\u0000", "a\\nb", "\\u001f", "\\u007f", "\\u0080", "\\u009f"}) {
    EXPECT_EQ(refusal(kStatus, with(control)), "customMessage must not contain control characters")
        << control;
  }
  EXPECT_EQ(parsed(kStatus, with("<b>&amp;")).message, "<b>&amp;");
  EXPECT_EQ(parsed(kStatus, with("")).message, "");
  EXPECT_EQ(refusal(kStatus, R"({"status":"busy","customMessage":null})"),
            "customMessage must be a string");
}

TEST(ChosenStatus, ExpiryIsANumberInTheFuture) {
  const auto with = [](std::string_view number) {
    return R"({"status":"busy","expiresAt":)" + std::string(number) + "}";
  };
  EXPECT_EQ(parsed(kStatus, with("1700000000001")).expires_at, base::wall_from_millis(kNow + 1));
  EXPECT_EQ(parsed(kStatus, with("1700000000001.9")).expires_at, base::wall_from_millis(kNow + 1));
  EXPECT_EQ(parsed(kStatus, with("9007199254740991")).expires_at,
            base::wall_from_millis(9'007'199'254'740'991));
  for (const char* past : {"1700000000000", "1700000000000.9", "0", "1"})
    EXPECT_EQ(refusal(kStatus, with(past)), "expiresAt must be in the future") << past;
  for (const char* wrong : {"-1", "9007199254740992", "1e400", "18446744073709551615"}) {
    EXPECT_EQ(refusal(kStatus, with(wrong)), "expiresAt must be between 0 and 2^53 - 1") << wrong;
  }
  for (const char* wrong : {"null", "\"2030-01-01\"", "true"})
    EXPECT_EQ(refusal(kStatus, with(wrong)), "expiresAt must be a number") << wrong;
}

TEST(Attachments, AreNoObjectsOfTheClients) {
  const auto stripped = [](std::string_view text) {
    return boost::json::serialize(without_attachments(boost::json::parse(text)));
  };
  constexpr std::string_view kAttachment = R"({"_placeholder":true,"num":0})";
  const std::string in_field = R"({"deviceInfo":)" + std::string(kAttachment) + R"(,"idleMs":5})";
  EXPECT_EQ(stripped(kAttachment), "null");
  EXPECT_EQ(stripped(in_field), R"({"deviceInfo":null,"idleMs":5})");
  EXPECT_EQ(stripped(R"({"userIds":["a",{"x":)" + std::string(kAttachment) + "}]}"),
            R"({"userIds":["a",{"x":null}]})");
  EXPECT_EQ(stripped(R"({"_placeholder":1})"), R"({"_placeholder":1})");
  EXPECT_EQ(refusal(kHeartbeat, stripped(kAttachment)), "payload must be an object");
  EXPECT_EQ(refusal(kHeartbeat, stripped(in_field)), "deviceInfo must be an object");
}

TEST(Refresh, NeedsATokenOfAtMost8KiB) {
  EXPECT_EQ(parsed(kRefresh, R"({"token":"t"})"), "t");
  expect_limits(kRefresh, "token", 8 * 1024);
  EXPECT_EQ(refusal(kRefresh, "{}"), "token is missing");
  EXPECT_EQ(parse_refresh(nullptr).error().message, "token is missing");
  EXPECT_EQ(refusal(kRefresh, "\"t\""), "payload must be an object");
}

}  // namespace
}  // namespace wire

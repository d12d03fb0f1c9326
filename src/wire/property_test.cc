// Whatever a client sends, the parsers answer; whatever an id or a message is, what is encoded
// parses back to it.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <string>
#include <utility>
#include <vector>

#include "base/utf8.h"
#include "presence/ids.h"
#include "wire/encode.h"
#include "wire/requests.h"

namespace wire {
namespace {

namespace json = boost::json;

const base::WallTime kWall = base::wall_from_millis(1'700'000'000'000);

void append_utf8(std::string& out, uint32_t c) {
  const auto put = [&out](uint32_t byte) { out += static_cast<char>(byte); };
  if (c < 0x80) return put(c);
  if (c < 0x800) {
    put(0xc0 | c >> 6);
  } else if (c < 0x10000) {
    put(0xe0 | c >> 12);
    put(0x80 | (c >> 6 & 0x3f));
  } else {
    put(0xf0 | c >> 18);
    put(0x80 | (c >> 12 & 0x3f));
    put(0x80 | (c >> 6 & 0x3f));
  }
  put(0x80 | (c & 0x3f));
}

// Valid UTF-8 with a liking for what JSON has to escape.
rc::Gen<std::string> text() {
  const auto character = rc::gen::oneOf(rc::gen::inRange<uint32_t>(0, 0x80),
                                        rc::gen::element<uint32_t>('"', '\\', 0x1f, 0x7f, 0x2028),
                                        rc::gen::inRange<uint32_t>(0x80, 0xd800),
                                        rc::gen::inRange<uint32_t>(0xe000, 0x110000));
  return rc::gen::map(rc::gen::container<std::vector<uint32_t>>(character),
                      [](const std::vector<uint32_t>& characters) {
                        std::string out;
                        for (const uint32_t c : characters) append_utf8(out, c);
                        return out;
                      });
}

rc::Gen<std::string> user_id() {
  return rc::gen::suchThat(
      text(), [](const std::string& id) { return presence::check_user_id(id, "id").has_value(); });
}

json::value arbitrary_value(int depth) {
  static const std::vector<std::string> kNames{
      "token",     "userId",    "userIds",  "deviceId", "deviceInfo", "type",
      "os",        "browser",   "idleMs",   "status",   "cursor",     "customMessage",
      "expiresAt", "requestId", "snapshot", "x"};
  switch (*rc::gen::inRange(0, depth > 0 ? 8 : 6)) {
    case 0: return nullptr;
    case 1: return *rc::gen::arbitrary<bool>();
    case 2: return *rc::gen::arbitrary<int64_t>();
    case 3: return *rc::gen::arbitrary<uint64_t>();
    case 4: return *rc::gen::arbitrary<double>();
    case 5:
      return json::value(
          *rc::gen::oneOf(text(), rc::gen::element<std::string>("web", "away", "bob", "offline")));
    case 6: {
      json::array array;
      const int size = *rc::gen::inRange(0, 4);
      for (int i = 0; i < size; ++i) array.push_back(arbitrary_value(depth - 1));
      return array;
    }
    default: {
      json::object object;
      const int size = *rc::gen::inRange(0, 6);
      for (int i = 0; i < size; ++i)
        object[*rc::gen::elementOf(kNames)] = arbitrary_value(depth - 1);
      return object;
    }
  }
}

template <class T>
void expect_sound(const base::Result<T>& result) {
  if (result) return;
  RC_ASSERT(result.error().code == base::ErrorCode::kInvalidArgument);
  RC_ASSERT(!result.error().message.empty());
}

RC_GTEST_PROP(Requests, AnyValueIsTakenOrRefused, ()) {
  const json::value value = arbitrary_value(3);
  if (const json::object* object = value.if_object()) expect_sound(parse_connect(*object));
  expect_sound(parse_heartbeat(&value));
  expect_sound(parse_user(&value));
  expect_sound(parse_contacts_request(&value));
  expect_sound(parse_refresh(&value));
  const auto bulk = parse_bulk(&value);
  expect_sound(bulk);
  if (bulk)
    for (const std::string& id : bulk->user_ids) RC_ASSERT(presence::check_user_id(id, ""));
  const auto choice = parse_status(&value, kWall);
  expect_sound(choice);
  if (choice) {
    RC_ASSERT(choice->message.size() <= presence::kMaxCustomMessageBytes);
    RC_ASSERT(!base::has_control_character(choice->message));
    RC_ASSERT(!choice->expires_at || *choice->expires_at > kWall);
  }
  RC_ASSERT(request_id_of(&value).size() <= kMaxRequestIdBytes);
}

json::value event_of(const std::string& packet) {
  RC_ASSERT(packet.front() == '2');
  return json::parse(std::string_view(packet).substr(1)).as_array().at(1);
}

void expect_text(const json::value& object, std::string_view field, std::string_view expected) {
  const json::value* value = object.as_object().if_contains(field);
  if (expected.empty()) {
    RC_ASSERT(value == nullptr);
  } else {
    RC_ASSERT(value != nullptr && std::string_view(value->as_string()) == expected);
  }
}

RC_GTEST_PROP(Encoding, OfAnyIdMessageAndNumberParsesBack, ()) {
  const std::string id = *user_id();
  const std::string message = *text();
  const std::string request = *text();
  presence::View view;
  view.version = *rc::gen::inRange<presence::Version>(0, presence::Version{1} << 53);
  view.status = presence::Status::away;
  view.message = base::CompactText(message);
  const base::WallTime now =
      base::wall_from_millis(*rc::gen::inRange<int64_t>(0, int64_t{1} << 53));

  std::string status;
  append_status(status, id, view, now, Devices::listed, request);
  const json::value parsed = json::parse(status);
  expect_text(parsed, "userId", id);
  expect_text(parsed, "customMessage", message);
  expect_text(parsed, "requestId", request);
  RC_ASSERT(parsed.at("version").as_int64() == static_cast<int64_t>(view.version));
  RC_ASSERT(parsed.at("lastSeen").as_int64() == base::to_millis(now));
  RC_ASSERT(parsed.at("deviceCount").as_int64() == 0);

  presence::User user;
  user.id = id;
  const json::value event =
      event_of(watcher_event(presence::WatcherEvent::user_status_changed, user, view, now));
  expect_text(event, "userId", id);
  expect_text(event, "customMessage", message);
  RC_ASSERT(event.at("timestamp").as_int64() == base::to_millis(now));
  RC_ASSERT(event.at("version").as_int64() == static_cast<int64_t>(view.version));

  const std::vector<presence::UserId> removed{id};
  const json::value changed = event_of(contacts_changed({}, removed, now));
  RC_ASSERT(std::string_view(changed.at("removed").as_array().at(0).as_string()) == id);

  const json::value error =
      json::parse(presence_error({base::ErrorCode::kUnknownEvent, message}, request, request));
  RC_ASSERT(std::string_view(error.at("event").as_string()) == request);
  expect_text(error, "requestId", request);
}

}  // namespace
}  // namespace wire

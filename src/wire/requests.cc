#include "wire/requests.h"

#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cmath>

#include "base/utf8.h"
#include "presence/ids.h"

namespace wire {
namespace {

namespace json = boost::json;
using base::ErrorCode;
using base::Result;

// Beyond 2^53 a JavaScript number is no exact integer.
constexpr double kMaxSafeInteger = 9007199254740991.0;

tl::unexpected<base::Error> invalid(std::string message) {
  return base::fail(ErrorCode::kInvalidArgument, std::move(message));
}

// The payload as an object; null when the event has none.
Result<const json::object*> as_object(const json::value* payload) {
  if (payload == nullptr) return nullptr;
  if (const json::object* object = payload->if_object()) return object;
  return invalid("payload must be an object");
}

Result<const json::object*> required_object(const json::value* payload, std::string_view field) {
  Result<const json::object*> object = as_object(payload);
  if (object && *object == nullptr) return invalid(fmt::format("{} is missing", field));
  return object;
}

// A string field of at most `max` bytes; an absent one is empty.
Result<std::string_view> string_field(const json::object& object, std::string_view field,
                                      std::size_t max, std::string_view prefix = {}) {
  const json::value* value = object.if_contains(field);
  if (value == nullptr) return std::string_view();
  const json::string* text = value->if_string();
  if (text == nullptr) return invalid(fmt::format("{}{} must be a string", prefix, field));
  if (text->size() > max)
    return invalid(fmt::format("{}{} must be at most {} bytes long", prefix, field, max));
  return std::string_view(*text);
}

// A finite number that is not negative, rounded down.
Result<std::optional<int64_t>> number_field(const json::object& object, std::string_view field) {
  const json::value* value = object.if_contains(field);
  if (value == nullptr) return std::nullopt;
  if (!value->is_number()) return invalid(fmt::format("{} must be a number", field));
  const auto number = value->to_number<double>();
  if (!std::isfinite(number) || number < 0 || number > kMaxSafeInteger)
    return invalid(fmt::format("{} must be between 0 and 2^53 - 1", field));
  return static_cast<int64_t>(number);
}

Result<presence::DeviceType> device_type(std::string_view text) {
  if (text == "web") return presence::DeviceType::web;
  if (text == "mobile") return presence::DeviceType::mobile;
  if (text == "desktop") return presence::DeviceType::desktop;
  return invalid("deviceInfo.type must be web, mobile or desktop");
}

Result<std::optional<presence::DeviceInfo>> device_info(const json::object& object) {
  const json::value* value = object.if_contains("deviceInfo");
  if (value == nullptr) return std::nullopt;
  const json::object* fields = value->if_object();
  if (fields == nullptr) return invalid("deviceInfo must be an object");
  presence::DeviceInfo info;
  constexpr std::string_view kPrefix = "deviceInfo.";
  if (fields->contains("type")) {
    const auto text = string_field(*fields, "type", kMaxDeviceInfoBytes, kPrefix);
    if (!text) return tl::unexpected(text.error());
    const auto type = device_type(*text);
    if (!type) return tl::unexpected(type.error());
    info.type = *type;
  }
  const auto os = string_field(*fields, "os", kMaxDeviceInfoBytes, kPrefix);
  if (!os) return tl::unexpected(os.error());
  const auto browser = string_field(*fields, "browser", kMaxDeviceInfoBytes, kPrefix);
  if (!browser) return tl::unexpected(browser.error());
  info.os = *os;
  info.browser = *browser;
  return info;
}

Result<std::string> request_id(const json::object* object) {
  if (object == nullptr) return std::string();
  const auto text = string_field(*object, "requestId", kMaxRequestIdBytes);
  if (!text) return tl::unexpected(text.error());
  return std::string(*text);
}

Result<presence::Status> status(std::string_view text) {
  if (text == "online") return presence::Status::online;
  if (text == "away") return presence::Status::away;
  if (text == "busy") return presence::Status::busy;
  if (text == "offline") return presence::Status::offline;
  return invalid("status must be online, away, busy or offline");
}

Result<std::string> user_id(const json::value& value, std::string_view field) {
  const json::string* text = value.if_string();
  if (text == nullptr) return invalid(fmt::format("{} must be a string", field));
  if (auto valid = presence::check_user_id(*text, field); !valid)
    return tl::unexpected(valid.error());
  return std::string(*text);
}

}  // namespace

Result<ConnectPayload> parse_connect(const json::object& auth) {
  ConnectPayload payload;
  const auto take = [&](std::string_view field, std::size_t max,
                        std::string& into) -> Result<void> {
    const auto text = string_field(auth, field, max);
    if (!text) return tl::unexpected(text.error());
    into = *text;
    return {};
  };
  if (auto r = take("token", kMaxTokenBytes, payload.token); !r) return tl::unexpected(r.error());
  if (auto r = take("userId", presence::kMaxUserIdBytes, payload.user_id); !r)
    return tl::unexpected(r.error());
  if (auto r = take("deviceId", presence::kMaxDeviceKeyBytes, payload.device_key); !r)
    return tl::unexpected(r.error());
  if (auth.contains("deviceId") && payload.device_key.empty())
    return invalid("deviceId must be 1 to 64 bytes long");
  if (auto r = take("cursor", kMaxCursorBytes, payload.cursor); !r)
    return tl::unexpected(r.error());
  auto info = device_info(auth);
  if (!info) return tl::unexpected(info.error());
  payload.info = std::move(*info);
  if (const json::value* snapshot = auth.if_contains("snapshot")) {
    if (!snapshot->is_bool()) return invalid("snapshot must be a boolean");
    payload.snapshot = snapshot->get_bool();
  }
  payload.snapshot = payload.snapshot || auth.contains("cursor");
  return payload;
}

Result<HeartbeatPayload> parse_heartbeat(const json::value* value) {
  const auto object = as_object(value);
  if (!object) return tl::unexpected(object.error());
  HeartbeatPayload payload;
  if (*object == nullptr) return payload;
  // Clients send it, the guide says so; it is never trusted, but its type is checked.
  if (const json::value* timestamp = (*object)->if_contains("timestamp");
      timestamp != nullptr && !timestamp->is_number())
    return invalid("timestamp must be a number");
  auto info = device_info(**object);
  if (!info) return tl::unexpected(info.error());
  payload.info = std::move(*info);
  const auto idle = number_field(**object, "idleMs");
  if (!idle) return tl::unexpected(idle.error());
  payload.idle_ms = *idle;
  return payload;
}

Result<BulkPayload> parse_bulk(const json::value* value) {
  const auto object = required_object(value, "userIds");
  if (!object) return tl::unexpected(object.error());
  BulkPayload payload;
  auto id = request_id(*object);
  if (!id) return tl::unexpected(id.error());
  payload.request_id = std::move(*id);
  const json::value* list = (*object)->if_contains("userIds");
  if (list == nullptr) return invalid("userIds is missing");
  const json::array* ids = list->if_array();
  if (ids == nullptr) return invalid("userIds must be an array");
  if (ids->size() > kMaxBulkIds)
    return invalid(fmt::format("userIds must have at most {} elements", kMaxBulkIds));
  payload.user_ids.reserve(ids->size());
  for (std::size_t i = 0; i < ids->size(); ++i) {
    const json::string* text = (*ids)[i].if_string();
    if (text == nullptr) return invalid(fmt::format("userIds[{}] must be a string", i));
    // The index is put into words only when it is needed.
    if (auto valid = presence::check_user_id(*text, "userIds"); !valid)
      return tl::unexpected(presence::check_user_id(*text, fmt::format("userIds[{}]", i)).error());
    payload.user_ids.emplace_back(*text);
  }
  return payload;
}

Result<UserPayload> parse_user(const json::value* value) {
  const auto object = required_object(value, "userId");
  if (!object) return tl::unexpected(object.error());
  UserPayload payload;
  auto id = request_id(*object);
  if (!id) return tl::unexpected(id.error());
  payload.request_id = std::move(*id);
  const json::value* user = (*object)->if_contains("userId");
  if (user == nullptr) return invalid("userId is missing");
  auto checked = user_id(*user, "userId");
  if (!checked) return tl::unexpected(checked.error());
  payload.user_id = std::move(*checked);
  return payload;
}

Result<presence::Choice> parse_status(const json::value* value, base::WallTime now) {
  const auto object = required_object(value, "status");
  if (!object) return tl::unexpected(object.error());
  presence::Choice choice;
  if (!(*object)->contains("status")) return invalid("status is missing");
  const auto text = string_field(**object, "status", 16);
  if (!text) return tl::unexpected(text.error());
  const auto chosen = status(*text);
  if (!chosen) return tl::unexpected(chosen.error());
  choice.status = *chosen;
  const auto message = string_field(**object, "customMessage", presence::kMaxCustomMessageBytes);
  if (!message) return tl::unexpected(message.error());
  if (base::has_control_character(*message))
    return invalid("customMessage must not contain control characters");
  choice.message = *message;
  const auto expires_at = number_field(**object, "expiresAt");
  if (!expires_at) return tl::unexpected(expires_at.error());
  if (*expires_at) {
    choice.expires_at = base::wall_from_millis(**expires_at);
    if (*choice.expires_at <= now) return invalid("expiresAt must be in the future");
  }
  return choice;
}

Result<std::string> parse_contacts_request(const json::value* value) {
  const auto object = as_object(value);
  if (!object) return tl::unexpected(object.error());
  return request_id(*object);
}

Result<std::string> parse_refresh(const json::value* value) {
  const auto object = required_object(value, "token");
  if (!object) return tl::unexpected(object.error());
  if (!(*object)->contains("token")) return invalid("token is missing");
  const auto token = string_field(**object, "token", kMaxTokenBytes);
  if (!token) return tl::unexpected(token.error());
  return std::string(*token);
}

json::value without_attachments(const json::value& payload) {
  if (const json::array* array = payload.if_array()) {
    json::array copy;
    copy.reserve(array->size());
    for (const json::value& element : *array) copy.push_back(without_attachments(element));
    return copy;
  }
  const json::object* object = payload.if_object();
  if (object == nullptr) return payload;
  const json::value* mark = object->if_contains("_placeholder");
  if (mark != nullptr && mark->is_bool() && mark->get_bool()) return nullptr;
  json::object copy;
  copy.reserve(object->size());
  for (const auto& [key, value] : *object) copy.emplace(key, without_attachments(value));
  return copy;
}

std::string request_id_of(const json::value* payload) {
  const auto object = as_object(payload);
  if (!object) return {};
  auto id = request_id(*object);
  return id ? std::move(*id) : std::string();
}

}  // namespace wire

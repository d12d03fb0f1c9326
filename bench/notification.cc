#include "bench/notification.h"

#include <array>
#include <charconv>
#include <utility>

namespace bench {
namespace {

constexpr std::string_view kStatus = "\"status\":\"";
constexpr std::string_view kVersion = "\"version\":";

constexpr std::array<std::pair<std::string_view, Event>, 4> kEvents{{
    {"user_online", Event::user_online},
    {"user_offline", Event::user_offline},
    {"user_status_changed", Event::user_status_changed},
    {"presence_snapshot", Event::snapshot},
}};

constexpr std::array<std::pair<std::string_view, Status>, 4> kStatuses{{
    {"online", Status::online},
    {"away", Status::away},
    {"busy", Status::busy},
    {"offline", Status::offline},
}};

// The text between the quotes after the first `key` (which ends with the opening quote).
std::string_view quoted_after(std::string_view text, std::string_view key) {
  const std::size_t at = text.find(key);
  if (at == std::string_view::npos) return {};
  text.remove_prefix(at + key.size());
  return text.substr(0, text.find('"'));
}

uint64_t number_after(std::string_view text, std::string_view key) {
  const std::size_t at = text.find(key);
  if (at == std::string_view::npos) return 0;
  uint64_t value = 0;
  std::from_chars(text.data() + at + key.size(), text.data() + text.size(), value);
  return value;
}

Status parse_status(std::string_view name) {
  for (const auto& [known, status] : kStatuses) {
    if (name == known) return status;
  }
  return Status::unknown;
}

}  // namespace

std::string_view status_name(Status status) {
  for (const auto& [name, known] : kStatuses) {
    if (status == known) return name;
  }
  return "unknown";
}

std::string_view event_name(Event event) {
  for (const auto& [name, known] : kEvents) {
    if (event == known) return name;
  }
  return "another event";
}

std::optional<Notification> scan_notification(std::string_view packet) {
  Notification result;
  const std::string_view name = quoted_after(packet, "[\"");
  for (const auto& [known, event] : kEvents) {
    if (name == known) result.event = event;
  }
  if (result.event == Event::other || result.event == Event::snapshot) return result;
  packet.remove_prefix(name.size() + 3);
  const std::optional<UserIndex> subject = parse_user_name(quoted_after(packet, "\"userId\":\""));
  result.status = parse_status(quoted_after(packet, kStatus));
  result.version = number_after(packet, kVersion);
  if (!subject || result.status == Status::unknown || result.version == 0) return std::nullopt;
  result.subject = *subject;
  return result;
}

std::optional<Ack> scan_ack(std::string_view packet) {
  Ack ack;
  const char* end = packet.data() + packet.size();
  const auto [stopped, error] = std::from_chars(packet.data(), end, ack.id);
  if (error != std::errc() || stopped == end || *stopped != '[') return std::nullopt;
  ack.arguments = packet.substr(static_cast<std::size_t>(stopped - packet.data()));
  return ack;
}

bool is_refusal(const Ack& ack) { return ack.arguments.starts_with("[{\"error\""); }

std::optional<std::vector<Presence>> scan_presences(std::string_view text) {
  constexpr std::string_view kUser = "\"userId\":\"";
  std::vector<Presence> all;
  for (std::size_t at = text.find(kUser); at != std::string_view::npos;) {
    const std::size_t next = text.find(kUser, at + kUser.size());
    const std::string_view entry = text.substr(at, next - at);
    const std::optional<UserIndex> user = parse_user_name(quoted_after(entry, kUser));
    const Status status = parse_status(quoted_after(entry, kStatus));
    if (!user || status == Status::unknown) return std::nullopt;
    all.push_back({*user, status, number_after(entry, kVersion)});
    at = next;
  }
  return all;
}

}  // namespace bench

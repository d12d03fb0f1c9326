// Reading what the server says, by scanning: the generator shares two cores with the server, so it
// looks for the few fields that the accounting needs instead of parsing JSON. It relies on nothing
// about the order of fields. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "bench/contact_graph.h"

namespace bench {

enum class Status : uint8_t { unknown, online, away, busy, offline };
enum class Event : uint8_t { user_online, user_offline, user_status_changed, snapshot, other };

[[nodiscard]] std::string_view status_name(Status status);
[[nodiscard]] std::string_view event_name(Event event);

// An event about one user, as one watcher received it.
struct Notification {
  Event event = Event::other;
  UserIndex subject = 0;
  Status status = Status::unknown;
  uint64_t version = 0;
};

// `packet` is a Socket.IO EVENT of namespace `/` without its type: `["name",{...}]`. Nothing when
// it is one of the three events and lacks a userId of ours, a status or a positive version; a
// presence_snapshot is only named, and an event of any other name is Event::other.
[[nodiscard]] std::optional<Notification> scan_notification(std::string_view packet);

struct Ack {
  uint64_t id = 0;
  std::string_view arguments;  // the JSON array
};
// `packet` is a Socket.IO ACK without its type: `12[...]`.
[[nodiscard]] std::optional<Ack> scan_ack(std::string_view packet);

// True when the acknowledgement is `[{"error":...}]`.
[[nodiscard]] bool is_refusal(const Ack& ack);

// What a snapshot or the answer to a bulk check tells of one user.
struct Presence {
  UserIndex user = 0;
  Status status = Status::unknown;
  uint64_t version = 0;  // 0: none, of somebody never seen

  bool operator==(const Presence&) const = default;
};
// All PresenceStatus objects in `text`, in their order; nothing when one of them cannot be read.
[[nodiscard]] std::optional<std::vector<Presence>> scan_presences(std::string_view text);

}  // namespace bench

// Reading what the server says, by scanning: the generator shares two cores with the server, so it
// looks for the few fields that the accounting needs instead of parsing JSON. It relies on nothing
// about the order of fields. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "bench/contact_graph.h"

namespace bench {

enum class Status : uint8_t { unknown, online, away, busy, offline };
enum class Event : uint8_t { user_online, user_offline, user_status_changed, other };

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
// it is one of the three events and lacks a userId of ours, a status or a positive version; an
// event of any other name is Event::other.
[[nodiscard]] std::optional<Notification> scan_notification(std::string_view packet);

struct Ack {
  uint64_t id = 0;
  std::string_view arguments;  // the JSON array
};
// `packet` is a Socket.IO ACK without its type: `12[...]`.
[[nodiscard]] std::optional<Ack> scan_ack(std::string_view packet);

// True when the acknowledgement is `[{"error":...}]`.
[[nodiscard]] bool is_refusal(const Ack& ack);

// True when `arguments` tells about exactly the users `expected`, in this order, and each of them
// has a status other than offline (BulkPresenceResponse, contract section 3).
[[nodiscard]] bool tells_online(std::string_view arguments, std::span<const UserIndex> expected);

}  // namespace bench

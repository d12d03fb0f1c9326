// The JSON of what the server says: presence objects, events and answers (contract, sections 3 and
// 4). Hand-written because a notification is encoded for every change of every user; each function
// appends one JSON value, or for packets the whole Socket.IO text.
//
// Pure. A field without a value is absent. All times are milliseconds since the Unix epoch.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "presence/directory.h"
#include "presence/effects.h"
#include "presence/user.h"
#include "presence/view.h"

namespace wire {

enum class Devices : uint8_t { omitted, listed };

// A PresenceStatus as watchers see it.
void append_status(std::string& out, std::string_view user, const presence::View& view,
                   base::WallTime now, Devices devices, std::string_view request_id = {});
// One of the user's own: what its devices and the operator see.
void append_own_status(std::string& out, const presence::User& user, base::Instant now,
                       Devices devices, std::string_view request_id = {});
// The same of a user of any node.
void append_own_status(std::string& out, const presence::FullTruth& user, base::WallTime now,
                       Devices devices);
// Marks the object at the end of `out` as what was last known (contract, section 9).
void append_stale(std::string& out);
// Somebody whom the asker may not see, existing or not (contract, section 7).
void append_stranger(std::string& out, std::string_view user, std::string_view request_id = {});
// Whichever of the three the asker may see.
void append_answer(std::string& out, std::string_view user,
                   const presence::Directory::Answer& answer, base::Instant now, Devices devices,
                   std::string_view request_id = {});

// `2["user_online",{...}]` and the other events of a user for its watchers.
std::string watcher_event(presence::WatcherEvent event, const presence::User& user,
                          const presence::View& view, base::WallTime now);
// The same for the user's own devices.
std::string own_event(presence::OwnEvent event, const presence::User& user, base::Instant now);

std::string contacts_changed(std::span<const presence::AddedContact> added,
                             std::span<const presence::UserId> removed, base::WallTime now);

// presence_snapshot's object, for the contacts of the device's user.
std::string snapshot(const presence::Directory& directory, presence::DeviceRef device,
                     std::optional<presence::Version> since, base::Instant now,
                     std::string_view request_id = {});
// BulkPresenceResponse, for one of the user's devices; each id once, in the order asked for.
std::string bulk_response(const presence::Directory& directory, presence::DeviceRef device,
                          std::span<const std::string> user_ids, base::Instant now,
                          std::string_view request_id = {});

// `{"code":...,"message":...}`
void append_error(std::string& out, const base::Error& error);
// presence_error's object.
std::string presence_error(const base::Error& error, std::string_view event,
                           std::string_view request_id);

// `2["name",payload]`
std::string event_packet(std::string_view name, std::string_view payload_json);

}  // namespace wire

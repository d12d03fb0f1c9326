#include "wire/encode.h"

#include <algorithm>
#include <boost/unordered/unordered_flat_set.hpp>
#include <vector>

#include "base/json_text.h"

namespace wire {
namespace {

using base::append_json_number;
using base::append_json_string;

void append_field(std::string& out, std::string_view name_with_colon, std::string_view value) {
  out += name_with_colon;
  append_json_string(out, value);
}

template <std::integral Number>
void append_field(std::string& out, std::string_view name_with_colon, Number value) {
  out += name_with_colon;
  append_json_number(out, value);
}

void append_optional(std::string& out, std::string_view name_with_colon, std::string_view value) {
  if (!value.empty()) append_field(out, name_with_colon, value);
}

void append_visible_devices(std::string& out, const presence::View& view) {
  out += R"(,"devices":[)";
  bool first = true;
  for (const presence::VisibleDevice& device : view.devices) {
    if (!first) out += ',';
    first = false;
    append_field(out, R"({"socketId":)", device.socket_id.view());
    append_field(out, R"(,"deviceType":)", presence::device_type_name(device.type));
    append_field(out, R"(,"connectedAt":)", base::to_millis(device.connected_at));
    out += '}';
  }
  out += ']';
}

std::size_t counted_devices(const presence::User& user) {
  if (user.here == nullptr) return 0;
  const auto& devices = user.here->devices;
  return static_cast<std::size_t>(
      std::count_if(devices.begin(), devices.end(), [](const auto& d) { return d->counts(); }));
}

// The stamp is of the steady clock; against the wall clock it may be a millisecond off.
base::WallTime last_heartbeat(const presence::Device& device, base::Instant now) {
  return std::max(device.connected_at, now.wall - (now.steady - device.last_heard));
}

// Of a Device or of DeviceDetails, whose times are given beside them.
struct DeviceFields {
  std::string_view socket_id;
  presence::DeviceType type;
  std::string_view os;
  std::string_view browser;
  base::WallTime connected_at;
  base::WallTime last_heartbeat;
  std::string_view address;
  std::string_view user_agent;
};

void append_own_device(std::string& out, const DeviceFields& device) {
  if (out.back() != '[') out += ',';
  append_field(out, R"({"socketId":)", device.socket_id);
  append_field(out, R"(,"deviceType":)", presence::device_type_name(device.type));
  append_optional(out, R"(,"os":)", device.os);
  append_optional(out, R"(,"browser":)", device.browser);
  append_field(out, R"(,"connectedAt":)", base::to_millis(device.connected_at));
  append_field(out, R"(,"lastHeartbeat":)", base::to_millis(device.last_heartbeat));
  append_optional(out, R"(,"ipAddress":)", device.address);
  append_optional(out, R"(,"userAgent":)", device.user_agent);
  out += '}';
}

void append_own_devices(std::string& out, const presence::User& user, base::Instant now) {
  out += R"(,"devices":[)";
  if (user.here != nullptr) {
    for (const auto& device : user.here->devices)
      if (device->counts())
        append_own_device(
            out, {device->socket_id.view(), device->type, device->os.view(), device->browser.view(),
                  device->connected_at, last_heartbeat(*device, now), device->address.view(),
                  device->user_agent.view()});
  }
  out += ']';
}

// A user with a live or lingering device is seen now, invisible or not.
base::WallTime own_last_seen(const presence::User& user, base::WallTime now) {
  return counted_devices(user) > 0 ? now : user.last_seen;
}

void append_status_change(std::string& out, std::string_view user, presence::Status status,
                          std::string_view message, bool auto_away, presence::Version version,
                          base::WallTime now) {
  append_field(out, R"({"userId":)", user);
  append_field(out, R"(,"status":)", presence::status_name(status));
  append_optional(out, R"(,"customMessage":)", message);
  append_field(out, R"(,"timestamp":)", base::to_millis(now));
  out += auto_away ? R"(,"autoAway":true)" : R"(,"autoAway":false)";
  append_field(out, R"(,"version":)", version);
  out += '}';
}

std::string_view event_name(presence::WatcherEvent event) {
  switch (event) {
    case presence::WatcherEvent::user_online: return "user_online";
    case presence::WatcherEvent::user_offline: return "user_offline";
    case presence::WatcherEvent::user_status_changed: return "user_status_changed";
    case presence::WatcherEvent::user_devices_changed: break;
  }
  return "user_devices_changed";
}

void open_event(std::string& out, std::string_view name) {
  out += R"(2[")";
  out += name;
  out += R"(",)";
}

}  // namespace

void append_status(std::string& out, std::string_view user, const presence::View& view,
                   base::WallTime now, Devices devices, std::string_view request_id) {
  append_field(out, R"({"userId":)", user);
  append_field(out, R"(,"status":)", presence::status_name(view.status));
  append_field(out, R"(,"lastSeen":)", base::to_millis(view.offline() ? view.last_seen : now));
  append_field(out, R"(,"deviceCount":)", view.devices.size());
  if (devices == Devices::listed && !view.devices.empty()) append_visible_devices(out, view);
  append_optional(out, R"(,"customMessage":)", view.message);
  if (view.auto_away) out += R"(,"autoAway":true)";
  append_field(out, R"(,"version":)", view.version);
  append_optional(out, R"(,"requestId":)", request_id);
  out += '}';
}

void append_own_status(std::string& out, const presence::User& user, base::Instant now,
                       Devices devices, std::string_view request_id) {
  const presence::Decision decision =
      user.here == nullptr ? presence::Decision{} : user.here->told.decision;
  append_field(out, R"({"userId":)", user.id);
  append_field(out, R"(,"status":)", presence::status_name(decision.status));
  append_field(out, R"(,"lastSeen":)", base::to_millis(own_last_seen(user, now.wall)));
  append_field(out, R"(,"deviceCount":)", counted_devices(user));
  if (devices == Devices::listed) append_own_devices(out, user, now);
  append_optional(out, R"(,"customMessage":)", user.message());
  if (decision.auto_away) out += R"(,"autoAway":true)";
  append_field(out, R"(,"version":)", user.own_version);
  append_optional(out, R"(,"requestId":)", request_id);
  out += '}';
}

void append_own_status(std::string& out, const presence::FullTruth& user, base::WallTime now,
                       Devices devices) {
  const presence::Truth& truth = user.truth;
  append_field(out, R"({"userId":)", truth.user);
  append_field(out, R"(,"status":)", presence::status_name(truth.status));
  append_field(out, R"(,"lastSeen":)",
               base::to_millis(truth.devices.empty() ? truth.own_last_seen : now));
  append_field(out, R"(,"deviceCount":)", truth.devices.size());
  if (devices == Devices::listed) {
    out += R"(,"devices":[)";
    for (const presence::DeviceDetails& device : user.devices)
      append_own_device(
          out, {device.socket_id.view(), device.type, device.os, device.browser,
                device.connected_at, device.last_heartbeat, device.address, device.user_agent});
    out += ']';
  }
  append_optional(out, R"(,"customMessage":)", truth.choice.message);
  if (truth.auto_away) out += R"(,"autoAway":true)";
  append_field(out, R"(,"version":)", truth.version);
  out += '}';
}

void append_stale(std::string& out) {
  out.pop_back();
  out += R"(,"stale":true})";
}

void append_stranger(std::string& out, std::string_view user, std::string_view request_id) {
  append_field(out, R"({"userId":)", user);
  out += R"(,"status":"offline","lastSeen":0,"deviceCount":0)";
  append_optional(out, R"(,"requestId":)", request_id);
  out += '}';
}

void append_answer(std::string& out, std::string_view user,
                   const presence::Directory::Answer& answer, base::Instant now, Devices devices,
                   std::string_view request_id) {
  using Relation = presence::Directory::Relation;
  switch (answer.relation) {
    case Relation::self: append_own_status(out, *answer.user, now, devices, request_id); return;
    case Relation::contact:
      append_status(out, user, answer.user->view, now.wall, devices, request_id);
      return;
    case Relation::stranger: append_stranger(out, user, request_id); return;
  }
}

std::string watcher_event(presence::WatcherEvent event, const presence::User& user,
                          const presence::View& view, base::WallTime now) {
  std::string out;
  out.reserve(256);
  open_event(out, event_name(event));
  switch (event) {
    case presence::WatcherEvent::user_online:
      append_status(out, user.id, view, now, Devices::listed);
      break;
    case presence::WatcherEvent::user_offline:
      append_field(out, R"({"userId":)", user.id);
      append_field(out, R"(,"status":"offline","lastSeen":)", base::to_millis(view.last_seen));
      append_field(out, R"(,"offlineReason":)", presence::offline_reason_name(view.reason));
      append_field(out, R"(,"version":)", view.version);
      out += '}';
      break;
    case presence::WatcherEvent::user_status_changed:
      append_status_change(out, user.id, view.status, view.message, view.auto_away, view.version,
                           now);
      break;
    case presence::WatcherEvent::user_devices_changed:
      append_field(out, R"({"userId":)", user.id);
      append_field(out, R"(,"deviceCount":)", view.devices.size());
      append_visible_devices(out, view);
      append_field(out, R"(,"lastSeen":)", base::to_millis(now));
      append_field(out, R"(,"version":)", view.version);
      out += '}';
      break;
  }
  out += ']';
  return out;
}

std::string own_event(presence::OwnEvent event, const presence::User& user, base::Instant now) {
  std::string out;
  if (event == presence::OwnEvent::user_status_changed) {
    open_event(out, "user_status_changed");
    const presence::Decision& decision = user.here->told.decision;
    append_status_change(out, user.id, decision.status, user.message(), decision.auto_away,
                         user.own_version, now.wall);
  } else {
    open_event(out, "user_devices_changed");
    append_field(out, R"({"userId":)", user.id);
    append_field(out, R"(,"deviceCount":)", counted_devices(user));
    append_own_devices(out, user, now);
    append_field(out, R"(,"lastSeen":)", base::to_millis(own_last_seen(user, now.wall)));
    append_field(out, R"(,"version":)", user.own_version);
    out += '}';
  }
  out += ']';
  return out;
}

std::string contacts_changed(std::span<const presence::AddedContact> added,
                             std::span<const presence::UserId> removed, base::WallTime now) {
  std::string out;
  open_event(out, "contacts_changed");
  out += R"({"added":[)";
  bool first = true;
  for (const presence::AddedContact& contact : added) {
    if (!first) out += ',';
    first = false;
    if (contact.blocked) {
      append_stranger(out, contact.user->id);
    } else {
      append_status(out, contact.user->id, contact.user->view, now, Devices::listed);
    }
  }
  out += R"(],"removed":[)";
  first = true;
  for (const presence::UserId& id : removed) {
    if (!first) out += ',';
    first = false;
    append_json_string(out, id);
  }
  out += "]}]";
  return out;
}

std::string snapshot(const presence::Directory& directory, presence::DeviceRef device,
                     std::optional<presence::Version> since, base::Instant now,
                     std::string_view request_id) {
  std::string out = R"({"users":[)";
  bool first = true;
  directory.for_each_contact(device, since,
                             [&](const presence::UserId& id, const presence::User* user) {
                               if (!first) out += ',';
                               first = false;
                               if (user == nullptr) {
                                 append_stranger(out, id);
                               } else {
                                 append_status(out, id, user->view, now.wall, Devices::listed);
                               }
                             });
  out += since ? R"(],"full":false,"cursor":)" : R"(],"full":true,"cursor":)";
  if (const presence::User* owner = directory.user_of(device)) {
    append_json_string(out, presence::encode_cursor(directory.cursor(*owner)));
  } else {
    out += R"("")";
  }
  append_field(out, R"(,"timestamp":)", base::to_millis(now.wall));
  append_optional(out, R"(,"requestId":)", request_id);
  out += '}';
  return out;
}

std::string bulk_response(const presence::Directory& directory, presence::DeviceRef device,
                          std::span<const std::string> user_ids, base::Instant now,
                          std::string_view request_id) {
  std::vector<std::string_view> ids;
  ids.reserve(user_ids.size());
  boost::unordered_flat_set<std::string_view> seen(user_ids.size());
  for (const std::string& id : user_ids)
    if (seen.insert(id).second) ids.push_back(id);
  const auto answers = directory.look_up_all(device, ids);
  std::string out = R"({"users":[)";
  out.reserve(64 + ids.size() * 128);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (i > 0) out += ',';
    append_answer(out, ids[i], answers[i], now, Devices::omitted);
  }
  append_field(out, R"(],"timestamp":)", base::to_millis(now.wall));
  append_optional(out, R"(,"requestId":)", request_id);
  out += '}';
  return out;
}

void append_error(std::string& out, const base::Error& error) {
  append_field(out, R"({"code":)", base::error_code_name(error.code));
  append_field(out, R"(,"message":)", error.message);
  out += '}';
}

std::string presence_error(const base::Error& error, std::string_view event,
                           std::string_view request_id) {
  std::string out;
  append_field(out, R"({"code":)", base::error_code_name(error.code));
  append_field(out, R"(,"message":)", error.message);
  append_field(out, R"(,"event":)", event);
  append_optional(out, R"(,"requestId":)", request_id);
  out += '}';
  return out;
}

std::string event_packet(std::string_view name, std::string_view payload_json) {
  std::string out;
  out.reserve(name.size() + payload_json.size() + 8);
  open_event(out, name);
  out += payload_json;
  out += ']';
  return out;
}

}  // namespace wire

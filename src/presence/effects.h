// Effects: what the domain wants done. Called while an input is applied, in the order in which it
// has to happen. Everything passed is valid during the call only; an implementation may read the
// directory but must not apply another input from inside.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "presence/device.h"
#include "presence/ports.h"
#include "presence/user.h"

namespace presence {

// What watchers are told (contract, section 4).
enum class WatcherEvent : uint8_t {
  user_online,
  user_offline,
  user_status_changed,
  user_devices_changed,
};

// What a user's own devices are told of the user.
enum class OwnEvent : uint8_t { user_status_changed, user_devices_changed };

enum class CloseReason : uint8_t {
  replaced,   // by a connection with the same `deviceId`
  requested,  // by the operator
  forgotten,  // the user was deleted
};

struct AddedContact {
  const User* user;
  bool blocked;  // shown as a stranger
};

// What a node that does not decide by itself has to report of a user: all the devices the user has
// there (User::here), of which `joining` is to become one.
struct Report {
  const User& user;
  OfflineReason reason = OfflineReason::disconnected;  // why the user would be offline now
  DeviceRef origin;                                    // comes back with the decision
  const Device* joining = nullptr;
};

class Effects {
 public:
  virtual ~Effects() = default;

  // Read the user's contact list and answer with the input ContactsLoaded.
  virtual void load_contacts(const UserId& user) = 0;

  // The connection is a device now: answer CONNECT, and with `snapshot` send presence_snapshot
  // before anything else; only what changed since when `since` is given.
  virtual void accepted(DeviceRef device, bool snapshot, std::optional<Version> since) = 0;
  virtual void refused(DeviceRef device, const base::Error& error) = 0;
  // End the connection with a DISCONNECT packet. The domain has already let go of it.
  virtual void close(DeviceRef device, CloseReason reason) = 0;

  // `view` is what is told; for user_offline to one who was blocked it is not the user's own view.
  virtual void tell_watchers(WatcherEvent event, const User& user, const View& view,
                             std::span<const DeviceRef> to) = 0;
  virtual void tell_own(OwnEvent event, const User& user, std::span<const DeviceRef> to) = 0;
  virtual void contacts_changed(std::span<const AddedContact> added,
                                std::span<const UserId> removed, std::span<const DeviceRef> to) = 0;

  // Keep this, within a second.
  virtual void save(const UserRecord& record) = 0;

  // In a cluster: answer with the input Decided.
  virtual void report(const Report& report) { static_cast<void>(report); }
};

}  // namespace presence

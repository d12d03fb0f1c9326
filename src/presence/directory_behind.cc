// Devices that do not read what they are sent: newest state per user wins (docs/adr/0004).

#include <utility>

#include "presence/directory.h"

namespace presence {
namespace {

// Some 50 KB of events: well below what a connection may have waiting before it is behind again.
constexpr int kToldAtOnce = 256;

}  // namespace

void Directory::on(const FellBehind& input) {
  Device* device = lookup(input.device);
  if (device == nullptr || !device->reachable() || device->behind) return;
  device->behind = true;
  behind_[device->ref.index].since = sequence_;
}

void Directory::on(const CaughtUp& input) {
  Device* device = lookup(input.device);
  if (device == nullptr || !device->behind) return;
  const auto place = behind_.find(device->ref.index);
  Behind& behind = place->second;
  User& owner = users_[device->deadline.user];
  recipients_.assign(1, device->ref);
  tell_missed_own(owner, behind);
  for (int told = 0; told < kToldAtOnce && !behind.contacts.empty(); ++told) {
    auto contact = behind.contacts.lower_bound(behind.next);
    if (contact == behind.contacts.end()) contact = behind.contacts.begin();
    const auto [handle, missed] = *contact;
    behind.next = handle + 1;
    behind.contacts.erase(contact);
    tell_missed(owner, users_[handle], missed);
  }
  if (!behind.contacts.empty()) return;
  device->behind = false;
  behind_.erase(place);
}

void Directory::on(const SnapshotTaken& input) {
  const Device* device = lookup(input.device);
  if (device == nullptr || !device->behind) return;
  Behind& behind = behind_.at(device->ref.index);
  behind.since = sequence_;
  behind.contacts.clear();
}

// The event was not sent to those in missing_.
void Directory::note_missed(WatcherEvent event, const User& user) {
  const MissedContact unknown{event != WatcherEvent::user_online};
  for (const DeviceRef ref : missing_) {
    auto& contacts = behind_.at(ref.index).contacts;
    MissedContact& missed = contacts.try_emplace(user.handle, unknown).first->second;
    missed.status |= event != WatcherEvent::user_devices_changed;
    missed.devices |= event != WatcherEvent::user_status_changed;
  }
}

// The viewer's list has lost the subject, which it may get again as somebody new.
void Directory::forget_missed(const User& viewer, UserHandle subject) {
  for (const auto& device : viewer.here->devices)
    if (device->behind) behind_.at(device->ref.index).contacts.erase(subject);
}

// To recipients_: from what the device was told last to what is true now. A second event about the
// same state has a version of its own, as each event has.
void Directory::tell_missed(const User& viewer, User& subject, MissedContact missed) {
  if (viewer.contact(subject.handle)->blocked()) {
    if (!missed.was_visible) return;
    subject.view.version = next_version();
    return tell_gone(subject);
  }
  const View& view = subject.view;
  const auto tell = [&](WatcherEvent event) {
    effects_->tell_watchers(event, subject, view, recipients_);
  };
  if (view.offline()) return tell(WatcherEvent::user_offline);
  if (!missed.was_visible) return tell(WatcherEvent::user_online);
  const bool devices = missed.devices && options_.notify_device_changes;
  if (devices) tell(WatcherEvent::user_devices_changed);
  if (!missed.status) return;
  if (devices) subject.view.version = next_version();
  tell(WatcherEvent::user_status_changed);
}

void Directory::tell_missed_own(User& user, Behind& behind) {
  const bool devices = std::exchange(behind.own_devices, false);
  if (devices) effects_->tell_own(OwnEvent::user_devices_changed, user, recipients_);
  if (!std::exchange(behind.own_status, false)) return;
  if (devices) user.own_version = next_version();
  effects_->tell_own(OwnEvent::user_status_changed, user, recipients_);
}

}  // namespace presence

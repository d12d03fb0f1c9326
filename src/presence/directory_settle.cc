// From what is true of a user to what is told of it: the only place that announces presence.

#include <algorithm>
#include <array>
#include <bit>
#include <string>

#include "base/sip_hash.h"
#include "base/text.h"
#include "presence/directory.h"

namespace presence {

void Directory::clear_recipients() {
  recipients_.clear();
  missing_.clear();
}

// The connections of the user's own devices, into recipients_, or missing_ if they do not read.
void Directory::collect_devices(const ConnectedUser& user, DeviceRef except) {
  for (const auto& device : user.devices) {
    if (device->reachable() && device->ref != except)
      (device->behind ? missing_ : recipients_).push_back(device->ref);
  }
}

// The connections of all watchers, likewise. What an idle user's objects hold has left the
// caches; loops so small that the processor works ahead fetch it for many of them at once.
void Directory::collect_watchers(const User& user) {
  watchers_.clear();
  user.for_each_watcher([&](UserHandle watcher) {
    if (const ConnectedUser* here = users_[watcher].here.get(); here != nullptr)
      watchers_.push_back(here);
  });
  for (const ConnectedUser* watcher : watchers_) __builtin_prefetch(watcher->devices.data());
  for (const ConnectedUser* watcher : watchers_)
    if (!watcher->devices.empty()) __builtin_prefetch(watcher->devices.front().get());
  clear_recipients();
  for (const ConnectedUser* watcher : watchers_) collect_devices(*watcher, kNoDevice);
}

// `reason` is why the user went offline, if that is what happened; `origin` the device that came,
// changed or fell silent, which is not told so.
void Directory::settle(User& user, OfflineReason reason, DeviceRef origin) {
  if (attached_) return report(user, reason, origin);
  const bool was_visible = !user.view.offline();
  announce(user, reason, origin);
  const bool connected =
      user.here != nullptr && std::any_of(user.here->devices.begin(), user.here->devices.end(),
                                          [](const auto& device) { return device->counts(); });
  if (options_.clustered) {
    if (!connected) departures_.push_back({user.id, user.last_seen});
  } else if (connected != user.saved_connected || was_visible == user.view.offline()) {
    user.saved_connected = connected;
    effects_->save(record(user));
  }
}

void Directory::announce(User& user, OfflineReason reason, DeviceRef origin) {
  Decision decision;
  if (user.here != nullptr)
    decision = decide(user.here->devices, user.chosen ? &user.chosen->choice : nullptr,
                      user.here->automatic);
  settle_view(user, decision, reason);
  if (user.here == nullptr) return;
  DeviceKinds kinds{};
  for (const auto& device : user.here->devices)
    if (device->counts()) ++kinds[static_cast<std::size_t>(device->type)];
  settle_own(user, decision, kinds, origin);
}

// With `privacy.manual_offline = hidden`, a device that comes back into view must not be
// recognised: its user would turn out to have been there all the time.
SocketId Directory::visible_id(const Device& device, base::WallTime visible_since) const {
  if (options_.manual_offline == ManualOffline::announced || device.connected_at >= visible_since)
    return device.socket_id;
  std::string text(device.socket_id.view());
  text += std::to_string(base::to_millis(visible_since));
  std::array<uint64_t, 2> hash{};
  for (uint64_t& word : hash) word = base::sip_hash(options_.hash_key, text += '.');
  const auto bytes = std::bit_cast<std::array<uint8_t, sizeof hash>>(hash);
  return SocketId(base::base64url_encode(std::span(bytes).first<15>()));
}

View Directory::next_view(const User& user, const Decision& decision, OfflineReason reason) const {
  View view;
  view.version = user.view.version;
  view.last_seen = user.view.last_seen;
  view.reason = user.view.reason;
  if (decision.status == Status::offline) {
    if (user.view.offline()) return view;
    if (user.chose(Status::offline)) {
      view.last_seen = now_.wall;
      view.reason = options_.manual_offline == ManualOffline::announced
                        ? OfflineReason::manual
                        : OfflineReason::disconnected;
    } else {
      view.last_seen = user.last_seen;
      view.reason = reason;
    }
    return view;
  }
  view.status = decision.status;
  view.auto_away = decision.auto_away;
  view.message = base::CompactText(user.message());
  view.devices.reserve(user.here->devices.size());
  for (const auto& device : user.here->devices) {
    if (!device->counts()) continue;
    view.devices.push_back({visible_id(*device, user.here->visible_since), device->type,
                            std::max(device->connected_at, user.here->visible_since)});
  }
  return view;
}

void Directory::settle_view(User& user, const Decision& decision, OfflineReason reason) {
  tell_change(user, next_view(user, decision, reason));
}

void Directory::tell_change(User& user, View after) {
  const ViewChange change = compare(user.view, after);
  user.view = std::move(after);
  if (!change.any()) return;
  collect_watchers(user);
  if (change.came_online) tell_watchers(WatcherEvent::user_online, user);
  if (change.went_offline) tell_watchers(WatcherEvent::user_offline, user);
  if (change.devices_changed) tell_watchers(WatcherEvent::user_devices_changed, user);
  if (change.status_changed) tell_watchers(WatcherEvent::user_status_changed, user);
}

void Directory::tell_watchers(WatcherEvent event, User& user) {
  user.view.version = next_version();
  if (event == WatcherEvent::user_devices_changed && !options_.notify_device_changes) return;
  if (!recipients_.empty()) effects_->tell_watchers(event, user, user.view, recipients_);
  if (!missing_.empty()) note_missed(event, user);
}

void Directory::settle_own(User& user, const Decision& decision, const DeviceKinds& kinds,
                           DeviceRef origin) {
  OwnTold next;
  next.decision = decision;
  next.chose_offline = user.chose(Status::offline);
  next.message = base::CompactText(user.message());
  next.kinds = kinds;
  OwnTold& told = user.here->told;
  const bool any_before = told.kinds != DeviceKinds{};
  const bool any_after = kinds != DeviceKinds{};

  const bool devices_changed = any_before && any_after && told.kinds != next.kinds;
  const bool choice_edge = told.chose_offline != next.chose_offline;
  // Coming and going with one's devices is no news to them; a chosen `offline` is.
  const bool went_or_came = any_before != any_after && !choice_edge;
  const bool status_changed =
      choice_edge || (!went_or_came && (told.decision != decision || told.message != next.message));
  told = std::move(next);

  if (devices_changed) {
    clear_recipients();
    collect_devices(*user.here, origin);
    user.own_version = next_version();
    if (!recipients_.empty()) effects_->tell_own(OwnEvent::user_devices_changed, user, recipients_);
    for (const DeviceRef ref : missing_) behind_.at(ref.index).own_devices = true;
  }
  if (status_changed) {
    clear_recipients();
    collect_devices(*user.here, kNoDevice);
    user.own_version = next_version();
    if (!recipients_.empty()) effects_->tell_own(OwnEvent::user_status_changed, user, recipients_);
    for (const DeviceRef ref : missing_) behind_.at(ref.index).own_status = true;
  }
  if (any_before != any_after && !status_changed) user.own_version = next_version();
}

}  // namespace presence

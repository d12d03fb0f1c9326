// A node of a cluster: what changes is reported to the decider that all nodes share, and told when
// it has been decided (contract, section 9).

#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>
#include <vector>

#include "presence/directory.h"

namespace presence {

void Directory::report(const User& user, OfflineReason reason, DeviceRef origin,
                       const Device* joining) {
  effects_->report({user, reason, origin, joining});
}

void Directory::on(const Attached&) {
  if (attached_) return;
  attached_ = true;
  for (const Departure& departure : std::exchange(departures_, {})) {
    const User* back = users_.find(departure.user);
    // Whose list is still being read may leave without having joined.
    if (back != nullptr && back->here != nullptr && back->here->contacts_there()) continue;
    User gone;
    gone.id = departure.user;
    gone.last_seen = departure.last_seen;
    report(gone, OfflineReason::disconnected, kNoDevice);
  }
  users_.for_each([this](const User& user) {
    if (user.here != nullptr && user.here->contacts_there())
      report(user, OfflineReason::disconnected, kNoDevice);
  });
}

// What was reported and not decided is told now, and whoever waits to join does so.
void Directory::on(const Detached&) {
  if (!attached_) return;
  attached_ = false;
  std::vector<UserHandle> connected;
  users_.for_each([&](const User& user) {
    if (user.here != nullptr) connected.push_back(user.handle);
  });
  for (const UserHandle handle : connected) {
    User& user = users_[handle];
    if (user.here->loading != nullptr && user.here->loading->contacts_there) {
      const std::unique_ptr<Loading> waiting = std::move(user.here->loading);
      for (Joining& joining : waiting->joining) admit(user, std::move(joining));
    }
    settle(user, OfflineReason::disconnected, kNoDevice);
    release(user);
  }
}

void Directory::on(const Draining& input) {
  options_.disconnect_grace = std::max(options_.disconnect_grace, input.hold);
}

void Directory::on(const Decided& input) {
  User* user = users_.find(input.truth.user);
  if (user == nullptr || !attached_) return;
  drop_replaced(input.truth, *user);
  if (input.joining != kNoDevice) decide_joining(*user, input);
  if (follows(*user) && input.truth.version > user->truth_version)
    adopt(input.truth, *user, input.origin);
  release(*user);
}

void Directory::drop_replaced(const Truth& truth, User& user) {
  if (user.here == nullptr) return;
  auto& devices = user.here->devices;
  for (const SocketId& id : truth.replaced) {
    const auto at = std::find_if(devices.begin(), devices.end(), [&](const auto& device) {
      return device->socket_id == id && device->state != DeviceState::elsewhere;
    });
    if (at == devices.end()) continue;
    if ((*at)->reachable()) {
      untrack(**at);
      effects_->close((*at)->ref, CloseReason::replaced);
    }
    devices.erase(at);
    --device_count_;
  }
}

void Directory::decide_joining(User& user, const Decided& input) {
  if (user.here == nullptr || user.here->loading == nullptr) return;
  auto& waiting = user.here->loading->joining;
  const auto at = std::find_if(waiting.begin(), waiting.end(), [&](const Joining& joining) {
    return joining.device->ref == input.joining;
  });
  if (at == waiting.end()) return;  // gone meanwhile, and that has been reported
  Joining joining = std::move(*at);
  waiting.erase(at);
  if (waiting.empty()) user.here->loading.reset();
  if (input.refused) {
    untrack(*joining.device);
    effects_->refused(joining.device->ref, too_many_devices());
    return;
  }
  if (user.here->devices.empty()) {
    // How the user was before its first device came here is no news to that.
    set_choice(user, input.truth.choice);
    user.here->told.chose_offline = user.chose(Status::offline);
    user.here->told.message = base::CompactText(user.message());
  }
  join(user, std::move(joining));
}

void Directory::adopt(const Truth& truth, User& user, DeviceRef origin) {
  sequence_ = std::max(sequence_, truth.version);
  decided_ = std::max(truth.version, user.view.version + 1);
  // What nobody is told of, such as a device that lingers, is no new version for them.
  const bool first = std::exchange(user.truth_version, truth.version) == 0;
  View after;
  after.version = user.view.version;
  after.last_seen = truth.last_seen;
  after.status = truth.status;
  after.auto_away = truth.auto_away;
  after.message = base::CompactText(truth.message);
  after.reason =
      truth.reason == OfflineReason::manual && options_.manual_offline == ManualOffline::hidden
          ? OfflineReason::disconnected
          : truth.reason;
  DeviceKinds kinds{};
  for (const Truth::Device& device : truth.devices) {
    ++kinds[static_cast<std::size_t>(device.type)];
    if (truth.status == Status::offline) continue;
    after.devices.push_back(
        {device.socket_id, device.type, std::max(device.connected_at, truth.visible_since)});
  }
  tell_change(user, std::move(after));
  if (first) user.view.version = std::max(user.view.version, truth.version);
  if (user.here != nullptr) {
    adopt_own(truth, user);
    settle_own(user, {truth.status, truth.auto_away}, kinds, origin);
  }
  decided_ = 0;
}

void Directory::describe(const Truth::Device& from, Device& device) {
  device.last_heard = now_.steady - (now_.wall - from.last_heartbeat);
  device.address = base::CompactText(from.address);
  device.user_agent = strings_.intern(from.user_agent);
  device.os = strings_.intern(from.os);
  device.browser = strings_.intern(from.browser);
}

// What the user's own devices see, and what the node would decide by if it were alone.
void Directory::adopt_own(const Truth& truth, User& user) {
  if ((user.chosen == nullptr ? Choice{} : user.chosen->choice) != truth.choice)
    set_choice(user, truth.choice);
  user.last_seen = std::max(user.last_seen, truth.own_last_seen);
  user.here->visible_since = truth.visible_since;
  auto& devices = user.here->devices;
  const auto others = std::stable_partition(devices.begin(), devices.end(), [](const auto& device) {
    return device->state != DeviceState::elsewhere;
  });
  std::vector<std::unique_ptr<Device>> earlier(std::make_move_iterator(others),
                                               std::make_move_iterator(devices.end()));
  devices.erase(others, devices.end());
  const auto is_known = [&](const Device& device) {
    return std::any_of(truth.devices.begin(), truth.devices.end(),
                       [&](const auto& known) { return known.socket_id == device.socket_id; });
  };
  // Somebody took this node for dead, or a report is under way: one more does no harm.
  if (std::any_of(devices.begin(), devices.end(),
                  [&](const auto& device) { return device->counts() && !is_known(*device); }))
    report(user, OfflineReason::disconnected, kNoDevice);
  for (const Truth::Device& device : truth.devices) {
    if (device.here) continue;
    const auto same = std::find_if(earlier.begin(), earlier.end(), [&](const auto& one) {
      return one != nullptr && one->socket_id == device.socket_id;
    });
    auto other = same != earlier.end() ? std::move(*same) : std::make_unique<Device>(user.handle);
    other->state = DeviceState::elsewhere;
    other->socket_id = device.socket_id;
    other->type = device.type;
    other->connected_at = device.connected_at;
    other->idle = device.idle;
    if (device.last_heartbeat != base::WallTime{}) describe(device, *other);
    devices.push_back(std::move(other));
  }
  std::stable_sort(devices.begin(), devices.end(),
                   [](const auto& a, const auto& b) { return a->connected_at < b->connected_at; });
}

}  // namespace presence

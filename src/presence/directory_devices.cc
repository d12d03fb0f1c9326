// The devices of a user: joining, being heard, leaving, lingering (contract, sections 2 and 6).

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "presence/directory.h"

namespace presence {
namespace {

constexpr Version kClocksDiffer = 60'000'000;  // microseconds
// Whoever joins again on a connection does so at once; what is forgotten is seldom missed.
constexpr std::size_t kOriginsKept = 1024;

}  // namespace

Device* Directory::lookup(DeviceRef ref) const {
  if (ref.index >= by_ref_.size()) return nullptr;
  Device* device = by_ref_[ref.index];
  return device != nullptr && device->ref == ref ? device : nullptr;
}

void Directory::track(Device& device) {
  CHECK(device.ref.index != kNoDevice.index);
  if (device.ref.index >= by_ref_.size()) by_ref_.resize(device.ref.index + 1);
  CHECK(by_ref_[device.ref.index] == nullptr);  // the caller uses a slot again once it is free
  by_ref_[device.ref.index] = &device;
}

base::Error Directory::too_many_devices() {
  return {base::ErrorCode::kTooManyDevices,
          "the user has as many devices as limits.devices_per_user allows"};
}

void Directory::untrack(Device& device) {
  by_ref_[device.ref.index] = nullptr;
  if (std::exchange(device.behind, false)) behind_.erase(device.ref.index);
}

// Before the device goes, and its connection may stay.
void Directory::remember_origin(const Device& device) {
  if (origins_.size() >= kOriginsKept) origins_.clear();
  origins_[device.ref] = {device.address, device.user_agent};
}

void Directory::on(const Connect& input) {
  User& user = intern(input.user);
  const bool first = user.here == nullptr;
  if (first) {
    user.here = std::make_unique<ConnectedUser>();
    user.here->loading = std::make_unique<Loading>();
    user.here->told.chose_offline = user.chose(Status::offline);
    user.here->told.message = base::CompactText(user.message());
    ++connected_users_;
  }
  Joining joining{std::make_unique<Device>(user.handle), input.snapshot, input.cursor};
  Device& device = *joining.device;
  device.ref = input.device;
  device.socket_id = input.socket_id;
  device.key = base::CompactText(input.device_key);
  device.address = base::CompactText(input.address);
  device.user_agent = strings_.intern(input.user_agent);
  if (const auto origin = origins_.find(input.follows); origin != origins_.end()) {
    device.address = origin->second.address;
    device.user_agent = origin->second.user_agent;
  }
  if (input.info) describe(device, *input.info);
  track(device);
  if (user.here->contacts_there()) {
    admit(user, std::move(joining));
    return;
  }
  user.here->loading->joining.push_back(std::move(joining));
  if (first) effects_->load_contacts(user.id);
}

// True when that is news.
bool Directory::describe(Device& device, const DeviceInfo& info) {
  const bool news = device.type != info.type || device.os.view() != info.os ||
                    device.browser.view() != info.browser;
  device.said_info = true;
  device.type = info.type;
  if (device.os.view() != info.os) device.os = strings_.intern(info.os);
  if (device.browser.view() != info.browser) device.browser = strings_.intern(info.browser);
  return news;
}

// The place of the device that a connection with the same `deviceId` replaces.
std::unique_ptr<Device>* Directory::replaced_by(User& user, const Device& device) {
  if (device.key.empty()) return nullptr;
  for (auto& place : user.here->devices)
    if (place->state != DeviceState::elsewhere && place->key == device.key) return &place;
  return nullptr;
}

void Directory::take_over(std::unique_ptr<Device>& place, std::unique_ptr<Device> device) {
  const std::unique_ptr<Device> old = std::move(place);
  // Nobody is to notice: what the client has not said anew holds on.
  device->idle = old->idle;
  if (!device->said_info) {
    device->type = old->type;
    device->os = old->os;
    device->browser = old->browser;
    device->said_info = old->said_info;
  }
  place = std::move(device);
  if (old->reachable()) {
    remember_origin(*old);
    untrack(*old);
    effects_->close(old->ref, CloseReason::replaced);
  }
}

// A user has at most `devices_per_user` live and stale devices; lingering ones make room.
bool Directory::make_room(User& user) {
  auto& devices = user.here->devices;
  const auto connected = static_cast<std::size_t>(
      std::count_if(devices.begin(), devices.end(),
                    [](const auto& device) { return device->state != DeviceState::lingering; }));
  if (connected >= options_.devices_per_user) return false;
  if (devices.size() >= options_.devices_per_user) {
    const auto lingering = std::find_if(devices.begin(), devices.end(), [](const auto& device) {
      return device->state == DeviceState::lingering;
    });
    devices.erase(lingering);
    --device_count_;
  }
  return true;
}

void Directory::admit(User& user, Joining joining) {
  const DeviceRef ref = joining.device->ref;
  if (attached_) {
    if (user.here->loading == nullptr) {
      user.here->loading = std::make_unique<Loading>();
      user.here->loading->contacts_there = true;
    }
    user.here->loading->joining.push_back(std::move(joining));
    report(user, OfflineReason::disconnected, ref, user.here->loading->joining.back().device.get());
    return;
  }
  if (replaced_by(user, *joining.device) == nullptr && !make_room(user)) {
    untrack(*joining.device);
    effects_->refused(ref, too_many_devices());
    return;
  }
  join(user, std::move(joining));
  settle(user, OfflineReason::disconnected, ref);
}

void Directory::join(User& user, Joining joining) {
  const DeviceRef ref = joining.device->ref;
  std::unique_ptr<Device>* place = replaced_by(user, *joining.device);
  Device& joined = *joining.device;
  joined.state = DeviceState::live;
  joined.connected_at = now_.wall;
  joined.last_heard = now_.steady;
  wheel_.arm(joined.deadline, now_.steady + options_.stale_after);
  if (place != nullptr) {
    take_over(*place, std::move(joining.device));
  } else {
    user.here->devices.push_back(std::move(joining.device));
    ++device_count_;
  }
  effects_->accepted(ref, joining.wants_snapshot, snapshot_since(user, joining.cursor));
}

// The sequence from which `cursor` has to be brought up to date, or nothing when that takes a full
// snapshot: it is of another run or user, or the contact list itself has changed.
std::optional<Version> Directory::snapshot_since(const User& user, std::string_view text) const {
  const std::optional<Cursor> cursor = parse_cursor(text);
  if (!cursor || cursor->run != run_ || cursor->user != user.hash || cursor->sequence > sequence_ ||
      cursor->sequence < horizon_)
    return std::nullopt;
  const auto changed = list_changed_.find(user.id);
  if (changed != list_changed_.end() && changed->second > cursor->sequence) return std::nullopt;
  // The versions of other nodes' users follow the clock of the decider.
  return options_.clustered ? cursor->sequence - kClocksDiffer : cursor->sequence;
}

// True when that made a stale device live again.
bool Directory::hear(Device& device) {
  device.last_heard = now_.steady;
  if (device.state != DeviceState::stale) return false;
  device.state = DeviceState::live;
  wheel_.arm(device.deadline, now_.steady + options_.stale_after);
  return true;
}

void Directory::on(const Heard& input) {
  Device* device = lookup(input.device);
  if (device == nullptr || device->state == DeviceState::joining) return;
  if (hear(*device))
    settle(users_[device->deadline.user], OfflineReason::disconnected, device->ref);
}

void Directory::on(const Heartbeat& input) {
  Device* device = lookup(input.device);
  if (device == nullptr || device->state == DeviceState::joining) return;
  User& user = users_[device->deadline.user];
  bool changed = input.info && describe(*device, *input.info);
  if (input.idle_ms) {
    const bool idle = *input.idle_ms >= options_.auto_away_after.count();
    changed = changed || device->idle != idle;
    device->idle = idle;
  }
  if (!hear(*device) && !changed) return;
  settle(user, OfflineReason::disconnected, device->ref);
}

void Directory::on(const Left& input) {
  Device* device = lookup(input.device);
  if (device == nullptr) return;
  remember_origin(*device);
  User& user = users_[device->deadline.user];
  untrack(*device);
  if (device->state == DeviceState::live) user.last_seen = std::max(user.last_seen, now_.wall);
  remove(user, *device);
}

void Directory::on(const Lost& input) {
  Device* device = lookup(input.device);
  if (device == nullptr) return;
  User& user = users_[device->deadline.user];
  untrack(*device);
  if (device->state != DeviceState::live || options_.disconnect_grace == base::Duration::zero()) {
    if (device->state == DeviceState::live) user.last_seen = std::max(user.last_seen, now_.wall);
    remove(user, *device);
    return;
  }
  device->state = DeviceState::lingering;
  device->ref = kNoDevice;
  device->lost_at = now_.wall;
  wheel_.arm(device->deadline, now_.steady + options_.disconnect_grace);
  settle(user, OfflineReason::disconnected, kNoDevice);
}

void Directory::on(const CloseDevice& input) {
  User* user = users_.find(input.user);
  if (user == nullptr || user->here == nullptr) return;
  for (const auto& device : user->here->devices) {
    if (device->socket_id.view() != input.socket_id || !device->reachable()) continue;
    remember_origin(*device);
    untrack(*device);
    effects_->close(device->ref, CloseReason::requested);
    if (device->state == DeviceState::live) user->last_seen = std::max(user->last_seen, now_.wall);
    remove(*user, *device);
    return;
  }
}

// Takes a device, already untracked, out of its user and tells whom that concerns.
void Directory::remove(User& user, const Device& device) {
  if (device.state == DeviceState::joining) {
    std::erase_if(user.here->loading->joining,
                  [&](const Joining& joining) { return joining.device.get() == &device; });
    if (!user.here->contacts_there()) return;
    if (user.here->loading->joining.empty()) user.here->loading.reset();
    // As far as the decider knows, it may have joined already.
    report(user, OfflineReason::disconnected, kNoDevice);
    release(user);
    return;
  }
  --device_count_;
  auto& devices = user.here->devices;
  devices.erase(std::find_if(devices.begin(), devices.end(),
                             [&](const auto& owned) { return owned.get() == &device; }));
  settle(user, OfflineReason::disconnected, kNoDevice);
  release(user);
}

void Directory::device_due(User& user, Device& device) {
  if (device.state == DeviceState::lingering) {
    user.last_seen = std::max(user.last_seen, device.lost_at);
    remove(user, device);
    return;
  }
  const base::SteadyTime stale_at = device.last_heard + options_.stale_after;
  if (stale_at > now_.steady) {
    wheel_.arm(device.deadline, stale_at);
    return;
  }
  device.state = DeviceState::stale;
  user.last_seen = std::max(user.last_seen, now_.wall - (now_.steady - device.last_heard));
  settle(user, OfflineReason::inactive, device.ref);
}

}  // namespace presence

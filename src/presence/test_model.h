// Model: sections 2 and 4 to 7 of the contract once more, for tests only.
//
// It is written to be read beside the contract and not to be fast: everything that anybody may be
// told is worked out from scratch before and after each change, by looping over everything, and
// the difference is what has to be told. It shares no code with the directory but value types.
// Times are milliseconds since the start of the world.
#pragma once

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "presence/test_world.h"

namespace presence {

class Model {
 public:
  using Key = std::pair<uint32_t, uint32_t>;
  using Told = std::map<Key, std::vector<std::string>>;  // accepted without its snapshot
  static constexpr int64_t kNever = -TestWorld::kWallStart;

  struct Picture {
    Status status = Status::offline;
    bool auto_away = false;
    std::string message;
    std::vector<VisibleDevice> devices;
    int64_t last_seen = kNever;
  };

  explicit Model(const DirectoryOptions& options) : options_(options) {}

  static Key key(DeviceRef device) { return {device.index, device.generation}; }
  Told take_told() { return std::exchange(told_, {}); }

  void advance(int64_t to) {
    while (true) {
      // Devices that joined together go stale in the order of their joining.
      using Due = std::pair<int64_t, uint64_t>;
      std::optional<std::pair<Due, std::function<void()>>> first;
      const auto consider = [&](Due due, std::function<void()> act) {
        if (due.first <= to && (!first || due < first->first)) first = {due, std::move(act)};
      };
      for (auto& [id, user] : users_) {
        for (Device& device : user.devices) {
          if (device.state == State::live)
            consider({device.last_heard + options_.stale_after.count(), device.order},
                     [this, who = id, &device] { go_stale(who, device); });
          if (device.state == State::lingering)
            consider({device.lost_at + options_.disconnect_grace.count(), device.order},
                     [this, who = id, &device] { grace_over(who, device); });
        }
        if (user.expires_at)
          consider({*user.expires_at, 0}, [this, who = id] { choose(who, {}, {}); });
      }
      if (!first) break;
      now_ = std::max(now_, first->first.first);
      first->second();
    }
    now_ = to;
  }

  void connect(const UserId& id, DeviceRef ref, const std::string& device_key,
               std::optional<DeviceType> type) {
    users_[id].joining.push_back({ref, TestWorld::socket_id(ref), device_key,
                                  type.value_or(DeviceType::web), type.has_value(), State::live, 0,
                                  0, 0, 0});
    if (!users_[id].devices.empty()) join_all(id);
  }
  void loaded(const UserId& id) { join_all(id); }
  void load_failed(const UserId& id) {
    for (const Device& device : users_[id].joining) tell(device.ref, "refused store_unavailable");
    users_[id].joining.clear();
  }

  void heartbeat(DeviceRef ref, std::optional<int64_t> idle_ms, std::optional<DeviceType> type) {
    const auto [id, device] = find(ref);
    if (device == nullptr) return;
    step(id, OfflineReason::disconnected, ref, [&, d = device] {
      if (idle_ms) d->idle_ms = *idle_ms;
      if (type) {
        d->type = *type;
        d->said_type = true;
      }
      d->last_heard = now_;
      d->state = State::live;
    });
  }
  void heard(DeviceRef ref) { heartbeat(ref, std::nullopt, std::nullopt); }

  void leave(DeviceRef ref) {
    if (drop_joining(ref)) return;
    const auto [id, device] = find(ref);
    if (device == nullptr) return;
    step(id, OfflineReason::disconnected, kNoDevice, [&, who = id, d = device] {
      if (d->state == State::live) seen(who, now_);
      erase(who, *d);
    });
  }
  void lose(DeviceRef ref) {
    if (drop_joining(ref)) return;
    const auto [id, device] = find(ref);
    if (device == nullptr) return;
    if (device->state == State::stale || options_.disconnect_grace.count() == 0) {
      leave(ref);
      return;
    }
    step(id, OfflineReason::disconnected, kNoDevice, [&, d = device] {
      d->state = State::lingering;
      d->lost_at = now_;
      d->ref = kNoDevice;
    });
  }
  void close(const UserId& id, DeviceRef ref) {
    const auto [owner, device] = find(ref);
    if (device == nullptr || owner != id) return;
    tell(ref, "close requested");
    leave(ref);
  }

  void choose(const UserId& id, const Choice& choice, std::optional<int64_t> expires_at) {
    User& user = users_[id];
    step(id, OfflineReason::manual, kNoDevice, [&] {
      if (user.choice.status == Status::offline && choice.status != Status::offline)
        user.visible_since = now_;
      user.choice = choice;
      user.expires_at = choice.none() ? std::nullopt : expires_at;
    });
  }

  void forget(const UserId& id) {
    User& user = users_[id];
    for (const Device& device : user.joining) tell(device.ref, "refused unauthorized");
    user.joining.clear();
    for (const Device& device : user.devices)
      if (reachable(device)) tell(device.ref, "close forgotten");
    user.last_seen = now_;
    step(id, OfflineReason::disconnected, kNoDevice, [&] {
      user.devices.clear();
      user.choice = {};
      user.expires_at.reset();
    });
    user.last_seen = user.visible_last_seen = kNever;
  }

  void sweep() {
    const int64_t cutoff = now_ - options_.last_seen_retention.count();
    for (auto& [id, user] : users_) {
      if (user.devices.empty() && user.last_seen < cutoff) user.last_seen = kNever;
      if (visible(id).status == Status::offline && user.visible_last_seen < cutoff)
        user.visible_last_seen = kNever;
    }
  }

  // One committed batch; what it amounts to counts, not the steps in between.
  void change(const std::vector<EdgeChange>& changes) {
    const auto edges_before = edges_;
    const auto blocks_before = blocks_;
    std::vector<std::pair<UserId, UserId>> touched;
    for (const EdgeChange& edge : changes) {
      const std::pair<UserId, UserId> pair{edge.viewer, edge.subject};
      if (std::find(touched.begin(), touched.end(), pair) == touched.end()) touched.push_back(pair);
      switch (edge.kind) {
        case EdgeChange::Kind::added: edges_.insert(pair); break;
        case EdgeChange::Kind::removed: edges_.erase(pair); break;
        case EdgeChange::Kind::blocked: blocks_.insert({edge.subject, edge.viewer}); break;
        case EdgeChange::Kind::unblocked: blocks_.erase({edge.subject, edge.viewer}); break;
      }
    }
    std::vector<UserId> viewers;
    std::map<UserId, std::string> added;
    std::map<UserId, std::string> removed;
    for (const auto& pair : touched) {
      const auto& [viewer, subject] = pair;
      const bool listed_before = edges_before.contains(pair);
      const bool listed = edges_.contains(pair);
      const bool blocked_before = blocks_before.contains({subject, viewer});
      const bool blocked = blocks_.contains({subject, viewer});
      if (std::find(viewers.begin(), viewers.end(), viewer) == viewers.end())
        viewers.push_back(viewer);
      if (listed && !listed_before)
        added[viewer] += " +" + subject + ":" + (blocked ? "stranger" : describe(subject));
      if (!listed && listed_before) removed[viewer] += " -" + subject;
      if (listed && listed_before && blocked != blocked_before &&
          visible(subject).status != Status::offline)
        tell_all(viewer, kNoDevice,
                 blocked ? "user_offline " + subject + " disconnected @" + std::to_string(now_)
                         : "user_online " + subject + " " + describe(subject));
    }
    for (const UserId& viewer : viewers)
      if (!(added[viewer] + removed[viewer]).empty())
        tell_all(viewer, kNoDevice, "contacts_changed" + added[viewer] + removed[viewer]);
  }

  // --- What there is

  [[nodiscard]] bool sees(const UserId& viewer, const UserId& subject) const {
    return edges_.contains({viewer, subject}) && !blocks_.contains({subject, viewer});
  }

  // Section 5, line by line.
  [[nodiscard]] Picture visible(const UserId& id) const {
    Picture picture;
    const auto at = users_.find(id);
    if (at == users_.end()) return picture;
    const User& user = at->second;
    picture.last_seen = user.visible_last_seen;
    const Decision status = decide(user);
    picture.status = status.status;
    if (status.status == Status::offline) return picture;
    picture.auto_away = status.auto_away;
    picture.message = user.choice.message;
    for (const Device& device : user.devices)
      if (counts(device))
        picture.devices.push_back(
            {device.socket_id, device.type,
             base::wall_from_millis(TestWorld::kWallStart +
                                    std::max(device.connected_at, user.visible_since))});
    return picture;
  }

  [[nodiscard]] std::string own(const UserId& id) const {
    const auto at = users_.find(id);
    if (at == users_.end()) return "offline";
    const Decision status = decide(at->second);
    return std::string(status_name(status.status)) + (status.auto_away ? " auto" : "") +
           TestWorld::quoted(at->second.choice.message);
  }
  [[nodiscard]] int64_t last_seen(const UserId& id) const {
    const auto at = users_.find(id);
    return at == users_.end() ? kNever : at->second.last_seen;
  }

  static std::string describe(const Picture& picture) {
    if (picture.status == Status::offline) return "offline @" + when(picture.last_seen);
    return std::string(status_name(picture.status)) + (picture.auto_away ? " auto" : "") + " " +
           kinds(picture.devices) + TestWorld::quoted(picture.message);
  }
  static std::string when(int64_t at) { return at == kNever ? "never" : std::to_string(at); }

 private:
  enum class State : uint8_t { live, stale, lingering };
  struct Device {
    DeviceRef ref;
    SocketId socket_id;
    std::string key;
    DeviceType type = DeviceType::web;
    bool said_type = false;
    State state = State::live;
    int64_t connected_at = 0;
    int64_t lost_at = 0;
    int64_t last_heard = 0;
    int64_t idle_ms = 0;
    uint64_t order = 0;
  };
  struct User {
    std::vector<Device> devices;
    std::vector<Device> joining;
    Choice choice;
    std::optional<int64_t> expires_at;
    Decision before_lingering;  // what lines 4 and 6 said when a device was last live
    int64_t last_seen = kNever;
    int64_t visible_last_seen = kNever;
    int64_t visible_since = kNever;
  };

  static bool counts(const Device& d) { return d.state != State::stale; }
  static bool reachable(const Device& d) { return d.state != State::lingering; }

  std::pair<UserId, Device*> find(DeviceRef ref) {
    for (auto& [id, user] : users_)
      for (Device& device : user.devices)
        if (device.ref == ref) return {id, &device};
    return {};
  }
  bool drop_joining(DeviceRef ref) {
    for (auto& [id, user] : users_)
      if (std::erase_if(user.joining, [&](const Device& d) { return d.ref == ref; }) > 0)
        return true;
    return false;
  }
  void erase(const UserId& id, const Device& device) {
    auto& devices = users_[id].devices;
    devices.erase(devices.begin() + (&device - devices.data()));
    if (devices.empty()) users_[id].visible_since = kNever;
  }
  void seen(const UserId& id, int64_t at) {
    users_[id].last_seen = std::max(users_[id].last_seen, at);
  }

  [[nodiscard]] Decision decide_without_choice(const User& user) const {
    bool live = false;
    bool all_idle = true;
    for (const Device& device : user.devices) {
      live = live || device.state == State::live;
      if (counts(device) && device.idle_ms < options_.auto_away_after.count()) all_idle = false;
    }
    if (!live) return user.before_lingering;
    return all_idle ? Decision{Status::away, true} : Decision{Status::online, false};
  }
  [[nodiscard]] Decision decide(const User& user) const {
    if (std::none_of(user.devices.begin(), user.devices.end(), counts)) return {};
    if (user.choice.status != Status::online) return {user.choice.status, false};
    return decide_without_choice(user);
  }

  void go_stale(const UserId& id, Device& device) {
    step(id, OfflineReason::inactive, device.ref, [&] {
      device.state = State::stale;
      seen(id, device.last_heard);
    });
  }
  void grace_over(const UserId& id, Device& device) {
    step(id, OfflineReason::disconnected, kNoDevice, [&] {
      seen(id, device.lost_at);
      erase(id, device);
    });
  }

  void join_all(const UserId& id) {
    for (Device& device : std::exchange(users_[id].joining, {})) join(id, device);
  }
  void join(const UserId& id, Device device) {
    auto& devices = users_[id].devices;
    const auto same = std::find_if(devices.begin(), devices.end(), [&](const Device& d) {
      return !device.key.empty() && d.key == device.key;
    });
    const auto connected =
        static_cast<std::size_t>(std::count_if(devices.begin(), devices.end(), reachable));
    if (same == devices.end() && connected >= options_.devices_per_user) {
      tell(device.ref, "refused too_many_devices");
      return;
    }
    const DeviceRef ref = device.ref;
    const DeviceRef replaced = same != devices.end() && reachable(*same) ? same->ref : kNoDevice;
    if (replaced != kNoDevice) tell(replaced, "close replaced");
    tell(ref, "accepted");
    step(id, OfflineReason::disconnected, ref, [&] {
      device.connected_at = device.last_heard = now_;
      device.order = ++joined_;
      if (same != devices.end()) {
        device.idle_ms = same->idle_ms;
        if (!device.said_type) {
          device.type = same->type;
          device.said_type = same->said_type;
        }
        *same = device;
        return;
      }
      if (devices.size() >= options_.devices_per_user)
        devices.erase(std::find_if(devices.begin(), devices.end(),
                                   [](const Device& d) { return d.state == State::lingering; }));
      devices.push_back(device);
    });
  }

  struct Own {
    Decision status;
    std::string message;
    bool chose_offline = false;
    std::vector<VisibleDevice> devices;
  };
  [[nodiscard]] Own own_picture(const User& user) const {
    Own own{decide(user), user.choice.message, user.choice.status == Status::offline, {}};
    for (const Device& device : user.devices)
      if (counts(device)) own.devices.push_back({device.socket_id, device.type, {}});
    return own;
  }

  template <class Change>
  void step(const UserId& id, OfflineReason reason, DeviceRef origin, Change&& change) {
    User& user = users_[id];
    const Picture before = visible(id);
    const Own own_before = own_picture(user);
    change();
    user.before_lingering = decide_without_choice(user);
    Picture after = visible(id);
    if (before.status != Status::offline && after.status == Status::offline) {
      const bool manual = user.choice.status == Status::offline;
      user.visible_last_seen = after.last_seen = manual ? now_ : user.last_seen;
      if (manual)
        reason = options_.manual_offline == ManualOffline::announced ? OfflineReason::manual
                                                                     : OfflineReason::disconnected;
    }
    tell_watchers(id, before, after, reason);
    tell_own(id, own_before, own_picture(user), origin);
  }

  void tell_watchers(const UserId& id, const Picture& before, const Picture& after,
                     OfflineReason reason) {
    std::vector<std::string> lines;
    const bool was = before.status != Status::offline;
    const bool is = after.status != Status::offline;
    if (!was && is) lines.push_back("user_online " + id + " " + describe(after));
    if (was && !is)
      lines.push_back("user_offline " + id + " " + std::string(offline_reason_name(reason)) + " @" +
                      when(after.last_seen));
    if (was && is) {
      if (options_.notify_device_changes && counted(before.devices) != counted(after.devices))
        lines.push_back("user_devices_changed " + id + " " + kinds(after.devices));
      if (before.status != after.status || before.auto_away != after.auto_away ||
          before.message != after.message)
        lines.push_back("user_status_changed " + id + " " + std::string(status_name(after.status)) +
                        (after.auto_away ? " auto" : "") + TestWorld::quoted(after.message));
    }
    for (const auto& [viewer, user] : users_)
      if (viewer != id && sees(viewer, id))
        for (const std::string& line : lines) tell_all(viewer, kNoDevice, line);
  }

  void tell_own(const UserId& id, const Own& before, const Own& after, DeviceRef origin) {
    const bool was = !before.devices.empty();
    const bool is = !after.devices.empty();
    if (was && is && counted(before.devices) != counted(after.devices))
      tell_all(id, origin, "own user_devices_changed " + kinds(after.devices));
    const bool choice_edge = before.chose_offline != after.chose_offline;
    const bool changed = before.status != after.status || before.message != after.message;
    if (choice_edge || (was == is && changed))
      tell_all(id, kNoDevice, "own user_status_changed " + own(id));
  }

  static std::array<int, 3> counted(const std::vector<VisibleDevice>& devices) {
    std::array<int, 3> counts{};
    for (const VisibleDevice& device : devices) ++counts[static_cast<std::size_t>(device.type)];
    return counts;
  }
  static std::string kinds(const std::vector<VisibleDevice>& devices) {
    std::string out;
    for (const VisibleDevice& device : devices)
      out += (out.empty() ? "" : ",") + std::string(device_type_name(device.type));
    return out;
  }
  [[nodiscard]] std::string describe(const UserId& id) const { return describe(visible(id)); }

  void tell(DeviceRef device, const std::string& line) { told_[key(device)].push_back(line); }
  void tell_all(const UserId& id, DeviceRef except, const std::string& line) {
    const auto at = users_.find(id);
    if (at == users_.end()) return;
    for (const Device& device : at->second.devices)
      if (reachable(device) && device.ref != except) tell(device.ref, line);
  }

  DirectoryOptions options_;
  int64_t now_ = 0;
  uint64_t joined_ = 0;
  std::map<UserId, User> users_;
  std::set<std::pair<UserId, UserId>> edges_;   // viewer, subject
  std::set<std::pair<UserId, UserId>> blocks_;  // blocker, blocked
  Told told_;
};

}  // namespace presence

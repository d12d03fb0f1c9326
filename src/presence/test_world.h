// TestWorld: a directory with everything around it simulated, for tests only.
//
// It owns both clocks, numbers the connections as a gateway would, keeps the edges as a contact
// source would, and records what each device is told as one line of text per event, so that a test
// reads as the story it tells. Times in the lines are milliseconds since the start of the world.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "presence/directory.h"

namespace presence {

// One effect as one device noticed it, with everything copied.
struct Delivery {
  std::string name;  // of the event; own events begin with "own "
  std::string text;  // name and content, without versions
  UserId subject;
  Version version = 0;
  View view;                        // of watcher events
  std::vector<ContactEntry> added;  // of contacts_changed; with `blocked` shown as a stranger
  std::vector<UserId> removed;      // of contacts_changed
  std::map<UserId, View> snapshot;  // of accepted; strangers are absent
  std::optional<Version> since;     // of accepted
};

struct ConnectOptions {
  std::string key{};
  std::optional<DeviceType> type{};
  bool snapshot = false;
  std::string cursor{};
  DeviceRef follows = kNoDevice;  // on the same connection, whose handshake is not known any more
};

class TestWorld : public Effects {
 public:
  using Ms = base::Duration;
  static constexpr int64_t kWallStart = 1'700'000'000'000;
  static constexpr int64_t kSteadyStart = 5'000'000;

  explicit TestWorld(const DirectoryOptions& options = {}, Version sequence = 1000)
      : options_(options), directory_(options, sequence, now()) {}

  // --- Time

  [[nodiscard]] base::Instant now() const {
    return {base::SteadyTime(Ms(kSteadyStart + elapsed_)),
            base::wall_from_millis(kWallStart + elapsed_ + wall_offset_)};
  }
  [[nodiscard]] int64_t elapsed() const { return elapsed_; }
  // Sets the wall clock forward or back without any time passing.
  void jump_wall(Ms by) { wall_offset_ += by.count(); }

  // Lets time pass, waking the directory exactly when it asks for it.
  void advance(Ms by) {
    const int64_t target = elapsed_ + by.count();
    for (auto due = directory_.next_deadline(); due; due = directory_.next_deadline()) {
      const int64_t at = due->time_since_epoch().count() - kSteadyStart;
      if (at > target) break;
      elapsed_ = std::max(elapsed_, at);
      apply(Tick{});
    }
    elapsed_ = target;
  }

  // --- Devices

  DeviceRef connect(const UserId& user, const ConnectOptions& with = {}) {
    Connect input;
    input.device = new_ref();
    input.user = user;
    input.socket_id = socket_id(input.device);
    input.device_key = with.key;
    if (with.type) input.info = DeviceInfo{*with.type, "Linux", "Firefox"};
    input.follows = with.follows;
    if (with.follows == kNoDevice) {
      input.address = "192.0.2.1";
      input.user_agent = "test";
    }
    input.snapshot = with.snapshot || !with.cursor.empty();
    input.cursor = with.cursor;
    owners_[key(input.device)] = user;
    apply(input);
    answer_loads();
    return input.device;
  }
  void heartbeat(DeviceRef device, std::optional<int64_t> idle_ms = std::nullopt,
                 std::optional<DeviceType> type = std::nullopt) {
    Heartbeat input{device, idle_ms, std::nullopt};
    if (type) input.info = DeviceInfo{*type, "Linux", "Firefox"};
    apply(input);
  }
  void heard(DeviceRef device) { apply(Heard{device}); }
  void leave(DeviceRef device) {
    apply(Left{device});
    free_ref(device);
  }
  void lose(DeviceRef device) {
    apply(Lost{device});
    free_ref(device);
  }
  void close(const UserId& user, DeviceRef device) {
    apply(CloseDevice{user, std::string(socket_id(device).view())});
  }

  void choose(const UserId& user, Status status, const std::string& message = {},
              std::optional<Ms> expires_in = std::nullopt) {
    Choice choice{status, message, std::nullopt};
    if (expires_in) choice.expires_at = now().wall + *expires_in;
    apply(Choose{user, choice});
  }
  void forget(const UserId& user) { apply(Forget{user}); }
  void sweep() { directory_.sweep(now()); }

  // --- Contacts. The edges are what the source holds; a connected user's directory hears of them.

  void befriend(const UserId& a, const UserId& b) {
    change({{EdgeChange::Kind::added, a, b, blocked(a, b)},
            {EdgeChange::Kind::added, b, a, blocked(b, a)}});
  }
  void unfriend(const UserId& a, const UserId& b) {
    change({{EdgeChange::Kind::removed, a, b, false}, {EdgeChange::Kind::removed, b, a, false}});
  }
  void let_see(const UserId& viewer, const UserId& subject) {
    change({{EdgeChange::Kind::added, viewer, subject, blocked(viewer, subject)}});
  }
  void stop_seeing(const UserId& viewer, const UserId& subject) {
    change({{EdgeChange::Kind::removed, viewer, subject, false}});
  }
  void block(const UserId& blocker, const UserId& other) {
    blocks_.insert({blocker, other});
    if (edges_.contains({other, blocker}))
      change({{EdgeChange::Kind::blocked, other, blocker, false}});
  }
  void unblock(const UserId& blocker, const UserId& other) {
    blocks_.erase({blocker, other});
    if (edges_.contains({other, blocker}))
      change({{EdgeChange::Kind::unblocked, other, blocker, false}});
  }
  // One committed batch.
  void change(const std::vector<EdgeChange>& changes) {
    for (const EdgeChange& edge : changes) {
      if (edge.kind == EdgeChange::Kind::added) edges_.insert({edge.viewer, edge.subject});
      if (edge.kind == EdgeChange::Kind::removed) edges_.erase({edge.viewer, edge.subject});
    }
    apply(ContactsChanged{changes});
  }
  [[nodiscard]] bool blocked(const UserId& viewer, const UserId& subject) const {
    return blocks_.contains({subject, viewer});
  }
  [[nodiscard]] bool sees(const UserId& viewer, const UserId& subject) const {
    return edges_.contains({viewer, subject}) && !blocked(viewer, subject);
  }
  [[nodiscard]] std::vector<ContactEntry> contacts_of(const UserId& viewer) const {
    std::vector<ContactEntry> list;
    for (const auto& [owner, contact] : edges_)
      if (owner == viewer) list.push_back({contact, blocked(viewer, contact)});
    return list;
  }

  // Contacts are read at once unless they are held back; then a read sees what there was when it
  // was asked for, and is answered by answer_loads().
  void hold_loads(bool hold) { hold_loads_ = hold; }
  void answer_loads(bool even_when_held = false) {
    if (hold_loads_ && !even_when_held) return;
    while (!loads_.empty()) answer_one_load();
  }
  void answer_one_load() {
    const ContactsLoaded load = std::move(loads_.front());
    loads_.pop_front();
    apply(load);
  }
  void fail_loads() {
    while (!loads_.empty()) {
      const UserId user = loads_.front().user;
      loads_.pop_front();
      apply(ContactsLoaded{user, base::fail(base::ErrorCode::kStoreUnavailable, "away")});
    }
  }
  [[nodiscard]] std::size_t pending_loads() const { return loads_.size(); }

  // --- What was told

  // What the device was told since the last call, as text; not that it was accepted.
  std::vector<std::string> told(DeviceRef device) {
    std::vector<std::string> lines;
    for (const Delivery& delivery : take(device))
      if (delivery.text != "accepted") lines.push_back(delivery.text);
    return lines;
  }
  std::vector<Delivery> take(DeviceRef device) {
    return std::exchange(deliveries_[key(device)], {});
  }
  void ignore_until_now() { deliveries_.clear(); }

  // What a device of the viewer is answered when it asks for the subject now.
  std::string seen(DeviceRef viewer, const UserId& subject) const {
    const Directory::Answer answer = directory_.look_up(viewer, subject);
    if (answer.relation == Directory::Relation::stranger) return "stranger";
    if (answer.relation == Directory::Relation::self) {
      const Decision own = directory_.own_status(*answer.user);
      return std::string(status_name(own.status)) + (own.auto_away ? " auto" : "") +
             quoted(answer.user->message());
    }
    return describe(answer.user->view);
  }

  // --- For whoever is told things

  Directory& directory() { return directory_; }
  [[nodiscard]] const Directory& directory() const { return directory_; }
  [[nodiscard]] const DirectoryOptions& options() const { return options_; }
  [[nodiscard]] const std::vector<UserRecord>& saved() const { return saved_; }
  void forget_saved() { saved_.clear(); }
  // Everything in order, with versions and receivers.
  [[nodiscard]] const std::vector<std::string>& log() const { return log_; }
  [[nodiscard]] const UserId& owner(DeviceRef device) const { return owners_.at(key(device)); }

  static SocketId socket_id(DeviceRef device) {
    std::string text = std::to_string(device.index) + "g" + std::to_string(device.generation);
    text.resize(SocketId::kSize, '_');
    return SocketId(text);
  }

  // "offline @12" or "away auto web,mobile "message"".
  static std::string describe(const View& view) {
    if (view.offline()) return "offline @" + relative(view.last_seen);
    return std::string(status_name(view.status)) + (view.auto_away ? " auto" : "") + " " +
           kinds(view) + quoted(view.message);
  }
  static std::string kinds(const View& view) {
    std::string out;
    for (const VisibleDevice& device : view.devices) {
      if (!out.empty()) out += ',';
      out += device_type_name(device.type);
    }
    return out;
  }
  // The wall time since the start; "never" for the epoch.
  static std::string relative(base::WallTime time) {
    if (time == base::WallTime{}) return "never";
    return std::to_string(base::to_millis(time) - kWallStart);
  }
  static std::string quoted(std::string_view message) {
    return message.empty() ? std::string() : " \"" + std::string(message) + "\"";
  }

  void apply(const Input& input) { directory_.apply(input, now(), *this); }

 private:
  using Key = std::pair<uint32_t, uint32_t>;
  static Key key(DeviceRef device) { return {device.index, device.generation}; }

  DeviceRef new_ref() {
    if (!free_.empty()) {
      const uint32_t index = free_.back();
      free_.pop_back();
      return {index, ++generations_[index]};
    }
    generations_.push_back(1);
    return {static_cast<uint32_t>(generations_.size() - 1), 1};
  }
  void free_ref(DeviceRef device) {
    if (generations_[device.index] != device.generation || !freed_.insert(key(device)).second)
      return;
    free_.push_back(device.index);
  }

  void deliver(Delivery delivery, std::span<const DeviceRef> to) {
    std::string line = delivery.text + " v" + std::to_string(delivery.version) + " to";
    for (const DeviceRef device : to) {
      EXPECT_FALSE(freed_.contains(key(device))) << "told a device that is gone: " << line;
      line += " " + owner(device) + "#" + std::to_string(device.index);
      deliveries_[key(device)].push_back(delivery);
    }
    log_.push_back(std::move(line));
  }

  // --- Effects

  void load_contacts(const UserId& user) override {
    loads_.push_back({user, contacts_of(user)});
    log_.push_back("load " + user);
  }
  void accepted(DeviceRef device, bool snapshot, std::optional<Version> since) override {
    Delivery delivery;
    delivery.name = delivery.text = "accepted";
    delivery.since = since;
    if (snapshot) {
      delivery.text += since ? " changes" : " snapshot";
      directory_.for_each_contact(device, since, [&](const UserId& id, const User* user) {
        delivery.text += " " + id + ":" + (user == nullptr ? "stranger" : describe(user->view));
        if (user != nullptr) delivery.snapshot[id] = user->view;
      });
    }
    deliver(std::move(delivery), {&device, 1});
  }
  void refused(DeviceRef device, const base::Error& error) override {
    Delivery delivery;
    delivery.name = "refused";
    delivery.text = "refused " + std::string(base::error_code_name(error.code));
    deliver(std::move(delivery), {&device, 1});
    free_ref(device);
  }
  void close(DeviceRef device, CloseReason reason) override {
    static constexpr std::string_view kNames[] = {"replaced", "requested", "forgotten"};
    Delivery delivery;
    delivery.name = "close";
    delivery.text = "close " + std::string(kNames[static_cast<std::size_t>(reason)]);
    deliver(std::move(delivery), {&device, 1});
    free_ref(device);
  }
  void tell_watchers(WatcherEvent event, const User& user, const View& view,
                     std::span<const DeviceRef> to) override {
    Delivery delivery;
    delivery.subject = user.id;
    delivery.version = view.version;
    delivery.view = view;
    const std::string who = " " + user.id + " ";
    switch (event) {
      case WatcherEvent::user_online:
        delivery.name = "user_online";
        delivery.text = delivery.name + who + describe(view);
        break;
      case WatcherEvent::user_offline:
        delivery.name = "user_offline";
        delivery.text = delivery.name + who + std::string(offline_reason_name(view.reason)) + " @" +
                        relative(view.last_seen);
        break;
      case WatcherEvent::user_status_changed:
        delivery.name = "user_status_changed";
        delivery.text = delivery.name + who + std::string(status_name(view.status)) +
                        (view.auto_away ? " auto" : "") + quoted(view.message);
        break;
      case WatcherEvent::user_devices_changed:
        delivery.name = "user_devices_changed";
        delivery.text = delivery.name + who + kinds(view);
        break;
    }
    deliver(std::move(delivery), to);
  }
  void tell_own(OwnEvent event, const User& user, std::span<const DeviceRef> to) override {
    Delivery delivery;
    delivery.subject = user.id;
    delivery.version = user.own_version;
    if (event == OwnEvent::user_status_changed) {
      const Decision decision = directory_.own_status(user);
      delivery.name = "own user_status_changed";
      delivery.text = delivery.name + " " + std::string(status_name(decision.status)) +
                      (decision.auto_away ? " auto" : "") + quoted(user.message());
    } else {
      delivery.name = "own user_devices_changed";
      delivery.text = delivery.name + " ";
      bool first = true;
      for (const auto& device : user.here->devices) {
        if (!device->counts()) continue;
        if (!std::exchange(first, false)) delivery.text += ',';
        delivery.text += device_type_name(device->type);
      }
    }
    deliver(std::move(delivery), to);
  }
  void contacts_changed(std::span<const AddedContact> added, std::span<const UserId> removed,
                        std::span<const DeviceRef> to) override {
    Delivery delivery;
    delivery.name = delivery.text = "contacts_changed";
    for (const AddedContact& contact : added) {
      delivery.added.push_back({contact.user->id, contact.blocked});
      delivery.text += " +" + contact.user->id + ":" +
                       (contact.blocked ? "stranger" : describe(contact.user->view));
      if (!contact.blocked) delivery.snapshot[contact.user->id] = contact.user->view;
    }
    for (const UserId& id : removed) delivery.text += " -" + id;
    delivery.removed.assign(removed.begin(), removed.end());
    deliver(std::move(delivery), to);
  }
  void save(const UserRecord& record) override {
    saved_.push_back(record);
    log_.push_back("save " + record.user + (record.connected ? " connected" : "") +
                   (record.visible ? " visible" : "") + " @" + relative(record.last_seen) + " @" +
                   relative(record.visible_last_seen));
  }

  DirectoryOptions options_;
  int64_t elapsed_ = 0;
  int64_t wall_offset_ = 0;
  Directory directory_;
  std::vector<uint32_t> generations_;
  std::vector<uint32_t> free_;
  std::set<Key> freed_;
  std::map<Key, UserId> owners_;
  std::map<Key, std::vector<Delivery>> deliveries_;
  std::set<std::pair<UserId, UserId>> edges_;   // viewer, subject
  std::set<std::pair<UserId, UserId>> blocks_;  // blocker, blocked
  bool hold_loads_ = false;
  std::deque<ContactsLoaded> loads_;
  std::vector<UserRecord> saved_;
  std::vector<std::string> log_;
};

}  // namespace presence

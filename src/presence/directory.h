// Directory: who is there, on which devices, and who has to be told (contract, sections 2 to 7).
//
// The domain of one node, pure: apply(input, now) calls Effects and nothing else; no I/O, no clock,
// no randomness. The same inputs give the same effects, byte for byte. It belongs to one thread
// (the first core thread; docs/adr/0001 says why one is enough).
//
// What is true of a user (devices, choice) and what was told of it (User::view for watchers,
// ConnectedUser::told for its own devices) are kept apart. Every input changes the truth and then
// calls settle(), which derives the next view, compares it with the one told, and tells the
// difference: there is no other place that announces presence.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "base/sip_hash.h"
#include "base/time.h"
#include "base/timer_wheel.h"
#include "presence/behind.h"
#include "presence/cursor.h"
#include "presence/effects.h"
#include "presence/ports.h"
#include "presence/string_pool.h"
#include "presence/truth.h"
#include "presence/user.h"
#include "presence/user_table.h"

namespace presence {

enum class ManualOffline : uint8_t { announced, hidden };  // privacy.manual_offline

struct DirectoryOptions {
  base::Duration stale_after{120'000};
  base::Duration disconnect_grace{3'000};
  base::Duration auto_away_after{300'000};
  base::Duration last_seen_retention{30LL * 24 * 3600 * 1000};
  std::size_t devices_per_user = 32;
  bool notify_device_changes = true;
  ManualOffline manual_offline = ManualOffline::announced;
  // Several nodes share a decider: what changes is reported to it, and told when it has decided.
  bool clustered = false;
  // For tables whose keys strangers choose, and ids that must not be recognised: random in
  // production. Effects depend on it in nothing but those ids.
  base::HashKey hash_key;
};

// A connection that has proved whose it is. Answered with Effects::accepted() or refused(), at
// once or when the user's contacts have been read.
struct Connect {
  DeviceRef device;
  UserId user;
  SocketId socket_id;
  std::string device_key;
  std::optional<DeviceInfo> info;
  std::string address;
  std::string user_agent;
  bool snapshot = false;
  std::string cursor;
  // The device that has left on the same connection, if the client joins for a second time: its
  // address and user agent are those of this one.
  DeviceRef follows = kNoDevice;
};

struct Heartbeat {
  DeviceRef device;
  std::optional<int64_t> idle_ms;
  std::optional<DeviceInfo> info;
};

// A presence event, or with `heartbeat_source = transport` any packet.
struct Heard {
  DeviceRef device;
};

// A Socket.IO DISCONNECT packet: the device is gone at once.
struct Left {
  DeviceRef device;
};

// The transport was lost: the device lingers.
struct Lost {
  DeviceRef device;
};

// The device does not read what it is sent. Until it has caught up, it is told of nobody.
struct FellBehind {
  DeviceRef device;
};

// It has read everything: it is told the newest state of whom it has missed, or of some of them
// when there are many; then is_behind() still holds, and the input is to come again.
struct CaughtUp {
  DeviceRef device;
};

// The device has been sent a full snapshot without asking for one by connecting.
struct SnapshotTaken {
  DeviceRef device;
};

struct Choose {
  UserId user;
  Choice choice;
};

struct ContactsLoaded {
  UserId user;
  base::Result<std::vector<ContactEntry>> contacts;
  std::vector<Truth> truths{};  // in a cluster: of contacts that this node has not followed
};

struct ContactsChanged {
  std::vector<EdgeChange> changes;
  std::vector<Truth> truths{};  // as above
};

struct CloseDevice {
  UserId user;
  std::string socket_id;
};

struct Forget {
  UserId user;
};

// --- In a cluster (contract, section 9)

// The decider can be reached from now on, or no longer. Without it a node decides by itself, from
// its own devices and what it last knew of the others, and reports everything when it is back.
struct Attached {};
struct Detached {};

// The connections of this node are about to end so that their clients go to another one: from now
// on those that are lost linger for so long at least.
struct Draining {
  base::Duration hold;
};

// What was decided: on a report of this node, or on one of another node.
struct Decided {
  Truth truth;
  DeviceRef origin{};    // of the report, on the node that made it
  DeviceRef joining{};   // the device that was to join with it
  bool refused = false;  // `joining` would be one too many
};

// Whatever has become due. To come twice a second also while nothing is: what ends at a time of the
// wall clock follows that clock when it is set forward.
struct Tick {};

using Input = std::variant<Connect, Heartbeat, Heard, Left, Lost, FellBehind, CaughtUp,
                           SnapshotTaken, Choose, ContactsLoaded, ContactsChanged, CloseDevice,
                           Forget, Attached, Detached, Draining, Decided, Tick>;

class Directory {
 public:
  // `sequence` is above every version that earlier runs gave out.
  Directory(const DirectoryOptions& options, Version sequence, base::Instant now);

  // Before the first input: what the store has kept. `alive_until` is when the last run was last
  // known to be alive; who was connected then was seen then. Answers with what has to be kept
  // instead, if anything: the record of a user who was connected must not say so after the next
  // crash, too.
  std::optional<UserRecord> restore(const UserRecord& record, base::WallTime alive_until,
                                    base::Instant now);

  void apply(const Input& input, base::Instant now, Effects& effects);

  // Removes what `last_seen_retention` says is to be forgotten, for some of the users at each call
  // (a million of them would take long). To be called every few minutes.
  void sweep(base::Instant now);

  // When apply(Tick) next has something to do, at the latest.
  [[nodiscard]] std::optional<base::SteadyTime> next_deadline() const { return wheel_.next_due(); }

  // --- What can be asked. Valid until the next input.

  enum class Relation : uint8_t { stranger, contact, self };
  struct Answer {
    Relation relation = Relation::stranger;
    const User* user = nullptr;  // null for a stranger
  };
  // What the user of `viewer` may see of `subject` (contract, section 7).
  [[nodiscard]] Answer look_up(DeviceRef viewer, std::string_view subject) const;
  // The same for many subjects, in their order; costs less than one by one.
  [[nodiscard]] std::vector<Answer> look_up_all(DeviceRef viewer,
                                                std::span<const std::string_view> subjects) const;
  [[nodiscard]] const User* find(std::string_view user) const { return users_.find(user); }
  [[nodiscard]] const User* user_of(DeviceRef device) const;
  [[nodiscard]] const Device* device(DeviceRef device) const;
  [[nodiscard]] bool is_behind(DeviceRef device) const { return behind_.contains(device.index); }
  // The status as the user's own devices and the operator see it.
  [[nodiscard]] Decision own_status(const User& user) const;

  // Calls `visit(id, user)` for each contact of the device's user, in a fixed order; `user` is null
  // where the contact is shown as a stranger. With `since`, only for what changed after it.
  template <class Visit>
  void for_each_contact(DeviceRef viewer, std::optional<Version> since, Visit&& visit) const {
    const User* owner = user_of(viewer);
    if (owner == nullptr || owner->here == nullptr) return;
    for (const ContactRef& entry : owner->here->contacts) {
      const User& user = users_[entry.handle()];
      if (since && (entry.blocked() || user.view.version <= *since)) continue;
      visit(user.id, entry.blocked() ? nullptr : &user);
    }
  }

  // Calls `visit(contact, blocked)` for each entry of a connected user's list.
  template <class Visit>
  void for_each_entry(const User& owner, Visit&& visit) const {
    for (const ContactRef& entry : owner.here->contacts)
      visit(users_[entry.handle()].id, entry.blocked());
  }

  // Whether the node decides by itself although it belongs to a cluster: what is told of users of
  // other nodes may be old.
  [[nodiscard]] bool detached() const { return options_.clustered && !attached_; }
  // Whether the truth of this user is followed here, over all nodes.
  [[nodiscard]] static bool follows(const User& user) {
    return user.listed_by > 0 || (user.here != nullptr && user.here->contacts_there());
  }
  // Calls `visit(user)` for each user that is followed.
  template <class Visit>
  void for_each_followed(Visit&& visit) const {
    users_.for_each([&](const User& user) {
      if (follows(user)) visit(user);
    });
  }

  [[nodiscard]] Version sequence() const { return sequence_; }
  // The cursor that says: everything up to now is known. Of a full snapshot.
  [[nodiscard]] Cursor cursor(const User& user) const { return {run_, user.hash, sequence_}; }
  // The cursor that says up to where this device of the user has been told everything.
  [[nodiscard]] Cursor cursor(const User& user, DeviceRef device) const;
  [[nodiscard]] UserRecord record(const User& user) const;
  [[nodiscard]] std::size_t known_users() const { return users_.size(); }
  [[nodiscard]] std::size_t connected_users() const { return connected_users_; }
  [[nodiscard]] std::size_t device_count() const { return device_count_; }

 private:
  void on(const Connect& input);
  void on(const Heartbeat& input);
  void on(const Heard& input);
  void on(const Left& input);
  void on(const Lost& input);
  void on(const FellBehind& input);
  void on(const CaughtUp& input);
  void on(const SnapshotTaken& input);
  void on(const Choose& input);
  void on(const ContactsLoaded& input);
  void on(const ContactsChanged& input);
  void on(const CloseDevice& input);
  void on(const Forget& input);
  void on(const Attached& input);
  void on(const Detached& input);
  void on(const Draining& input);
  void on(const Decided& input);
  void on(const Tick& input);

  // directory_devices.cc
  [[nodiscard]] Device* lookup(DeviceRef ref) const;
  void track(Device& device);
  void untrack(Device& device);
  [[nodiscard]] static base::Error too_many_devices();
  void remember_origin(const Device& device);
  void admit(User& user, Joining joining);
  void join(User& user, Joining joining);
  std::unique_ptr<Device>* replaced_by(User& user, const Device& device);
  void take_over(std::unique_ptr<Device>& place, std::unique_ptr<Device> device);
  bool make_room(User& user);
  bool describe(Device& device, const DeviceInfo& info);
  bool hear(Device& device);
  void remove(User& user, const Device& device);
  void device_due(User& user, Device& device);
  [[nodiscard]] std::optional<Version> snapshot_since(const User& user,
                                                      std::string_view cursor) const;

  // directory_behind.cc
  void note_missed(WatcherEvent event, const User& user);
  void forget_missed(const User& viewer, UserHandle subject);
  void tell_missed(const User& viewer, User& subject, MissedContact missed);
  void tell_missed_own(User& user, Behind& behind);

  // directory_settle.cc
  void settle(User& user, OfflineReason reason, DeviceRef origin);
  void announce(User& user, OfflineReason reason, DeviceRef origin);
  void settle_view(User& user, const Decision& decision, OfflineReason reason);
  void settle_own(User& user, const Decision& decision, const DeviceKinds& kinds, DeviceRef origin);
  void tell_change(User& user, View after);
  [[nodiscard]] static Answer answer_to(const User& viewer, const User* subject);
  void tell_watchers(WatcherEvent event, User& user);
  [[nodiscard]] View next_view(const User& user, const Decision& decision,
                               OfflineReason reason) const;
  [[nodiscard]] SocketId visible_id(const Device& device, base::WallTime visible_since) const;
  void clear_recipients();
  void collect_watchers(const User& user);
  void collect_devices(const ConnectedUser& user, DeviceRef except);
  Version next_version();

  // directory_cluster.cc
  void report(const User& user, OfflineReason reason, DeviceRef origin,
              const Device* joining = nullptr);
  void decide_joining(User& user, const Decided& input);
  void drop_replaced(const Truth& truth, User& user);
  void adopt(const Truth& truth, User& user, DeviceRef origin);
  void describe(const Truth::Device& from, Device& device);
  void adopt_own(const Truth& truth, User& user);

  // directory_contacts.cc
  struct NetChange;
  struct ListChange;
  void set_contacts(User& user, const std::vector<ContactEntry>& entries);
  void change_edges(std::span<const EdgeChange> changes, std::span<const Truth> truths = {});
  std::vector<NetChange> net_changes(std::span<const EdgeChange> changes);
  void add_contact(User& viewer, const UserId& subject, bool blocked,
                   std::span<const Truth> truths);
  void remove_contact(User& viewer, User& subject);
  void set_blocked(User& viewer, User& subject, bool blocked);
  void tell_gone(const User& subject);
  void note_list_change(const UserId& viewer);
  void unload_contacts(User& user);

  void choice_due(User& user);
  void set_choice(User& user, const Choice& choice);
  void arm_expiry(ChosenStatus& chosen);
  void follow_wall_clock();
  User& intern(const UserId& id);
  void release(User& user);

  DirectoryOptions options_;
  StringPool strings_;
  base::TimerWheel wheel_;
  UserTable users_;              // its devices use the two above until they are destroyed
  std::vector<Device*> by_ref_;  // by DeviceRef::index
  bool attached_ = false;
  struct Departure {
    UserId user;
    base::WallTime last_seen;
  };
  std::vector<Departure> departures_;            // of users whose last device went while detached
  std::unordered_map<uint32_t, Behind> behind_;  // by DeviceRef::index
  // Of devices whose connection may be there still; some of the latest.
  struct Origin {
    base::CompactText address;
    PooledString user_agent;
  };
  std::unordered_map<DeviceRef, Origin, DeviceRefHash> origins_;
  UserHandle swept_to_ = 0;
  std::size_t connected_users_ = 0;
  std::size_t device_count_ = 0;
  Version sequence_;
  Version run_;
  // When a user's list last changed, for cursors; forgotten as a whole when there are too many.
  std::unordered_map<UserId, Version> list_changed_;
  // What lies before this is not known in full: list changes, and users that were dropped. A cursor
  // from before it is answered with a full snapshot, and a user made anew begins here.
  Version horizon_;
  base::Duration wall_offset_;  // of the wall clock to the steady one, as deadlines were armed

  // Set for the time of one apply().
  base::Instant now_;
  Effects* effects_ = nullptr;
  Version decided_ = 0;  // while a truth is adopted: the next version that comes with it
  std::vector<const ConnectedUser*> watchers_;
  std::vector<DeviceRef> recipients_;
  std::vector<DeviceRef> missing_;  // would be recipients, but are behind
};

}  // namespace presence

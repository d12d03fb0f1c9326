// What the directory keeps of a user.
#pragma once

#include <boost/container/vector.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "presence/device.h"
#include "presence/handle_set.h"
#include "presence/ports.h"
#include "presence/view.h"

namespace presence {

// An entry of a connected user's contact list. 4 bytes: there are a hundred of them per user.
class ContactRef {
 public:
  static constexpr UserHandle kMaxHandle = kNoUser >> 2;

  ContactRef(UserHandle handle, bool blocked) : value_(handle << 2 | (blocked ? kBlocked : 0)) {}
  [[nodiscard]] UserHandle handle() const { return value_ >> 2; }
  // The contact blocks the owner of the list, who sees a stranger.
  [[nodiscard]] bool blocked() const { return (value_ & kBlocked) != 0; }
  // The contact is itself a watcher of the owner of the list.
  [[nodiscard]] bool watches() const { return (value_ & kWatches) != 0; }
  void set_blocked(bool on) { value_ = on ? value_ | kBlocked : value_ & ~kBlocked; }
  void set_watches(bool on) { value_ = on ? value_ | kWatches : value_ & ~kWatches; }

 private:
  static constexpr uint32_t kBlocked = 1;
  static constexpr uint32_t kWatches = 2;
  uint32_t value_;
};

// A status as the rules of section 5 decide it.
struct Decision {
  Status status = Status::offline;
  bool auto_away = false;
  bool operator==(const Decision&) const = default;
};

// A vector of 16 bytes, for the lists that every connected user has.
using CompactVectorOptions =
    boost::container::vector_options_t<boost::container::stored_size<uint32_t>>;
template <class T>
using CompactVector = boost::container::vector<T, void, CompactVectorOptions>;

// What the user's own devices were last told, so that they hear of a change and of nothing else.
struct OwnTold {
  Decision decision;
  bool chose_offline = false;
  base::CompactText message;
  DeviceKinds kinds{};
};

// A connection that waits for the contacts of its user.
struct Joining {
  std::unique_ptr<Device> device;
  bool wants_snapshot = false;
  std::string cursor;
};

// What collects while the contacts of a user are being read, and after that, on a node that does
// not decide by itself, until it is decided who joins.
struct Loading {
  bool contacts_there = false;
  std::vector<Joining> joining;
  // The reading may not have seen these.
  std::vector<EdgeChange> missed;
};

// The part of a user that exists only while a device does.
struct ConnectedUser {
  CompactVector<std::unique_ptr<Device>> devices;  // joined, in the order of their joining
  CompactVector<ContactRef> contacts;              // sorted by handle
  std::unique_ptr<Loading> loading;                // until the contacts are there
  base::WallTime visible_since{};                  // the end of the last chosen `offline`
  Decision automatic;  // by lines 4 and 6, as of when a device was last live
  OwnTold told;

  [[nodiscard]] bool contacts_there() const {
    return loading == nullptr || loading->contacts_there;
  }
};

struct ChosenStatus {
  ChosenStatus(Choice c, UserHandle user)
      : choice(std::move(c)), expiry(Deadline::Kind::choice, user) {}
  Choice choice;
  Deadline expiry;
};

struct User {
  UserHandle handle = kNoUser;
  uint32_t hash = 0;       // of the id
  uint32_t listed_by = 0;  // contact lists of connected users that hold this one
  bool saved_connected = false;
  UserId id;
  View view;  // as watchers were last told; view.last_seen is the visible one
  // Connected users that have this one as a contact and are not blocked by it; those that are
  // contacts of it, too, are marked in its list instead, which makes a mutual edge cost 4 bytes.
  HandleSet other_watchers;
  Version own_version = 0;
  Version truth_version = 0;   // in a cluster: of what was decided last, whether it was told or not
  base::WallTime last_seen{};  // own view
  std::unique_ptr<ChosenStatus> chosen;
  std::unique_ptr<ConnectedUser> here;

  [[nodiscard]] bool chose(Status status) const {
    return chosen != nullptr && chosen->choice.status == status;
  }
  [[nodiscard]] std::string_view message() const {
    return chosen == nullptr ? std::string_view() : std::string_view(chosen->choice.message);
  }
  // The entry of `wanted` in this user's list, or null.
  [[nodiscard]] const ContactRef* contact(UserHandle wanted) const;
  [[nodiscard]] ContactRef* contact(UserHandle wanted);

  void add_watcher(UserHandle watcher);
  void remove_watcher(UserHandle watcher);
  // In an order that depends only on what happened before. `visit(handle)` must not change lists.
  template <class Visit>
  void for_each_watcher(Visit&& visit) const {
    if (here != nullptr) {
      for (const ContactRef& entry : here->contacts)
        if (entry.watches()) visit(entry.handle());
    }
    other_watchers.for_each(visit);
  }
};

// Section 5, first line that holds. `automatic` is kept by the caller between calls: it is what
// lines 4 and 6 said while a device was live, and what line 5 falls back on.
Decision decide(const CompactVector<std::unique_ptr<Device>>& devices, const Choice* choice,
                Decision& automatic);

}  // namespace presence

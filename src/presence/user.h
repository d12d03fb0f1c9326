// What the directory keeps of a user.
#pragma once

#include <algorithm>
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
  ContactRef(UserHandle handle, bool blocked) : value_(handle << 1 | (blocked ? 1U : 0U)) {}
  [[nodiscard]] UserHandle handle() const { return value_ >> 1; }
  [[nodiscard]] bool blocked() const { return (value_ & 1U) != 0; }

 private:
  uint32_t value_;
};

// A status as the rules of section 5 decide it.
struct Decision {
  Status status = Status::offline;
  bool auto_away = false;
  bool operator==(const Decision&) const = default;
};

// What the user's own devices were last told, so that they hear of a change and of nothing else.
struct OwnTold {
  Decision decision;
  bool chose_offline = false;
  std::string message;
  DeviceKinds kinds{};
};

// The part of a user that exists only while a device does.
struct ConnectedUser {
  enum class Contacts : uint8_t { absent, loading, loaded };

  std::vector<std::unique_ptr<Device>> devices;  // joined, in the order of their joining
  std::vector<std::unique_ptr<Device>> joining;
  std::vector<ContactRef> contacts;  // sorted by handle
  Contacts contacts_state = Contacts::absent;
  Decision automatic;              // by lines 4 and 6, as of when a device was last live
  base::WallTime visible_since{};  // the end of the last chosen `offline`
  OwnTold told;

  [[nodiscard]] bool empty() const { return devices.empty() && joining.empty(); }
};

struct ChosenStatus {
  ChosenStatus(Choice c, UserHandle user)
      : choice(std::move(c)), expiry(Deadline::Kind::choice, user) {}
  Choice choice;
  Deadline expiry;
};

struct User {
  UserHandle handle = kNoUser;
  uint32_t hash = 0;
  uint32_t listed_by = 0;  // contact lists of connected users that hold this one
  bool saved_connected = false;
  UserId id;
  View view;           // as watchers were last told; view.last_seen is the visible one
  HandleSet watchers;  // connected users that have this one as a contact and are not blocked
  Version own_version = 0;
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
  [[nodiscard]] const ContactRef* contact(UserHandle wanted) const {
    if (here == nullptr) return nullptr;
    const auto at =
        std::lower_bound(here->contacts.begin(), here->contacts.end(), wanted,
                         [](const ContactRef& entry, UserHandle h) { return entry.handle() < h; });
    return at != here->contacts.end() && at->handle() == wanted ? &*at : nullptr;
  }
};

// Section 5, first line that holds. `automatic` is kept by the caller between calls: it is what
// lines 4 and 6 said while a device was live, and what line 5 falls back on.
Decision decide(const std::vector<std::unique_ptr<Device>>& devices, const Choice* choice,
                base::Duration auto_away_after, Decision& automatic);

}  // namespace presence

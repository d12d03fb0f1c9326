// What the domain keeps and reads through its adapters: one record per user, and the edges of who
// sees whom. Plain values; the stores and contact sources implement their keeping.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "presence/ids.h"

namespace presence {

enum class Status : uint8_t { online, away, busy, offline };

// What a user chose with set_user_status: the whole choice (contract, section 5). `online` without
// a message is no choice.
struct Choice {
  Status status = Status::online;
  std::string message;                       // at most kMaxCustomMessageBytes, may be empty
  std::optional<base::WallTime> expires_at;  // the choice ends then

  [[nodiscard]] bool none() const { return status == Status::online && message.empty(); }
  bool operator==(const Choice&) const = default;
};

// What is kept of a user while nobody of them is connected, and across restarts.
struct UserRecord {
  UserId user;
  Choice choice;
  base::WallTime last_seen{};          // own view; epoch: never seen
  base::WallTime visible_last_seen{};  // what watchers see; differs after a time of being invisible
  bool connected =
      false;             // had a device when this was written: then seen as long as the server ran
  bool visible = false;  // and was not offline for watchers

  bool operator==(const UserRecord&) const = default;
};

// One entry of a user's contact list: `contact` may be seen by the list's owner, unless `blocked`
// (the contact blocks the owner, who then sees a stranger; the entry stays in the list).
struct ContactEntry {
  UserId contact;
  bool blocked = false;

  bool operator==(const ContactEntry&) const = default;
};

// A directed edge: `subject` is a contact of `viewer`, who may see its presence. Ordered by the
// bytes of viewer, then subject.
struct Edge {
  UserId viewer;
  UserId subject;

  auto operator<=>(const Edge&) const = default;  // NOLINT(modernize-use-nullptr): none is here
};

// A change of one directed edge that has been committed: what `viewer` sees of `subject`.
struct EdgeChange {
  enum class Kind : uint8_t {
    added,      // subject became a contact of viewer (`blocked` says whether subject blocks viewer)
    removed,    // subject is no contact of viewer any more
    blocked,    // subject, who stays in viewer's list, now blocks viewer
    unblocked,  // and no longer does
  };
  Kind kind = Kind::added;
  UserId viewer;
  UserId subject;
  bool blocked = false;

  bool operator==(const EdgeChange&) const = default;
};

}  // namespace presence

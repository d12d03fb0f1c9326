// ContactSets: the sets of users that contacts and blocks are in Redis, read and changed.
//
// What is said twice, and which of the two decides:
//
//   contacts:{viewer}    decides who sees whom     viewers:{subject}  leads back to it
//   blockedby:{viewer}   decides who hides         blocks:{subject}   leads back to it
//
// Both deciding sets of a viewer share a slot, so one script changes them, publishes what changed
// and answers it (scripts/edges.lua). The sets that lead back lie in other slots. They are written
// before an edge or block comes and after it went, so that whatever happens in between they hold
// too much rather than too little; what they say is checked against the set that decides. Making
// the call again writes all of it again, whether or not anything changes by then.
//
// A call that first reads what to change (replace, forget) leaves until last what it has read: the
// user's own set. So long as that has not been changed, making the call again finds the same.
//
// What Redis went away from in the middle (of a cluster, one of its masters) is completed by
// complete() when it is back, unless something else has been asked for since.
//
// Two nodes that add and remove the same edge at the same moment may leave it without its way back,
// as after SADD by another program.
//
// In the thread of the client's loop. One call at a time; each is answered once.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "base/result.h"
#include "cluster/keys.h"
#include "cluster/redis_steps.h"
#include "redis/client.h"
#include "store/store.h"

namespace cluster {

using UserIds = std::vector<presence::UserId>;

template <class T>
using Then = redis::Function<void(base::Result<T>)>;

[[nodiscard]] tl::unexpected<base::Error> contacts_unavailable(const std::string& message);

void sort_and_unite(UserIds& ids);
// The other users in a set, in byte order. Anybody may have written it: what is no user id, or the
// user themselves, is not there.
[[nodiscard]] UserIds others_in(const redis::Reply& set, const presence::UserId& user);
// Appends one change, or the same in both directions.
void want(store::EdgeChanges& wanted, presence::EdgeChange::Kind kind, const presence::UserId& user,
          const presence::UserId& other, store::Mutual mutual);

class ContactSets {
 public:
  // What is to become of edges and blocks.
  struct Change {
    store::EdgeChanges wanted;  // in the order in which they are reported; `blocked` is ignored
    presence::UserId last;      // whose set is changed last
    Phase before;
    std::vector<Phase> after;
  };

  ContactSets(const Keys& keys, redis::Client& client) : keys_(keys), client_(client) {}

  void load_contacts(const presence::UserId& user, Then<std::vector<presence::ContactEntry>> then);
  void change(Change change, Then<store::EdgeChanges> then);
  void replace(const presence::UserId& user, UserIds list, store::Mutual mutual,
               Then<store::EdgeChanges> then);
  void forget(const presence::UserId& user, Then<store::EdgeChanges> then);
  void export_user(const presence::UserId& user, Then<store::UserExport> then);

  // Whether changes were made in part.
  [[nodiscard]] bool unfinished() const { return !unfinished_.empty(); }
  // Makes what is missing of them; without Redis they stay unfinished. Requires unfinished().
  void complete(redis::Function<void()> then);

 private:
  // Whether it is about who sees whom (or who blocks whom); viewer; subject.
  using Name = std::tuple<bool, presence::UserId, presence::UserId>;
  using Unfinished = std::map<Name, presence::EdgeChange::Kind>;
  struct Sets {
    UserIds contacts, viewers, blocks, blocked_by;
    std::vector<std::string> devices;
  };

  void read_sets(const presence::UserId& user, Then<Sets> then);
  // The sets that lead back: of what comes (SADD), of what has gone (SREM).
  [[nodiscard]] Phase ways_back(const store::EdgeChanges& wanted, std::string_view command) const;
  // The scripts for all viewers but `last`, or for it alone.
  // `made` when one of them was carried out, or may have been.
  [[nodiscard]] Phase scripts(const store::EdgeChanges& wanted, const presence::UserId& last,
                              bool of_last, const std::shared_ptr<bool>& made) const;
  [[nodiscard]] static Name name_of(const presence::EdgeChange& change);
  void remember(const store::EdgeChanges& wanted);

  const Keys& keys_;
  redis::Client& client_;
  Unfinished unfinished_;
};

}  // namespace cluster

// Store: what is kept of users (records), of who sees whom (edges) and of who hides from whom
// (blocks). The port behind which the embedded SQLite file stands, or Redis, which keeps no records
// here (cluster/contact_store.h). Every implementation passes the suite in store/contract_suite.h,
// and what keeps records also the one in store/record_suite.h.
//
// Everything is asynchronous. Operations take effect in the order of their calls, and a read sees
// every write that was called before it. Each completion is called exactly once, on the store's own
// thread and in the order of the calls; it does not block and does not throw: callers post to their
// event loop. A write completes when it would survive kill -9. One exception to the order: a call
// that is refused without being queued (a bad argument, a full queue, a stopped store) completes on
// the calling thread before the call returns.
//
// When the queue is full or the storage fails, the answer is ErrorCode::kStoreUnavailable and
// nothing of that call has happened.
//
// User ids have passed presence::check_user_id(). Any thread may call.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "presence/ids.h"
#include "presence/ports.h"

namespace store {

// Done<T> is called once with what came of the operation.
template <class T>
using Done = std::function<void(base::Result<T>)>;

using EdgeChanges = std::vector<presence::EdgeChange>;

// Does a change of `user sees other` also change `other sees user`? (contract, section 7)
enum class Mutual : uint8_t { kNo, kYes };

// Everything that is kept of one user (contract, section 11: export), each list in byte order.
struct UserExport {
  std::optional<presence::UserRecord> record;
  std::vector<presence::UserId> contacts;    // whom the user sees
  std::vector<presence::UserId> viewers;     // who sees the user
  std::vector<presence::UserId> blocks;      // whom the user blocks
  std::vector<presence::UserId> blocked_by;  // who blocks the user

  bool operator==(const UserExport&) const = default;
};

class Store {
 public:
  virtual ~Store() = default;

  // Keeps the record, later: only the newest of a user is written, at most a second after the
  // first call. For last-seen times, which may lose their last second (contract, section 8).
  virtual void save_user(presence::UserRecord record) = 0;
  // Keeps the record and says when. It supersedes what save_user() above still holds back.
  virtual void save_user(presence::UserRecord record, Done<void> done) = 0;

  // The user's contact list in byte order of the contacts; empty when nothing is known of the user.
  virtual void load_contacts(presence::UserId user,
                             Done<std::vector<presence::ContactEntry>> done) = 0;

  // Changes of edges. The completion carries what really changed: nothing for an edge that was
  // already there or already gone, and for a change in both directions up to two entries.
  // A user who is added to themselves is kInvalidArgument, as is a list beyond max_contacts.
  virtual void add_contact(presence::UserId user, presence::UserId other, Mutual mutual,
                           Done<EdgeChanges> done) = 0;
  virtual void remove_contact(presence::UserId user, presence::UserId other, Mutual mutual,
                              Done<EdgeChanges> done) = 0;
  // Afterwards the user's list is exactly `list` (duplicates are dropped). kYes: who is new to the
  // list also sees the user, who left it no longer does, and who stayed is left as they were.
  virtual void replace_contacts(presence::UserId user, std::vector<presence::UserId> list,
                                Mutual mutual, Done<EdgeChanges> done) = 0;
  // Adds directed edges, all or none. Edges of a user to themselves are skipped.
  virtual void import_edges(std::vector<presence::Edge> edges, Done<EdgeChanges> done) = 0;

  // `user` blocks `other`, who then sees a stranger although the edge stays. A block is kept
  // whether or not there is an edge; a change is reported only when there is one.
  virtual void block(presence::UserId user, presence::UserId other, Done<EdgeChanges> done) = 0;
  virtual void unblock(presence::UserId user, presence::UserId other, Done<EdgeChanges> done) = 0;

  // Record, edges and blocks of the user, in both directions, are gone afterwards.
  virtual void forget_user(presence::UserId user, Done<EdgeChanges> done) = 0;
  virtual void export_user(presence::UserId user, Done<UserExport> done) = 0;

  // One page of all edges in their order: at most `limit`, those behind `after` (from the start
  // without one). An empty page is the end. Pages are separate reads, so changes in between may
  // or may not be seen, but an edge that stays is seen exactly once.
  virtual void load_edges(std::optional<presence::Edge> after, std::size_t limit,
                          Done<std::vector<presence::Edge>> done) = 0;
};

}  // namespace store

// WriteBehind: records that may be written later, the newest of each user.
//
// Records collect for an interval from the first one on; then the whole collection becomes due and
// is handed out in chunks, so that other work gets its turn in between. A record that changes while
// it is due is replaced in place: its time to wait is not begun again. While a chunk is being
// written, the users that get something newer are remembered, because a chunk that failed comes
// back and must not go over it.
//
// Pure: time is handed in. Not synchronised; the store guards it with its queue.
#pragma once

#include <cstddef>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/time.h"
#include "presence/ports.h"

namespace store {

class WriteBehind {
 public:
  WriteBehind(base::Duration interval, std::size_t max_entries)
      : interval_(interval), max_entries_(max_entries) {}

  // False when the record is dropped: it is of a user beyond max_entries.
  bool put(presence::UserRecord record, base::SteadyTime now);
  // Forgets what is held of the user, because something newer was queued.
  void supersede(const presence::UserId& user);
  [[nodiscard]] std::optional<presence::UserRecord> find(const presence::UserId& user) const;

  // When take_chunk() will have something; nothing while nothing is held.
  [[nodiscard]] std::optional<base::SteadyTime> due_at() const { return due_at_; }
  // Makes everything that is held due at once, for a store that stops.
  void hurry();
  // At most `limit` records of what is due, in byte order of the users; empty when nothing is.
  // Each chunk that is not empty is followed by written() or failed() before the next.
  std::vector<presence::UserRecord> take_chunk(base::SteadyTime now, std::size_t limit);
  void written();
  // Takes the chunk back, to be due at `retry_at` together with everything else.
  void failed(std::vector<presence::UserRecord>&& chunk, base::SteadyTime retry_at);

  // Held, or in a chunk that is being written.
  [[nodiscard]] std::size_t size() const { return collecting_.size() + due_.size() + writing_; }

 private:
  using Records = std::unordered_map<presence::UserId, presence::UserRecord>;

  void schedule(base::SteadyTime now);

  const base::Duration interval_;
  const std::size_t max_entries_;
  Records collecting_;
  Records due_;
  std::optional<base::SteadyTime> due_at_;
  std::size_t writing_ = 0;
  std::unordered_set<presence::UserId> superseded_;  // since the chunk was taken
};

}  // namespace store

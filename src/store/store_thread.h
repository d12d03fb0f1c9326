// StoreThread: the bounded queue of the embedded store and the thread that empties it, turn by
// turn. A turn is what was queued meanwhile, with a chunk of the records written behind and the
// sequence where they are due. See store/embedded_store.h for what is promised.
//
// Any thread may submit; everything else says so.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "base/result.h"
#include "store/committer.h"
#include "store/data_dir.h"
#include "store/embedded_store.h"
#include "store/faults.h"
#include "store/operation.h"
#include "store/write_behind.h"

namespace store {

class StoreThread {
 public:
  StoreThread(Options options, DataDir data_dir);
  ~StoreThread();  // stop()

  // Opens the database on the calling thread, then starts.
  base::Result<void> start();

  // Queues the operation, or refuses it before returning.
  void submit(std::unique_ptr<Operation> operation) { submit(std::move(operation), nullptr); }
  // The same for an operation that makes what is written behind of `user` obsolete.
  void submit_superseding(std::unique_ptr<Operation> operation, const presence::UserId& user) {
    submit(std::move(operation), &user);
  }

  void write_behind(presence::UserRecord record);
  [[nodiscard]] std::optional<presence::UserRecord> held_back(const presence::UserId& user) const;
  void save_sequence(uint64_t value);

  // Not on the store's own thread.
  std::size_t stop();

  [[nodiscard]] Counters counters() const;
  [[nodiscard]] const Options& options() const { return options_; }

 private:
  using Turn = std::vector<std::unique_ptr<Operation>>;

  void submit(std::unique_ptr<Operation> operation, const presence::UserId* superseded);
  [[nodiscard]] bool has_room_for(std::size_t bytes) const;

  // The store's thread.
  void run();
  bool wait_for_turn(Turn& turn);
  void finish_turn(const Turn& turn);
  // With the mutex held.
  [[nodiscard]] bool may_wait(base::SteadyTime now) const;
  void fill(Turn& turn, base::SteadyTime now);
  void add_sequence(Turn& turn, bool writes, base::SteadyTime now);
  void add_chunk(Turn& turn, base::SteadyTime now);
  [[nodiscard]] std::optional<base::SteadyTime> next_deadline() const;
  [[nodiscard]] base::SteadyTime retry_time() const;

  const Options options_;
  const DataDir data_dir_;
  Faults faults_;
  Committer committer_;

  mutable std::mutex mutex_;  // guards everything below
  std::condition_variable wake_;
  std::deque<std::unique_ptr<Operation>> queue_;
  std::size_t urgent_ = 0;   // queued, and not Kind::kSharedWrite
  std::size_t entries_ = 0;  // queued or in the turn
  std::size_t bytes_ = 0;
  std::size_t internal_ = 0;  // operations of the turn that no caller submitted
  bool full_ = false;
  base::SteadyTime next_commit_at_{};  // of shared writes alone
  WriteBehind write_behind_;
  int64_t sequence_ = 0;
  int64_t sequence_saved_ = 0;
  std::optional<base::SteadyTime> sequence_due_at_;
  uint64_t refused_ = 0;
  uint64_t dropped_records_ = 0;
  bool stopping_ = false;
  bool gave_up_ = false;  // stopping, and what is held back could not be written
  std::size_t lost_at_stop_ = 0;

  std::thread thread_;
};

}  // namespace store

// EmbeddedStore: the Store in one SQLite file, `presenced.db` under data_dir (contract, section 8).
//
// One thread of its own executes everything in the order of the calls. Writes that were queued
// together share one transaction (group commit); their completions run after its COMMIT, which is
// synchronous. Reads that follow a write of the same transaction wait for that commit too, so that
// nobody is told what a crash could take back.
//
// A transaction that fails (disk full, I/O error) takes nothing: its writes answer
// kStoreUnavailable and its reads are run again on what was there before. While the disk fails the
// store tries by itself, with a write, once per retry_interval, so recovery needs no caller.
//
// data_dir belongs to one process at a time, by flock on `presenced.lock` in it; a command that
// works offline on the same directory opens this store too and is refused while a server runs.
//
// Any thread; the owner destroys or stops it from a thread that is not the store's own.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "store/store.h"

namespace store {

enum class Fault : uint8_t { kStorage, kQueueFull };

// A fault that began or ended; each is reported once per change, for the log.
struct FaultNotice {
  Fault fault = Fault::kStorage;
  bool began = false;
  std::string message;
};

struct Options {
  std::filesystem::path data_dir;  // created when missing, for its owner only

  base::Duration write_behind_interval{500};  // a record held back is written after this time
  // A commit waits for the disk and costs more than all that is in it. Chosen statuses alone are
  // committed so long after the last such commit, at the earliest; whatever else is called for
  // takes them along at once.
  base::Duration commit_interval{25};
  base::Duration retry_interval{1000};  // between attempts while the storage fails
  std::size_t max_queue_entries = 100'000;
  std::size_t max_queue_bytes = 64U << 20;
  // Records held back by save_user(record): only users beyond it are dropped (and counted), which
  // needs a disk that fails for long.
  std::size_t max_write_behind_entries = 2'000'000;
  std::size_t max_contacts = 100'000;  // of one list given to replace_contacts()

  // Called from whichever thread saw the change, one call at a time; must not call the store.
  std::function<void(const FaultNotice&)> on_fault = nullptr;
};

// For /metrics and readiness; counts are since open().
struct Counters {
  std::size_t queue_entries = 0;
  std::size_t queue_bytes = 0;
  std::size_t write_behind_entries = 0;
  uint64_t operations = 0;       // completed with a value
  uint64_t commits = 0;          // transactions that wrote
  uint64_t failed_commits = 0;   // transactions that were taken back
  uint64_t refused = 0;          // calls refused because the queue was full
  uint64_t dropped_records = 0;  // records held back and given up
  bool available = true;         // neither fault is present
  std::string last_error;        // of the storage; empty when there never was one
};

class EmbeddedStore final : public Store {
 public:
  // Creates what is missing, migrates an older schema, starts the thread. Refused with a message
  // that names the directory: kConflict when it is in use or its schema is newer than this
  // program knows, kStoreUnavailable when it cannot be used.
  static base::Result<std::unique_ptr<EmbeddedStore>> open(Options options);

  ~EmbeddedStore() override;  // stop()
  EmbeddedStore(const EmbeddedStore&) = delete;
  EmbeddedStore& operator=(const EmbeddedStore&) = delete;

  // At start, synchronously: each record there is, in byte order of the users. `each` runs on the
  // store's thread while the caller waits.
  base::Result<void> load_users(const std::function<void(presence::UserRecord)>& each);

  // A high-water mark below 2^63 that never falls: saved with the next transaction, at the latest
  // after write_behind_interval. load_sequence() waits for the store's thread; 0 when never saved.
  base::Result<uint64_t> load_sequence();
  void save_sequence(uint64_t value);
  // Where the sequence of a run begins, below 2^63: the highest that was kept, 0 without one.
  // Unlike the sequence, keeping it does not say that the run was alive any longer than that. At
  // start, synchronously; kept when it would survive kill -9.
  base::Result<uint64_t> load_begin();
  base::Result<void> keep_begin(uint64_t value);

  // Retention: forgets last-seen times before `cutoff` and choices that ended before it, then
  // deletes records that hold nothing else. In steps, so that other work is not held up. The
  // completion carries how many records were changed or deleted.
  void purge(base::WallTime cutoff, Done<uint64_t> done);

  // Writes everything that waits, answers it, and joins the thread. Later calls are refused.
  // Returns how many records held back could not be written. Calling it twice is harmless.
  std::size_t stop();

  [[nodiscard]] Counters counters() const;

  // Gives up what is only kept to save reading it again; `done` follows, in the store's thread.
  void release_memory(Done<void> done);

  void save_user(presence::UserRecord record) override;
  void save_user(presence::UserRecord record, Done<void> done) override;
  void load_contacts(presence::UserId user,
                     Done<std::vector<presence::ContactEntry>> done) override;
  void add_contact(presence::UserId user, presence::UserId other, Mutual mutual,
                   Done<EdgeChanges> done) override;
  void remove_contact(presence::UserId user, presence::UserId other, Mutual mutual,
                      Done<EdgeChanges> done) override;
  void replace_contacts(presence::UserId user, std::vector<presence::UserId> list, Mutual mutual,
                        Done<EdgeChanges> done) override;
  void import_edges(std::vector<presence::Edge> edges, Done<EdgeChanges> done) override;
  void block(presence::UserId user, presence::UserId other, Done<EdgeChanges> done) override;
  void unblock(presence::UserId user, presence::UserId other, Done<EdgeChanges> done) override;
  void forget_user(presence::UserId user, Done<EdgeChanges> done) override;
  void export_user(presence::UserId user, Done<UserExport> done) override;
  void load_edges(std::optional<presence::Edge> after, std::size_t limit,
                  Done<std::vector<presence::Edge>> done) override;

 private:
  class Impl;
  explicit EmbeddedStore(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace store

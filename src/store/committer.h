// Committer: runs operations on the database, groups writes into transactions, takes back what
// failed, and finds out when a failing disk works again. The store's thread; statistics() any.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>

#include "base/result.h"
#include "base/time.h"
#include "store/database.h"
#include "store/faults.h"
#include "store/operation.h"

namespace store {

class Committer {
 public:
  struct Statistics {
    uint64_t operations = 0;
    uint64_t commits = 0;
    uint64_t failed_commits = 0;
  };

  Committer(std::filesystem::path file, base::Duration retry_interval, Faults& faults);

  // Opens the file for the first time; the message names it.
  base::Result<void> open();

  // Folds the log into the file and closes it; nothing is run afterwards.
  void close() { database_.reset(); }

  // Runs and answers all of `batch`, in order.
  void process(std::span<const std::unique_ptr<Operation>> batch);

  // While the storage fails: when to call retry(), which opens the file again and writes to it.
  [[nodiscard]] std::optional<base::SteadyTime> retry_at() const { return retry_at_; }
  void retry();

  [[nodiscard]] Statistics statistics() const;

 private:
  std::size_t process_group(std::span<const std::unique_ptr<Operation>> rest);
  // Both return how many operations from the start they dealt with.
  std::size_t run_reads(std::span<const std::unique_ptr<Operation>> rest);
  std::size_t run_transaction(std::span<const std::unique_ptr<Operation>> rest);
  void run_alone(Operation& read);
  void storage_failed(const std::string& why);
  void storage_works();

  const std::filesystem::path file_;
  const base::Duration retry_interval_;
  Faults& faults_;
  std::unique_ptr<Database> database_;  // none when it could not be opened again
  std::optional<base::SteadyTime> retry_at_;
  std::atomic<uint64_t> operations_ = 0;
  std::atomic<uint64_t> commits_ = 0;
  std::atomic<uint64_t> failed_commits_ = 0;
};

}  // namespace store

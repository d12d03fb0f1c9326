#include "store/committer.h"

#include <fmt/format.h>

#include <exception>
#include <utility>

#include "store/monotonic.h"
#include "store/schema.h"

namespace store {
namespace {

// A transaction that has worked this long is committed although more waits, so that an answer is
// not held back by whatever was queued behind its call.
constexpr base::Duration kMaxTransactionTime{10};

base::Error unavailable(const char* doing) {
  return {base::ErrorCode::kStoreUnavailable, fmt::format("the store cannot {} right now", doing)};
}

}  // namespace

Committer::Committer(std::filesystem::path file, base::Duration retry_interval, Faults& faults)
    : file_(std::move(file)), retry_interval_(retry_interval), faults_(faults) {}

base::Result<void> Committer::open() {
  try {
    database_ = std::make_unique<Database>(file_, Database::Create::kIfMissing);
    return {};
  } catch (const SchemaTooNew& error) {
    return base::fail(base::ErrorCode::kConflict,
                      fmt::format("{}: {}", file_.native(), error.what()));
  } catch (const std::exception& error) {
    return base::fail(base::ErrorCode::kStoreUnavailable,
                      fmt::format("{}: {}", file_.native(), error.what()));
  }
}

void Committer::process(std::span<const std::unique_ptr<Operation>> batch) {
  while (!batch.empty()) batch = batch.subspan(process_group(batch));
}

std::size_t Committer::process_group(std::span<const std::unique_ptr<Operation>> rest) {
  return rest.front()->kind() == Operation::Kind::kRead ? run_reads(rest) : run_transaction(rest);
}

std::size_t Committer::run_reads(std::span<const std::unique_ptr<Operation>> rest) {
  std::size_t ran = 0;
  while (ran < rest.size() && rest[ran]->kind() == Operation::Kind::kRead) run_alone(*rest[ran++]);
  return ran;
}

std::size_t Committer::run_transaction(std::span<const std::unique_ptr<Operation>> rest) {
  std::size_t ran = 0;
  bool begun = false;
  try {
    if (database_ == nullptr) throw SQLite::Exception("the file could not be opened again");
    database_->begin();
    begun = true;
    const base::SteadyTime deadline = steady_now() + kMaxTransactionTime;
    do {
      rest[ran++]->run(*database_);
    } while (ran < rest.size() && steady_now() < deadline);
    database_->commit();
  } catch (const std::exception& error) {
    if (begun) database_->rollback();
    storage_failed(error.what());
    failed_commits_.fetch_add(1, std::memory_order_relaxed);
    // A transaction that cannot even begin would not begin for the next write either.
    if (!begun) ran = rest.size();
    for (const auto& operation : rest.first(ran)) {
      if (operation->kind() == Operation::Kind::kRead) {
        run_alone(*operation);
      } else {
        operation->refuse(unavailable("write"));
      }
    }
    return ran;
  }
  commits_.fetch_add(1, std::memory_order_relaxed);
  operations_.fetch_add(ran, std::memory_order_relaxed);
  storage_works();
  for (const auto& operation : rest.first(ran)) operation->answer();
  return ran;
}

void Committer::run_alone(Operation& read) {
  try {
    if (database_ == nullptr) throw SQLite::Exception("the file could not be opened again");
    read.run(*database_);
  } catch (const std::exception& error) {
    storage_failed(error.what());
    read.refuse(unavailable("read"));
    return;
  }
  operations_.fetch_add(1, std::memory_order_relaxed);
  read.answer();
}

void Committer::retry() {
  try {
    // A new handle: after an I/O error the old one may hold on to what it believed of the file.
    database_.reset();
    database_ = std::make_unique<Database>(file_, Database::Create::kExisting);
    database_->begin();
    database_->users().touch();
    database_->commit();
  } catch (const std::exception& error) {
    if (database_ != nullptr) database_->rollback();
    storage_failed(error.what());
    return;
  }
  storage_works();
}

void Committer::storage_failed(const std::string& why) {
  retry_at_ = steady_now() + retry_interval_;
  faults_.begin(Fault::kStorage, fmt::format("{}: {}", file_.native(), why));
}

void Committer::storage_works() {
  if (!retry_at_) return;
  retry_at_.reset();
  faults_.end(Fault::kStorage, fmt::format("{}: works again", file_.native()));
}

Committer::Statistics Committer::statistics() const {
  return {operations_.load(std::memory_order_relaxed), commits_.load(std::memory_order_relaxed),
          failed_commits_.load(std::memory_order_relaxed)};
}

}  // namespace store

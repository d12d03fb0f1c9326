#include "store/store_thread.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "store/monotonic.h"

namespace store {
namespace {

// Bounds of one turn: what is queued behind it, records written behind among it, waits no longer.
constexpr std::size_t kMaxTurnOperations = 1024;
constexpr std::size_t kMaxChunkRecords = 1000;

base::Error unavailable(const char* why) { return {base::ErrorCode::kStoreUnavailable, why}; }

}  // namespace

StoreThread::StoreThread(Options options, DataDir data_dir)
    : options_(std::move(options)),
      data_dir_(std::move(data_dir)),
      faults_(options_.on_fault),
      committer_(data_dir_.path() / "presenced.db", options_.retry_interval, faults_),
      write_behind_(options_.write_behind_interval, options_.max_write_behind_entries) {}

StoreThread::~StoreThread() { stop(); }

base::Result<void> StoreThread::start() {
  if (auto opened = committer_.open(); !opened) return opened;
  thread_ = std::thread([this] { run(); });
  return {};
}

bool StoreThread::has_room_for(std::size_t bytes) const {
  if (entries_ == 0) return true;  // one operation may be larger than the whole queue
  return entries_ < options_.max_queue_entries && bytes_ + bytes <= options_.max_queue_bytes;
}

void StoreThread::submit(std::unique_ptr<Operation> operation, const presence::UserId* superseded) {
  const char* refusal = "the store has stopped";
  {
    std::unique_lock lock(mutex_);
    if (!stopping_ && has_room_for(operation->bytes())) {
      if (superseded != nullptr) write_behind_.supersede(*superseded);
      ++entries_;
      bytes_ += operation->bytes();
      const bool urgent = operation->kind() != Operation::Kind::kSharedWrite;
      if (urgent) ++urgent_;
      const bool first = queue_.empty();
      queue_.push_back(std::move(operation));
      lock.unlock();
      if (urgent || first) wake_.notify_one();
      return;
    }
    if (!stopping_) {
      refusal = "the store has more to do than it can hold";
      ++refused_;
      full_ = true;
      faults_.begin(Fault::kQueueFull, refusal);
    }
  }
  operation->refuse(unavailable(refusal));
}

void StoreThread::write_behind(presence::UserRecord record) {
  {
    const std::lock_guard lock(mutex_);
    const bool first = !write_behind_.due_at();
    if (stopping_ || !write_behind_.put(std::move(record), steady_now())) ++dropped_records_;
    if (!first) return;
  }
  wake_.notify_one();
}

std::optional<presence::UserRecord> StoreThread::held_back(const presence::UserId& user) const {
  const std::lock_guard lock(mutex_);
  return write_behind_.find(user);
}

void StoreThread::save_sequence(uint64_t value) {
  constexpr auto kMax = static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
  {
    const std::lock_guard lock(mutex_);
    sequence_ = std::max(sequence_, static_cast<int64_t>(std::min(value, kMax)));
    if (sequence_ == sequence_saved_ || sequence_due_at_) return;
    sequence_due_at_ = steady_now() + options_.write_behind_interval;
  }
  wake_.notify_one();
}

void StoreThread::run() {
  Turn turn;
  while (wait_for_turn(turn)) {
    committer_.process(turn);
    finish_turn(turn);
    turn.clear();
  }
  committer_.close();
}

// False when there is nothing to do any more, ever.
bool StoreThread::wait_for_turn(Turn& turn) {
  std::unique_lock lock(mutex_);
  for (;;) {
    const base::SteadyTime now = steady_now();
    if (const auto retry_at = committer_.retry_at(); retry_at && now >= *retry_at && !stopping_) {
      lock.unlock();
      committer_.retry();
      lock.lock();
      continue;
    }
    if (!may_wait(now)) fill(turn, now);
    if (!turn.empty()) return true;
    if (stopping_) return false;
    if (const auto deadline = next_deadline()) {
      wake_.wait_until(lock, std::chrono::steady_clock::time_point(deadline->time_since_epoch()));
    } else {
      wake_.wait(lock);
    }
  }
}

bool StoreThread::may_wait(base::SteadyTime now) const {
  const auto due = [now](const std::optional<base::SteadyTime>& at) { return at && now >= *at; };
  return !queue_.empty() && urgent_ == 0 && now < next_commit_at_ && !stopping_ &&
         !due(write_behind_.due_at()) && !due(sequence_due_at_);
}

void StoreThread::fill(Turn& turn, base::SteadyTime now) {
  bool writes = false;
  while (!queue_.empty() && turn.size() < kMaxTurnOperations) {
    const Operation::Kind kind = queue_.front()->kind();
    writes = writes || kind != Operation::Kind::kRead;
    if (kind == Operation::Kind::kSharedWrite) {
      next_commit_at_ = now + options_.commit_interval;
    } else {
      --urgent_;
    }
    turn.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  const std::size_t submitted = turn.size();
  if (stopping_ && gave_up_) return;
  add_sequence(turn, writes, now);
  add_chunk(turn, now);
  internal_ = turn.size() - submitted;
}

// In front, so that it is part of the first transaction of any turn that writes.
void StoreThread::add_sequence(Turn& turn, bool writes, base::SteadyTime now) {
  if (!sequence_due_at_ || !(writes || stopping_ || now >= *sequence_due_at_)) return;
  sequence_due_at_.reset();
  const int64_t value = sequence_;
  turn.insert(turn.begin(), make_operation<void>(
                                Operation::Kind::kWrite, 0,
                                [value](Database& database) -> base::Result<void> {
                                  database.users().raise(UserTable::Mark::kSequence, value);
                                  return {};
                                },
                                Done<void>([this, value](const base::Result<void>& written) {
                                  const std::lock_guard lock(mutex_);
                                  if (written) {
                                    sequence_saved_ = std::max(sequence_saved_, value);
                                  } else {
                                    gave_up_ = gave_up_ || stopping_;
                                    sequence_due_at_ = retry_time();
                                  }
                                })));
}

void StoreThread::add_chunk(Turn& turn, base::SteadyTime now) {
  if (stopping_) write_behind_.hurry();
  auto chunk = std::make_shared<std::vector<presence::UserRecord>>(
      write_behind_.take_chunk(now, kMaxChunkRecords));
  if (chunk->empty()) return;
  turn.push_back(make_operation<void>(
      Operation::Kind::kWrite, 0,
      [chunk](Database& database) -> base::Result<void> {
        for (const presence::UserRecord& record : *chunk) database.users().save(record);
        return {};
      },
      Done<void>([this, chunk](const base::Result<void>& written) {
        const std::lock_guard lock(mutex_);
        if (written) {
          write_behind_.written();
        } else {
          gave_up_ = gave_up_ || stopping_;
          write_behind_.failed(std::move(*chunk), retry_time());
        }
      })));
}

base::SteadyTime StoreThread::retry_time() const {
  return committer_.retry_at().value_or(steady_now() + options_.retry_interval);
}

std::optional<base::SteadyTime> StoreThread::next_deadline() const {
  std::optional<base::SteadyTime> next;
  for (const auto& deadline : {write_behind_.due_at(), sequence_due_at_, committer_.retry_at()})
    if (deadline && (!next || *deadline < *next)) next = deadline;
  if (!queue_.empty() && (!next || next_commit_at_ < *next)) next = next_commit_at_;
  return next;
}

void StoreThread::finish_turn(const Turn& turn) {
  const std::lock_guard lock(mutex_);
  entries_ -= turn.size() - internal_;
  internal_ = 0;
  for (const auto& operation : turn) bytes_ -= operation->bytes();
  if (full_ && entries_ <= options_.max_queue_entries / 2 &&
      bytes_ <= options_.max_queue_bytes / 2) {
    full_ = false;
    faults_.end(Fault::kQueueFull, "the store has caught up");
  }
}

std::size_t StoreThread::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  if (!thread_.joinable()) return lost_at_stop_;
  thread_.join();
  const std::lock_guard lock(mutex_);
  lost_at_stop_ = write_behind_.size();
  dropped_records_ += lost_at_stop_;
  return lost_at_stop_;
}

Counters StoreThread::counters() const {
  const Committer::Statistics statistics = committer_.statistics();
  const std::lock_guard lock(mutex_);
  Counters counters;
  counters.queue_entries = entries_;
  counters.queue_bytes = bytes_;
  counters.write_behind_entries = write_behind_.size();
  counters.operations = statistics.operations;
  counters.commits = statistics.commits;
  counters.failed_commits = statistics.failed_commits;
  counters.refused = refused_;
  counters.dropped_records = dropped_records_;
  counters.available = !faults_.any();
  counters.last_error = faults_.last_storage_error();
  return counters;
}

}  // namespace store

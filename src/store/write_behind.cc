#include "store/write_behind.h"

#include <algorithm>
#include <utility>

namespace store {

bool WriteBehind::put(presence::UserRecord record, base::SteadyTime now) {
  if (const auto found = due_.find(record.user); found != due_.end()) {
    found->second = std::move(record);
    return true;
  }
  const auto found = collecting_.find(record.user);
  if (found != collecting_.end()) {
    found->second = std::move(record);
    return true;
  }
  if (size() >= max_entries_) return false;
  presence::UserId user = record.user;
  collecting_.emplace(std::move(user), std::move(record));
  if (!due_at_) due_at_ = now + interval_;
  return true;
}

void WriteBehind::supersede(const presence::UserId& user) {
  collecting_.erase(user);
  due_.erase(user);
  if (writing_ > 0) superseded_.insert(user);
  if (collecting_.empty() && due_.empty()) due_at_.reset();
}

std::optional<presence::UserRecord> WriteBehind::find(const presence::UserId& user) const {
  for (const Records* records : {&collecting_, &due_})
    if (const auto found = records->find(user); found != records->end()) return found->second;
  return std::nullopt;
}

std::vector<presence::UserRecord> WriteBehind::take_chunk(base::SteadyTime now, std::size_t limit) {
  std::vector<presence::UserRecord> chunk;
  if (!due_at_ || now < *due_at_) return chunk;
  if (due_.empty()) std::swap(due_, collecting_);
  while (!due_.empty() && chunk.size() < limit) {
    chunk.push_back(std::move(due_.begin()->second));
    due_.erase(due_.begin());
  }
  // Neighbours in the file are written together.
  std::sort(chunk.begin(), chunk.end(),
            [](const auto& a, const auto& b) { return a.user < b.user; });
  writing_ = chunk.size();
  if (due_.empty()) schedule(now);
  return chunk;
}

void WriteBehind::schedule(base::SteadyTime now) {
  due_at_.reset();
  if (!collecting_.empty()) due_at_ = now + interval_;
}

void WriteBehind::hurry() {
  if (due_at_) due_at_ = base::SteadyTime{};
}

void WriteBehind::written() {
  writing_ = 0;
  superseded_.clear();
}

void WriteBehind::failed(std::vector<presence::UserRecord>&& chunk, base::SteadyTime retry_at) {
  for (presence::UserRecord& record : chunk) {
    if (superseded_.contains(record.user) || due_.contains(record.user)) continue;
    presence::UserId user = record.user;
    collecting_.try_emplace(std::move(user), std::move(record));  // a newer one stays
  }
  written();
  due_at_.reset();
  if (!collecting_.empty() || !due_.empty()) due_at_ = retry_at;
}

}  // namespace store

#include "presence/user_table.h"

#include <algorithm>

#include "base/check.h"

namespace presence {

// The slot that holds `id`, or the free one where it would go.
std::size_t UserTable::slot_of(std::string_view id, uint32_t hash) const {
  const std::size_t mask = index_.size() - 1;
  for (std::size_t i = hash & mask;; i = (i + 1) & mask) {
    if (index_[i] == kNoUser) return i;
    const User& user = *users_[index_[i]];
    if (user.hash == hash && user.id == id) return i;
  }
}

const User* UserTable::find(std::string_view id) const {
  if (index_.empty()) return nullptr;
  const UserHandle handle = index_[slot_of(id, hash_of(id))];
  return handle == kNoUser ? nullptr : users_[handle].get();
}

User* UserTable::find(std::string_view id) {
  return const_cast<User*>(static_cast<const UserTable*>(this)->find(id));
}

User& UserTable::intern(std::string_view id) {
  if ((size_ + 1) * 2 > index_.size()) grow();
  const uint32_t hash = hash_of(id);
  UserHandle& slot = index_[slot_of(id, hash)];
  if (slot != kNoUser) return *users_[slot];
  auto user = std::make_unique<User>();
  user->id = id;
  user->hash = hash;
  if (free_.empty()) {
    CHECK(users_.size() <= ContactRef::kMaxHandle);
    user->handle = end();
    users_.push_back(std::move(user));
    slot = end() - 1;
  } else {
    user->handle = free_.back();
    free_.pop_back();
    slot = user->handle;
    users_[slot] = std::move(user);
  }
  ++size_;
  return *users_[slot];
}

void UserTable::erase(User& user) {
  const std::size_t mask = index_.size() - 1;
  std::size_t gap = slot_of(user.id, user.hash);
  for (std::size_t i = (gap + 1) & mask; index_[i] != kNoUser; i = (i + 1) & mask) {
    const std::size_t distance_from_home = (i - users_[index_[i]]->hash) & mask;
    if (distance_from_home < ((i - gap) & mask)) continue;
    index_[gap] = index_[i];
    gap = i;
  }
  index_[gap] = kNoUser;
  --size_;
  free_.push_back(user.handle);
  users_[user.handle].reset();
}

void UserTable::grow() {
  index_.assign(std::max<std::size_t>(16, index_.size() * 2), kNoUser);
  const std::size_t mask = index_.size() - 1;
  for (const auto& user : users_) {
    if (user == nullptr) continue;
    std::size_t i = user->hash & mask;
    while (index_[i] != kNoUser) i = (i + 1) & mask;
    index_[i] = user->handle;
  }
}

}  // namespace presence

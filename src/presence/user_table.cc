#include "presence/user_table.h"

#include <cstring>

#include "base/check.h"

namespace presence {

// Eight bytes at a time, multiplied and folded. Ids are chosen by whoever may connect, so a
// collision attack has to be survivable: the table's probe runs only get longer, and the contract
// bounds an id to 128 bytes.
uint32_t hash_user_id(std::string_view id) {
  uint64_t hash = 0x9E3779B97F4A7C15ULL ^ id.size();
  while (!id.empty()) {
    uint64_t word = 0;
    const std::size_t taken = std::min<std::size_t>(id.size(), sizeof word);
    std::memcpy(&word, id.data(), taken);
    id.remove_prefix(taken);
    hash = (hash ^ word) * 0xD6E8FEB86659FD93ULL;
    hash ^= hash >> 32;
  }
  return static_cast<uint32_t>(hash ^ hash >> 29);
}

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
  const UserHandle handle = index_[slot_of(id, hash_user_id(id))];
  return handle == kNoUser ? nullptr : users_[handle].get();
}

User* UserTable::find(std::string_view id) {
  return const_cast<User*>(static_cast<const UserTable*>(this)->find(id));
}

User& UserTable::intern(std::string_view id) {
  if ((size_ + 1) * 2 > index_.size()) grow();
  const uint32_t hash = hash_user_id(id);
  UserHandle& slot = index_[slot_of(id, hash)];
  if (slot != kNoUser) return *users_[slot];
  auto user = std::make_unique<User>();
  user->id = id;
  user->hash = hash;
  if (free_.empty()) {
    CHECK(users_.size() < (kNoUser >> 1));  // a ContactRef has 31 bits for it
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

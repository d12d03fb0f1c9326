#include "presence/user_table.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "base/check.h"

namespace presence {
namespace {
constexpr std::size_t kCacheLine = 64;
}  // namespace

// The slot that holds `id`, or the free one where it would go.
std::size_t UserTable::slot_of(std::string_view id, uint32_t hash) const {
  const std::size_t mask = index_.size() - 1;
  for (std::size_t i = hash & mask;; i = (i + 1) & mask) {
    const Slot& slot = index_[i];
    if (slot.handle == kNoUser) return i;
    if (slot.hash == hash && users_[slot.handle]->id == id) return i;
  }
}

const User* UserTable::find(std::string_view id) const {
  if (index_.empty()) return nullptr;
  const UserHandle handle = index_[slot_of(id, hash_of(id))].handle;
  return handle == kNoUser ? nullptr : users_[handle].get();
}

User* UserTable::find(std::string_view id) {
  return const_cast<User*>(static_cast<const UserTable*>(this)->find(id));
}

// Each step asks for the memory that the next one needs of all ids, before it waits for any of it.
void UserTable::find_all(std::span<const std::string_view> ids,
                         std::span<const User*> found) const {
  constexpr std::size_t kAtOnce = 32;
  std::array<uint32_t, kAtOnce> hashes;
  std::array<UserHandle, kAtOnce> handles;
  if (index_.empty()) return std::fill(found.begin(), found.end(), nullptr);
  const std::size_t mask = index_.size() - 1;
  while (!ids.empty()) {
    const std::size_t count = std::min(kAtOnce, ids.size());
    for (std::size_t i = 0; i < count; ++i) {
      hashes[i] = hash_of(ids[i]);
      __builtin_prefetch(&index_[hashes[i] & mask]);
    }
    for (std::size_t i = 0; i < count; ++i) {
      std::size_t at = hashes[i] & mask;
      while (index_[at].handle != kNoUser && index_[at].hash != hashes[i]) at = (at + 1) & mask;
      handles[i] = index_[at].handle;
      if (handles[i] != kNoUser) __builtin_prefetch(&users_[handles[i]]);
    }
    for (std::size_t i = 0; i < count; ++i) {
      found[i] = handles[i] == kNoUser ? nullptr : users_[handles[i]].get();
      for (std::size_t at = 0; found[i] != nullptr && at < sizeof(User); at += kCacheLine)
        __builtin_prefetch(reinterpret_cast<const char*>(found[i]) + at);
    }
    for (std::size_t i = 0; i < count; ++i)
      if (found[i] != nullptr && found[i]->id != ids[i]) found[i] = find(ids[i]);  // another's hash
    ids = ids.subspan(count);
    found = found.subspan(count);
  }
}

User& UserTable::intern(std::string_view id) {
  if ((size_ + 1) * 4 > index_.size() * 3) grow();
  const uint32_t hash = hash_of(id);
  Slot& slot = index_[slot_of(id, hash)];
  if (slot.handle != kNoUser) return *users_[slot.handle];
  slot.hash = hash;
  auto user = std::make_unique<User>();
  user->id = id;
  user->hash = hash;
  if (free_.empty()) {
    CHECK(users_.size() <= ContactRef::kMaxHandle);
    user->handle = end();
    users_.push_back(std::move(user));
    slot.handle = end() - 1;
  } else {
    user->handle = free_.back();
    free_.pop_back();
    slot.handle = user->handle;
    users_[slot.handle] = std::move(user);
  }
  ++size_;
  return *users_[slot.handle];
}

void UserTable::erase(User& user) {
  const std::size_t mask = index_.size() - 1;
  std::size_t gap = slot_of(user.id, user.hash);
  for (std::size_t i = (gap + 1) & mask; index_[i].handle != kNoUser; i = (i + 1) & mask) {
    const std::size_t distance_from_home = (i - index_[i].hash) & mask;
    if (distance_from_home < ((i - gap) & mask)) continue;
    index_[gap] = index_[i];
    gap = i;
  }
  index_[gap] = {};
  --size_;
  free_.push_back(user.handle);
  users_[user.handle].reset();
}

void UserTable::grow() {
  const auto before =
      std::exchange(index_, std::vector<Slot>(std::max<std::size_t>(16, index_.size() * 2)));
  const std::size_t mask = index_.size() - 1;
  for (const Slot& slot : before) {
    if (slot.handle == kNoUser) continue;
    std::size_t i = slot.hash & mask;
    while (index_[i].handle != kNoUser) i = (i + 1) & mask;
    index_[i] = slot;
  }
}

}  // namespace presence

// UserTable: every user the server knows of, by id and by handle.
//
// A handle is a small integer that is used again after its user was dropped; lists of users are
// lists of handles. The index is an open-addressed table of hashes and handles: some 16 bytes a
// user where a hash map of strings costs 60. Users stay where they are in memory. One thread.
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/sip_hash.h"
#include "presence/user.h"

namespace presence {

class UserTable {
 public:
  // Ids are chosen by strangers, so `key` is secret in production.
  explicit UserTable(base::HashKey key = {}) : key_(key) {}

  [[nodiscard]] User* find(std::string_view id);
  [[nodiscard]] const User* find(std::string_view id) const;
  // The same for many at once, whose memory is fetched side by side: `found[i]` is of `ids[i]`.
  void find_all(std::span<const std::string_view> ids, std::span<const User*> found) const;
  // The user of that id, made when it is not there.
  User& intern(std::string_view id);
  void erase(User& user);

  [[nodiscard]] User& operator[](UserHandle handle) { return *users_[handle]; }
  [[nodiscard]] const User& operator[](UserHandle handle) const { return *users_[handle]; }
  [[nodiscard]] std::size_t size() const { return size_; }
  // Handles are below this; a handle in between may be free.
  [[nodiscard]] UserHandle end() const { return static_cast<UserHandle>(users_.size()); }
  [[nodiscard]] User* at(UserHandle handle) { return users_[handle].get(); }
  template <class Visit>
  void for_each(Visit&& visit) const {
    for (const auto& user : users_)
      if (user != nullptr) visit(*user);
  }

 private:
  struct Slot {
    uint32_t hash = 0;
    UserHandle handle = kNoUser;  // kNoUser: free
  };

  [[nodiscard]] uint32_t hash_of(std::string_view id) const {
    return static_cast<uint32_t>(base::sip_hash(key_, id));
  }
  [[nodiscard]] std::size_t slot_of(std::string_view id, uint32_t hash) const;
  void grow();

  base::HashKey key_;
  std::vector<std::unique_ptr<User>> users_;
  std::vector<UserHandle> free_;
  std::vector<Slot> index_;  // power of two, at most three quarters full
  std::size_t size_ = 0;
};

}  // namespace presence

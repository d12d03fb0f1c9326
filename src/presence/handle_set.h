// HandleSet: a set of users by handle, for "who watches this user".
//
// A plain array while it is small (a contact list has some hundred entries, and scanning those is
// faster than hashing and half the memory), an open-addressed table beyond. The order of iteration
// depends only on the sequence of inserts and erases, so the same inputs tell the same watchers in
// the same order. 16 bytes when empty. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace presence {

using UserHandle = uint32_t;
constexpr UserHandle kNoUser = 0xffffffff;

class HandleSet {
 public:
  // True when it was not there before.
  bool insert(UserHandle handle);
  // True when it was there.
  bool erase(UserHandle handle);
  [[nodiscard]] bool contains(UserHandle handle) const { return find(handle) != kNotFound; }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }

  // `visit(handle)` must not change the set.
  template <class Visit>
  void for_each(Visit&& visit) const {
    const uint32_t end = hashed() ? capacity_ : size_;
    for (uint32_t i = 0; i < end; ++i)
      if (slots_[i] != kFree) visit(slots_[i]);
  }

 private:
  static constexpr uint32_t kNotFound = 0xffffffff;
  static constexpr uint32_t kLinearLimit = 1024;
  static constexpr UserHandle kFree = kNoUser;

  [[nodiscard]] bool hashed() const { return capacity_ > kLinearLimit; }
  [[nodiscard]] uint32_t find(UserHandle handle) const;
  [[nodiscard]] uint32_t home_slot(UserHandle handle) const {
    return static_cast<uint32_t>((handle * 0x9E3779B97F4A7C15ULL) >> 32) & (capacity_ - 1);
  }
  void resize(uint32_t capacity);
  void place(UserHandle handle);
  void close_gap(uint32_t gap);

  std::unique_ptr<UserHandle[]> slots_;
  uint32_t size_ = 0;
  uint32_t capacity_ = 0;
};

}  // namespace presence

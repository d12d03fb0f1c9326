#include "presence/handle_set.h"

#include <algorithm>
#include <utility>

namespace presence {

uint32_t HandleSet::find(UserHandle handle) const {
  if (!hashed()) {
    for (uint32_t i = 0; i < size_; ++i)
      if (slots_[i] == handle) return i;
    return kNotFound;
  }
  for (uint32_t i = home_slot(handle);; i = (i + 1) & (capacity_ - 1)) {
    if (slots_[i] == handle) return i;
    if (slots_[i] == kFree) return kNotFound;
  }
}

void HandleSet::place(UserHandle handle) {
  if (!hashed()) {
    slots_[size_++] = handle;
    return;
  }
  uint32_t i = home_slot(handle);
  while (slots_[i] != kFree) i = (i + 1) & (capacity_ - 1);
  slots_[i] = handle;
  ++size_;
}

void HandleSet::resize(uint32_t capacity) {
  const std::unique_ptr<UserHandle[]> old = std::move(slots_);
  const uint32_t old_end = hashed() ? capacity_ : size_;
  capacity_ = capacity;
  size_ = 0;
  slots_ = std::make_unique_for_overwrite<UserHandle[]>(capacity);
  if (hashed()) std::fill_n(slots_.get(), capacity, kFree);
  for (uint32_t i = 0; i < old_end; ++i)
    if (old[i] != kFree) place(old[i]);
}

bool HandleSet::insert(UserHandle handle) {
  if (size_ != 0 && contains(handle)) return false;
  if (!hashed() && size_ == capacity_) {
    // Grow by an eighth: these arrays are most of what a connected user costs.
    const uint32_t grown = capacity_ + std::max<uint32_t>(4, capacity_ / 8);
    resize(grown > kLinearLimit ? 4 * kLinearLimit : grown);
  } else if (hashed() && size_ * 2 >= capacity_) {
    resize(capacity_ * 2);
  }
  place(handle);
  return true;
}

// Moves later members of the probe run back, so that no markers are left behind.
void HandleSet::close_gap(uint32_t gap) {
  const uint32_t mask = capacity_ - 1;
  for (uint32_t i = (gap + 1) & mask; slots_[i] != kFree; i = (i + 1) & mask) {
    const uint32_t distance_from_home = (i - home_slot(slots_[i])) & mask;
    if (distance_from_home < ((i - gap) & mask)) continue;
    slots_[gap] = slots_[i];
    gap = i;
  }
  slots_[gap] = kFree;
}

bool HandleSet::erase(UserHandle handle) {
  const uint32_t at = size_ == 0 ? kNotFound : find(handle);
  if (at == kNotFound) return false;
  --size_;
  if (size_ == 0) {
    slots_.reset();
    capacity_ = 0;
  } else if (!hashed()) {
    slots_[at] = slots_[size_];
  } else {
    close_gap(at);
    if (size_ < kLinearLimit / 2) resize(kLinearLimit);
  }
  return true;
}

}  // namespace presence

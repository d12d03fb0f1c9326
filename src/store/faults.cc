#include "store/faults.h"

namespace store {

void Faults::begin(Fault fault, const std::string& message) {
  const std::lock_guard lock(mutex_);
  if (fault == Fault::kStorage) last_storage_error_ = message;
  change(fault, true, message);
}

void Faults::end(Fault fault, const std::string& message) {
  const std::lock_guard lock(mutex_);
  change(fault, false, message);
}

void Faults::change(Fault fault, bool began, const std::string& message) {
  bool& present = present_.at(static_cast<std::size_t>(fault));
  if (present == began) return;
  present = began;
  if (on_change_) on_change_({fault, began, message});
}

bool Faults::any() const {
  const std::lock_guard lock(mutex_);
  return present_[0] || present_[1];
}

std::string Faults::last_storage_error() const {
  const std::lock_guard lock(mutex_);
  return last_storage_error_;
}

}  // namespace store

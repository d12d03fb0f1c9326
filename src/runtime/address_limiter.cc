#include "runtime/address_limiter.h"

namespace runtime {

AddressLimiter::AddressLimiter(unsigned limit, std::function<bool(std::string_view)> uncounted)
    : limit_(limit), uncounted_(std::move(uncounted)) {}

AddressLimiter::Ticket& AddressLimiter::Ticket::operator=(Ticket&& other) noexcept {
  release();
  limiter_ = std::exchange(other.limiter_, nullptr);
  address_ = std::move(other.address_);
  return *this;
}

void AddressLimiter::Ticket::release() {
  if (limiter_ == nullptr) return;
  const std::lock_guard lock(limiter_->mutex_);
  const auto found = limiter_->open_.find(address_);
  if (found != limiter_->open_.end() && --found->second == 0) limiter_->open_.erase(found);
  limiter_ = nullptr;
}

AddressLimiter::Admission AddressLimiter::admit(std::string_view address) {
  Admission result;
  if (limit_ == 0 || (uncounted_ && uncounted_(address))) return result;
  result.ticket.limiter_ = this;
  result.ticket.address_ = address;
  const std::lock_guard lock(mutex_);
  result.admitted = ++open_[result.ticket.address_] <= limit_;
  return result;
}

}  // namespace runtime

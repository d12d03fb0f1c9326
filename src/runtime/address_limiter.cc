#include "runtime/address_limiter.h"

namespace runtime {

AddressLimiter::AddressLimiter(unsigned limit, std::vector<net::AddressRange> trusted_proxies)
    : limit_(limit), trusted_proxies_(std::move(trusted_proxies)) {}

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

AddressLimiter::Admission AddressLimiter::admit(std::string_view peer) {
  if (limit_ == 0 || is_proxy(peer)) return {};
  return count(std::string(peer));
}

AddressLimiter::Admission AddressLimiter::admit_forwarded(std::string_view peer,
                                                          std::string_view x_forwarded_for) {
  if (limit_ == 0 || !is_proxy(peer)) return {};
  std::string client = net::client_address(peer, x_forwarded_for, trusted_proxies_);
  if (is_proxy(client)) return {};  // the proxy's own request, such as a health check
  return count(std::move(client));
}

bool AddressLimiter::is_proxy(std::string_view address) const {
  if (trusted_proxies_.empty()) return false;
  const auto parsed = net::parse_ip_address(address);
  return parsed && net::in_any_range(*parsed, trusted_proxies_);
}

AddressLimiter::Admission AddressLimiter::count(std::string address) {
  Admission result;
  result.ticket.limiter_ = this;
  result.ticket.address_ = std::move(address);
  const std::lock_guard lock(mutex_);
  result.admitted = ++open_[result.ticket.address_] <= limit_;
  return result;
}

}  // namespace runtime

// AddressLimiter: open connections per peer address, over all core threads.
#pragma once

#include <cstddef>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace runtime {

class AddressLimiter {
 public:
  // `limit` 0: no limit. Addresses for which `uncounted` answers true are not counted.
  AddressLimiter(unsigned limit, std::function<bool(std::string_view)> uncounted);

  [[nodiscard]] bool enabled() const { return limit_ != 0; }

  // One connection's place. Destroyed when the connection ends, in any thread.
  class Ticket {
   public:
    Ticket() = default;
    Ticket(Ticket&& other) noexcept
        : limiter_(std::exchange(other.limiter_, nullptr)), address_(std::move(other.address_)) {}
    Ticket& operator=(Ticket&& other) noexcept;
    ~Ticket() { release(); }

   private:
    friend class AddressLimiter;
    void release();

    AddressLimiter* limiter_ = nullptr;
    std::string address_;
  };

  struct Admission {
    bool admitted = true;
    Ticket ticket;  // counts, also for a connection that is only told 429
  };
  [[nodiscard]] Admission admit(std::string_view address);

 private:
  const unsigned limit_;
  const std::function<bool(std::string_view)> uncounted_;
  std::mutex mutex_;
  std::unordered_map<std::string, unsigned> open_;
};

}  // namespace runtime

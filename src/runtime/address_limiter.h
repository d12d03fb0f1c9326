// AddressLimiter: open connections per client address, over all core threads.
//
// A connection counts for its peer as long as it is open. One from a trusted proxy counts for the
// client that the proxy names (X-Forwarded-For), and only while it carries a request of it, because
// proxies keep connections for whoever comes next: a poll that waits and a WebSocket are requests
// for as long as they last.
#pragma once

#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "net/client_address.h"

namespace runtime {

class AddressLimiter {
 public:
  // `limit` 0: no limit.
  AddressLimiter(unsigned limit, std::vector<net::AddressRange> trusted_proxies);

  [[nodiscard]] bool enabled() const { return limit_ != 0; }

  // One connection's place. Destroyed when the connection ends, in any thread.
  class Ticket {
   public:
    Ticket() = default;
    Ticket(Ticket&& other) noexcept
        : limiter_(std::exchange(other.limiter_, nullptr)), address_(std::move(other.address_)) {}
    Ticket& operator=(Ticket&& other) noexcept;
    ~Ticket() { release(); }
    void release();

   private:
    friend class AddressLimiter;

    AddressLimiter* limiter_ = nullptr;
    std::string address_;
  };

  struct Admission {
    bool admitted = true;
    Ticket ticket;  // counts, also for a connection that is only told 429
  };
  // A new connection. One from a trusted proxy is not counted.
  [[nodiscard]] Admission admit(std::string_view peer);
  // A request on a connection from `peer`. Counts only if that is a trusted proxy.
  [[nodiscard]] Admission admit_forwarded(std::string_view peer, std::string_view x_forwarded_for);

 private:
  [[nodiscard]] bool is_proxy(std::string_view address) const;
  Admission count(std::string address);

  const unsigned limit_;
  const std::vector<net::AddressRange> trusted_proxies_;
  std::mutex mutex_;
  std::unordered_map<std::string, unsigned> open_;
};

}  // namespace runtime

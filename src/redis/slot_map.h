// The 16384 slots of a Redis Cluster: which one a key belongs to, and who serves it. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "redis/address.h"
#include "redis/reply.h"

namespace redis {

constexpr int kSlots = 16384;

// CRC-16/XMODEM of the key, or of what stands between its first `{` and the next `}` if that is
// not empty.
[[nodiscard]] int key_slot(std::string_view key);

class SlotMap {
 public:
  SlotMap() { owners_.fill(kNobody); }

  // From an answer to CLUSTER SLOTS; `asked` is whom a node means that names no host.
  [[nodiscard]] static base::Result<SlotMap> parse(const Reply& reply, const Address& asked);

  [[nodiscard]] const Address* master_of(int slot) const {
    const uint16_t owner = owners_[static_cast<std::size_t>(slot)];
    return owner == kNobody ? nullptr : &masters_[owner];
  }
  [[nodiscard]] const std::vector<Address>& masters() const { return masters_; }
  [[nodiscard]] bool has_master(const Address& address) const;
  [[nodiscard]] bool complete() const;  // every slot has a master
  void set_master(int slot, const Address& address);

 private:
  static constexpr uint16_t kNobody = 0xffff;
  [[nodiscard]] uint16_t number_of(const Address& address);

  std::vector<Address> masters_;
  std::array<uint16_t, kSlots> owners_{};
};

}  // namespace redis

#include "redis/slot_map.h"

#include <algorithm>

namespace redis {
namespace {

constexpr std::array<uint16_t, 256> make_crc_table() {
  std::array<uint16_t, 256> table{};
  for (unsigned byte = 0; byte < 256; ++byte) {
    unsigned crc = byte << 8;
    for (int bit = 0; bit < 8; ++bit) crc = (crc << 1) ^ ((crc & 0x8000) != 0 ? 0x1021 : 0);
    table[byte] = static_cast<uint16_t>(crc);
  }
  return table;
}
constexpr std::array<uint16_t, 256> kCrcTable = make_crc_table();

unsigned crc16(std::string_view text) {
  unsigned crc = 0;
  for (const char c : text)
    crc = ((crc << 8) & 0xffff) ^ kCrcTable[(crc >> 8) ^ static_cast<unsigned char>(c)];
  return crc;
}

}  // namespace

int key_slot(std::string_view key) {
  const std::size_t open = key.find('{');
  if (open != std::string_view::npos) {
    const std::size_t close = key.find('}', open + 1);
    if (close != std::string_view::npos && close != open + 1)
      key = key.substr(open + 1, close - open - 1);
  }
  return static_cast<int>(crc16(key) % kSlots);
}

base::Result<SlotMap> SlotMap::parse(const Reply& reply, const Address& asked) {
  const auto refuse = [] {
    return base::fail(base::ErrorCode::kInternal, "CLUSTER SLOTS answered what cannot be read");
  };
  if (!reply.is_array()) return refuse();
  SlotMap map;
  for (const Reply& range : reply.elements) {
    // first slot, last slot, master, replicas...; a node is host, port, id, ...
    if (range.elements.size() < 3) return refuse();
    const auto first = range.elements[0].to_integer();
    const auto last = range.elements[1].to_integer();
    const std::vector<Reply>& master = range.elements[2].elements;
    if (!first || !last || *first < 0 || *first > *last || *last >= kSlots || master.size() < 2)
      return refuse();
    const auto port = master[1].to_integer();
    if (!port || *port < 1 || *port > 65535) return refuse();
    Address address{master[0].text, static_cast<uint16_t>(*port)};
    if (address.host == "?") continue;  // it does not know its own name yet
    if (address.host.empty()) address.host = asked.host;
    const uint16_t number = map.number_of(address);
    std::fill(map.owners_.begin() + *first, map.owners_.begin() + *last + 1, number);
  }
  return map;
}

bool SlotMap::has_master(const Address& address) const {
  return std::ranges::find(masters_, address) != masters_.end();
}

bool SlotMap::complete() const { return std::ranges::find(owners_, kNobody) == owners_.end(); }

void SlotMap::set_master(int slot, const Address& address) {
  owners_[static_cast<std::size_t>(slot)] = number_of(address);
}

uint16_t SlotMap::number_of(const Address& address) {
  const auto at = std::ranges::find(masters_, address);
  if (at == masters_.end()) masters_.push_back(address);
  return static_cast<uint16_t>(std::ranges::find(masters_, address) - masters_.begin());
}

}  // namespace redis

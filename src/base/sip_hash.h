// SipHash-1-3 with a secret key: for tables whose keys are chosen by strangers.
//
// Without a key, whoever picks names can pick ten thousand that fall together and make each lookup
// walk all of them. std::hash and multiply-and-fold hashes can be driven into that even with a
// seed; SipHash was made for it. Pure; the key is handed in (random in production).
#pragma once

#include <cstdint>
#include <string_view>

namespace base {

struct HashKey {
  uint64_t k0 = 0;
  uint64_t k1 = 0;
};

[[nodiscard]] uint64_t sip_hash(HashKey key, std::string_view text);

}  // namespace base

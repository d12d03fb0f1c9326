// Sid: the Engine.IO session id, and where the session lives.
//
// 15 random bytes make it a secret; 2 bytes name the node and 1 the core thread that hold the
// session, so that a request which lands elsewhere can be moved without asking anybody. On the wire
// it is 24 characters of base64url. A plain value.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/random.h"

namespace engineio {

struct Sid {
  static constexpr std::size_t kRandomBytes = 15;
  static constexpr std::size_t kTextLength = 24;

  std::array<uint8_t, kRandomBytes + 3> bytes{};

  static Sid create(base::RandomSource& random, uint16_t node, uint8_t thread);
  // Nothing when `text` cannot be an id of ours.
  static std::optional<Sid> parse(std::string_view text);

  [[nodiscard]] std::string text() const;
  [[nodiscard]] uint16_t node() const {
    return static_cast<uint16_t>(bytes[kRandomBytes] << 8 | bytes[kRandomBytes + 1]);
  }
  [[nodiscard]] uint8_t thread() const { return bytes[kRandomBytes + 2]; }

  bool operator==(const Sid&) const = default;
};

}  // namespace engineio

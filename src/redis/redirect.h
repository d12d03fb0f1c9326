// Redirect: a cluster node's `MOVED slot host:port` (for good) or `ASK slot host:port` (this once).
// Pure.
#pragma once

#include <cstdint>
#include <optional>

#include "redis/address.h"
#include "redis/answer.h"

namespace redis {

struct Redirect {
  enum class Kind : uint8_t { kMoved, kAsk } kind = Kind::kMoved;
  int slot = 0;
  Address address;
};

// `from` is the node that said it: it may leave its own host out.
[[nodiscard]] std::optional<Redirect> parse_redirect(const Error& error, const Address& from);

}  // namespace redis

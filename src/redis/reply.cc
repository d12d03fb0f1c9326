#include "redis/reply.h"

#include <charconv>

namespace redis {

std::optional<int64_t> Reply::to_integer() const {
  if (is_integer()) return integer;
  if (!is_text()) return std::nullopt;
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace redis

// Query strings: never more pairs than separators allow, never longer than what was sent.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "net/http.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  const std::string_view query(reinterpret_cast<const char*>(data), size);
  std::size_t total = 0;
  const auto pairs = net::parse_query(query);
  for (const auto& [key, value] : pairs) total += key.size() + value.size();
  if (total > size || pairs.size() > size + 1) std::abort();
  static_cast<void>(net::query_value(pairs, "sid"));
  return 0;
}

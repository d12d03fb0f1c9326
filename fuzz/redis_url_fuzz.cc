// Redis URLs: what is shown of one can be read again, and means the same but for the password.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "redis/url.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  const auto url = redis::Url::parse({reinterpret_cast<const char*>(data), size});
  if (!url) return 0;
  if (url->addresses.empty()) std::abort();
  const auto again = redis::Url::parse(url->masked());
  if (!again || again->masked() != url->masked() || again->addresses != url->addresses ||
      again->user != url->user || again->master != url->master || again->database != url->database)
    std::abort();
  return 0;
}

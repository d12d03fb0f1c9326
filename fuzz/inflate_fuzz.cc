// Inflating: any bytes as a sequence of compressed messages, never beyond the limit; and what our
// own compressor makes of the same bytes comes back.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "net/websocket_deflate.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  constexpr std::size_t kLimit = 4096;
  if (size < 1) return 0;
  const net::DeflateParameters parameters{(data[0] & 1) != 0, (data[0] & 2) != 0,
                                          9 + (data[0] >> 2) % 7, 8 + (data[0] >> 5)};
  std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);

  net::PermessageDeflate hostile(parameters);
  for (std::string_view rest = bytes; !rest.empty();) {
    const std::string_view message = rest.substr(0, 1 + static_cast<uint8_t>(rest[0]) % 64);
    rest.remove_prefix(message.size());
    std::string out;
    const auto outcome = hostile.inflate(message, kLimit, out);
    if (out.size() > kLimit) std::abort();
    if (outcome != net::PermessageDeflate::Outcome::kOk) break;
  }

  net::PermessageDeflate sender(parameters);
  net::PermessageDeflate receiver(
      {false, parameters.server_no_context_takeover, 15, parameters.server_max_window_bits});
  for (int i = 0; i < 2; ++i) {
    std::string compressed;
    sender.deflate(bytes, compressed);
    std::string out;
    if (receiver.inflate(compressed, bytes.size(), out) != net::PermessageDeflate::Outcome::kOk ||
        out != bytes)
      std::abort();
  }
  return 0;
}

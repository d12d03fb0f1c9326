// The WebSocket decoder: any bytes, cut in any way, give the same events as in one piece, stay
// within the limit, and text that is handed out is UTF-8.
#include <simdjson.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "net/websocket_codec.h"

namespace {

using Kind = net::WebSocketEvent::Kind;

std::vector<std::string> decode(std::string_view bytes, std::size_t piece, std::size_t limit,
                                bool deflate) {
  net::WebSocketDecoder decoder;
  if (deflate) decoder.enable_deflate({});
  std::vector<std::string> events;
  while (!bytes.empty()) {
    std::string copy(bytes.substr(0, piece));
    bytes.remove_prefix(copy.size());
    std::span<char> input(copy);
    while (true) {
      const net::WebSocketEvent event = decoder.next(input, limit);
      if (event.kind == Kind::kNeedMore) break;
      if (event.kind == Kind::kText &&
          !simdjson::validate_utf8(event.payload.data(), event.payload.size()))
        std::abort();
      if (event.kind != Kind::kError && event.payload.size() > std::max<std::size_t>(limit, 125))
        std::abort();
      events.push_back(std::to_string(static_cast<int>(event.kind)) + " " +
                       std::to_string(event.code) + " " + std::string(event.payload));
      if (event.kind == Kind::kClose || event.kind == Kind::kError) return events;
    }
  }
  return events;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const bool deflate = (data[0] & 1) != 0;
  const std::size_t limit = (data[0] >> 1) * std::size_t{16};
  const std::size_t piece = data[1] % 32 + 1;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
  if (decode(bytes, piece, limit, deflate) != decode(bytes, bytes.size(), limit, deflate))
    std::abort();
  return 0;
}

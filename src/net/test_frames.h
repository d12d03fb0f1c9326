// Frames as a client sends them, for the tests of the codec.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace net {

// `first` is FIN, RSV and opcode: 0x81 is a whole text. `length_bytes` forces a form of the length
// (0, 2 or 8 bytes behind the first), -1 takes the shortest.
inline std::string client_frame(uint8_t first, std::string_view payload, int length_bytes = -1) {
  std::string out{static_cast<char>(first)};
  const std::size_t size = payload.size();
  if (length_bytes < 0) length_bytes = size < 126 ? 0 : size < 65536 ? 2 : 8;
  const std::size_t form = length_bytes == 0 ? size : length_bytes == 2 ? 126 : 127;
  out += static_cast<char>(0x80 | form);
  for (int i = length_bytes - 1; i >= 0; --i)
    out += static_cast<char>(static_cast<uint64_t>(size) >> (8 * i) & 0xff);
  const std::string_view mask("\x37\xfa\x21\x3d", 4);
  out += mask;
  for (std::size_t i = 0; i < size; ++i) out += static_cast<char>(payload[i] ^ mask[i % 4]);
  return out;
}

}  // namespace net

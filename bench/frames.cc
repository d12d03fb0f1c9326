#include "bench/frames.h"

#include <cstring>

namespace bench {
namespace {

constexpr uint8_t kFin = 0x80;
constexpr uint8_t kReserved = 0x70;
constexpr uint8_t kMasked = 0x80;
constexpr std::size_t kShortest16 = 126;
constexpr std::size_t kShortest64 = 65536;
constexpr std::size_t kMaskBytes = 4;
// Far beyond anything the server has to say in one message.
constexpr uint64_t kMaxPayload = 64U << 20;

uint64_t big_endian(std::string_view bytes) {
  uint64_t value = 0;
  for (const char byte : bytes) value = value << 8 | static_cast<uint8_t>(byte);
  return value;
}

bool is_opcode(uint8_t value) { return value == 1 || value == 2 || (value >= 8 && value <= 10); }

}  // namespace

Cut cut_frame(std::string_view& bytes, Frame& frame) {
  if (bytes.size() < 2) return Cut::incomplete;
  const auto first = static_cast<uint8_t>(bytes[0]);
  const auto second = static_cast<uint8_t>(bytes[1]);
  const auto opcode = static_cast<uint8_t>(first & 0x0FU);
  if ((first & kFin) == 0 || (first & kReserved) != 0 || !is_opcode(opcode)) return Cut::broken;
  if ((second & kMasked) != 0) return Cut::broken;

  std::size_t header = 2;
  uint64_t size = second;
  if (second >= kShortest16) {
    if (opcode >= 8) return Cut::broken;
    const std::size_t width = second == kShortest16 ? 2 : 8;
    if (bytes.size() < header + width) return Cut::incomplete;
    size = big_endian(bytes.substr(header, width));
    if (size < (width == 2 ? kShortest16 : kShortest64) || size > kMaxPayload) return Cut::broken;
    header += width;
  }
  if (bytes.size() - header < size) return Cut::incomplete;
  frame.opcode = static_cast<Opcode>(opcode);
  frame.payload = bytes.substr(header, size);
  bytes.remove_prefix(header + size);
  return Cut::complete;
}

void append_client_frame(std::string& out, Opcode opcode, std::string_view payload, uint32_t mask) {
  const std::size_t size = payload.size();
  out.push_back(static_cast<char>(kFin | static_cast<uint8_t>(opcode)));
  std::size_t width = 0;
  if (size < kShortest16) {
    out.push_back(static_cast<char>(kMasked | size));
  } else {
    width = size < kShortest64 ? 2 : 8;
    out.push_back(static_cast<char>(kMasked | (width == 2 ? 126U : 127U)));
  }
  for (std::size_t byte = width; byte > 0; --byte) {
    out.push_back(static_cast<char>(size >> (8 * (byte - 1))));
  }
  char key[kMaskBytes];
  std::memcpy(key, &mask, kMaskBytes);
  out.append(key, kMaskBytes);
  const std::size_t start = out.size();
  out.append(payload);
  for (std::size_t i = 0; i < size; ++i) {
    out[start + i] = static_cast<char>(out[start + i] ^ key[i % kMaskBytes]);
  }
}

}  // namespace bench

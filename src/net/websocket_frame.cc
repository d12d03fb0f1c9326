#include "net/websocket_frame.h"

#include <cstring>

namespace net {
namespace {

uint8_t byte_at(std::span<const char> bytes, std::size_t i) {
  return static_cast<uint8_t>(bytes[i]);
}

FrameHeaderRead broken(std::string_view problem) {
  FrameHeaderRead read;
  read.outcome = FrameHeaderRead::Outcome::kBroken;
  read.problem = problem;
  return read;
}

bool is_known(uint8_t opcode) { return opcode <= 0x2 || (opcode >= 0x8 && opcode <= 0xa); }

uint64_t big_endian(std::span<const char> bytes) {
  uint64_t value = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) value = value << 8 | byte_at(bytes, i);
  return value;
}

}  // namespace

FrameHeaderRead read_frame_header(std::span<const char> bytes) {
  FrameHeaderRead read;
  if (bytes.size() < 2) return read;
  const uint8_t first = byte_at(bytes, 0);
  const uint8_t second = byte_at(bytes, 1);
  if ((first & 0x30) != 0) return broken("reserved bits set");
  if (!is_known(first & 0x0f)) return broken("reserved opcode");
  if ((second & 0x80) == 0) return broken("unmasked frame");
  FrameHeader& header = read.header;
  header.fin = (first & 0x80) != 0;
  header.rsv1 = (first & 0x40) != 0;
  header.opcode = static_cast<Opcode>(first & 0x0f);
  header.length = second & 0x7f;
  if (is_control(header.opcode)) {
    if (!header.fin) return broken("fragmented control frame");
    if (header.length > kMaxControlPayload) return broken("control frame too long");
    if (header.rsv1) return broken("reserved bits set");
  }
  const std::size_t extended = header.length < 126 ? 0 : header.length == 126 ? 2 : 8;
  if (bytes.size() < 2 + extended) return read;
  if (extended != 0) {
    header.length = big_endian(bytes.subspan(2, extended));
    if (header.length < (extended == 2 ? 126U : 0x10000U)) return broken("length not minimal");
    if (header.length >> 63 != 0) return broken("length with the top bit set");
  }
  read.size = 2 + extended + header.mask.size();
  if (bytes.size() < read.size) return read;
  std::memcpy(header.mask.data(), bytes.data() + 2 + extended, header.mask.size());
  read.outcome = FrameHeaderRead::Outcome::kHeader;
  return read;
}

std::size_t write_frame_header(std::span<char, kMaxFrameHeader> out, Opcode opcode,
                               std::size_t length, Compressed compressed) {
  out[0] = static_cast<char>(0x80 | (compressed == Compressed::kYes ? 0x40 : 0) |
                             static_cast<int>(opcode));
  const std::size_t extended = length < 126 ? 0 : length < 0x10000 ? 2 : 8;
  out[1] = static_cast<char>(extended == 0 ? length : extended == 2 ? 126 : 127);
  for (std::size_t i = 0; i < extended; ++i)
    out[2 + i] =
        static_cast<char>(static_cast<uint64_t>(length) >> (8 * (extended - 1 - i)) & 0xff);
  return 2 + extended;
}

void apply_mask(std::span<char> bytes, const std::array<uint8_t, 4>& mask, std::size_t phase) {
  std::array<char, 8> word_bytes{};
  for (std::size_t i = 0; i < word_bytes.size(); ++i)
    word_bytes[i] = static_cast<char>(mask[(phase + i) % 4]);
  uint64_t word_mask = 0;
  std::memcpy(&word_mask, word_bytes.data(), sizeof word_mask);
  char* at = bytes.data();
  std::size_t left = bytes.size();
  for (; left >= sizeof word_mask; at += sizeof word_mask, left -= sizeof word_mask) {
    uint64_t word = 0;
    std::memcpy(&word, at, sizeof word);
    word ^= word_mask;
    std::memcpy(at, &word, sizeof word);
  }
  for (std::size_t i = 0; i < left; ++i) at[i] = static_cast<char>(at[i] ^ word_bytes[i]);
}

}  // namespace net

// Frame headers of RFC 6455, section 5.2: reading, checking and writing them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace net {

enum class Opcode : uint8_t {
  kContinuation = 0x0,
  kText = 0x1,
  kBinary = 0x2,
  kClose = 0x8,
  kPing = 0x9,
  kPong = 0xa,
};

constexpr bool is_control(Opcode opcode) { return (static_cast<uint8_t>(opcode) & 0x8) != 0; }

constexpr std::size_t kMaxFrameHeader = 14;  // with a mask
constexpr std::size_t kMaxControlPayload = 125;

struct FrameHeader {
  bool fin = false;
  bool rsv1 = false;
  Opcode opcode = Opcode::kContinuation;
  uint64_t length = 0;
  std::array<uint8_t, 4> mask{};
};

// The header at the start of a client's bytes.
struct FrameHeaderRead {
  enum class Outcome : uint8_t { kNeedMore, kHeader, kBroken } outcome = Outcome::kNeedMore;
  std::size_t size = 0;      // kHeader: its bytes
  FrameHeader header;        // kHeader
  std::string_view problem;  // kBroken: always close code 1002
};

// Checks what one header can say by itself: masked, known opcode, RSV bits (RSV1 is left to the
// caller), control frames short and whole, lengths minimal and below 2^63. A broken header is found
// in its first two bytes where these show it.
[[nodiscard]] FrameHeaderRead read_frame_header(std::span<const char> bytes);

// Writes the header of a server's unmasked frame with FIN set; at most 10 bytes. Returns its size.
enum class Compressed : bool { kNo, kYes };
std::size_t write_frame_header(std::span<char, kMaxFrameHeader> out, Opcode opcode,
                               std::size_t length, Compressed compressed = Compressed::kNo);

// XORs with the mask, whose first byte to use is mask[phase % 4], in words of eight bytes.
void apply_mask(std::span<char> bytes, const std::array<uint8_t, 4>& mask, std::size_t phase);

}  // namespace net

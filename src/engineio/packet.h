// Engine.IO v4 packets as text: one per WebSocket frame, or several joined by 0x1e in the body of a
// polling request or answer (protocol text, "Packet encoding").
//
// Decoding is bounded by its input, keeps views into it and never throws. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engineio/prepared_message.h"

namespace engineio {

enum class PacketType : uint8_t {
  kOpen = 0,
  kClose = 1,
  kPing = 2,
  kPong = 3,
  kMessage = 4,
  kUpgrade = 5,
  kNoop = 6,
};

constexpr char kSeparator = '\x1e';
// python3-socketio refuses a polling payload of more packets.
constexpr std::size_t kMaxPacketsPerPayload = 16;

// A received packet. `data` is a view into the input, or into the decoder's own memory for binary
// that came as base64; valid until the next call of what returned it.
struct Packet {
  PacketType type = PacketType::kNoop;
  bool binary = false;  // only messages
  std::string_view data;
};

// Decodes the text of one packet; `b...` is decoded into `scratch`. Nothing for an empty text, an
// unknown type, or broken base64.
std::optional<Packet> decode_packet(std::string_view text, std::string& scratch);

// Walks over the packets of a polling payload.
class PayloadReader {
 public:
  explicit PayloadReader(std::string_view payload) : rest_(payload) {}
  // Whether another packet follows; an empty payload holds one, broken, packet.
  [[nodiscard]] bool more() const { return !finished_; }
  // The next packet, or nothing when it is broken; then the reader is finished.
  std::optional<Packet> next();

 private:
  std::string_view rest_;
  std::string scratch_;
  bool finished_ = false;
};

// A packet on its way out: its text with the type in front, the bytes of a binary message, or a
// shared message.
struct OutgoingPacket {
  enum class Kind : uint8_t { kText, kBinary, kPrepared };
  Kind kind = Kind::kText;
  bool compressible = true;
  std::string bytes;
  PreparedMessage prepared;

  // Bytes held while it waits: many small packets cost more than what they say.
  [[nodiscard]] std::size_t cost() const {
    const std::size_t content = kind == Kind::kPrepared ? prepared.payload().size() : bytes.size();
    return sizeof(OutgoingPacket) + content;
  }
};

// Appends the packet as polling payloads spell it; separators are up to the caller.
void append_to_payload(std::string& payload, const OutgoingPacket& packet);

}  // namespace engineio

#include "engineio/packet.h"

#include <utility>

#include "base/text.h"

namespace engineio {

std::optional<Packet> decode_packet(std::string_view text, std::string& scratch) {
  if (text.empty()) return std::nullopt;
  const char type = text.front();
  const std::string_view rest = text.substr(1);
  if (type >= '0' && type <= '6') {
    return Packet{static_cast<PacketType>(type - '0'), false, rest};
  }
  if (type != 'b') return std::nullopt;
  std::optional<std::string> bytes = base::base64_decode(rest);
  if (!bytes) return std::nullopt;
  scratch = std::move(*bytes);
  return Packet{PacketType::kMessage, true, scratch};
}

std::optional<Packet> PayloadReader::next() {
  const std::size_t end = rest_.find(kSeparator);
  const std::string_view text = rest_.substr(0, end);
  if (end == std::string_view::npos) {
    finished_ = true;
  } else {
    rest_.remove_prefix(end + 1);
  }
  std::optional<Packet> packet = decode_packet(text, scratch_);
  if (!packet) finished_ = true;
  return packet;
}

void append_to_payload(std::string& payload, const OutgoingPacket& packet) {
  const bool prepared = packet.kind == OutgoingPacket::Kind::kPrepared;
  const std::string_view bytes = prepared ? packet.prepared.payload() : packet.bytes;
  if (packet.kind == OutgoingPacket::Kind::kBinary || (prepared && packet.prepared.is_binary())) {
    payload += 'b';
    payload += base::base64_encode(bytes);
  } else {
    payload += bytes;
  }
}

}  // namespace engineio

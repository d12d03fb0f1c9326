#include "engineio/prepared_message.h"

#include <cstddef>
#include <cstdint>

#include "net/websocket.h"

namespace engineio {
namespace {

constexpr uint8_t kBinaryOpcode = 2;

// An unmasked frame's header: 2 bytes, and 2 or 8 more for the length (RFC 6455, section 5.2).
std::size_t header_size(std::string_view frame) {
  const uint8_t length = static_cast<uint8_t>(frame[1]) & 0x7f;
  return length < 126 ? 2 : length == 126 ? 4 : 10;
}

}  // namespace

PreparedMessage PreparedMessage::text(std::string_view text) {
  return PreparedMessage(net::encode_frame(net::MessageKind::kText, "4", text));
}

PreparedMessage PreparedMessage::binary(std::string_view bytes) {
  return PreparedMessage(net::encode_frame(net::MessageKind::kBinary, {}, bytes));
}

bool PreparedMessage::is_binary() const {
  return !empty() && (static_cast<uint8_t>(frame_.view()[0]) & 0x0f) == kBinaryOpcode;
}

std::string_view PreparedMessage::payload() const {
  if (empty()) return {};
  return frame_.view().substr(header_size(frame_.view()));
}

}  // namespace engineio

// Any bytes as an Engine.IO payload: the reader ends, and what it read is written back the same.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/check.h"
#include "engineio/packet.h"
#include "engineio/sid.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  (void)engineio::Sid::parse(input);
  engineio::PayloadReader reader(input);
  std::string again;
  bool sound = true;
  while (reader.more()) {
    const std::optional<engineio::Packet> packet = reader.next();
    if (!packet) {
      sound = false;
      break;
    }
    if (!again.empty()) again += engineio::kSeparator;
    engineio::OutgoingPacket out;
    if (packet->binary) {
      out.kind = engineio::OutgoingPacket::Kind::kBinary;
      out.bytes = packet->data;
    } else {
      out.bytes = std::string(1, static_cast<char>('0' + static_cast<int>(packet->type)));
      out.bytes += packet->data;
    }
    engineio::append_to_payload(again, out);
  }
  if (sound) CHECK(again == input);
  return 0;
}

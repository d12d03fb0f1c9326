// Socket.IO v5 packets as text: `<type>[<n>-][<namespace>,][<ack id>][json]` (protocol text,
// "Packet encoding"), inside Engine.IO messages. Binary attachments follow their packet as messages
// of their own.
//
// This file knows the framing around the JSON; socketio/payload.h knows the JSON. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace socketio {

enum class PacketType : uint8_t {
  kConnect = 0,
  kDisconnect = 1,
  kEvent = 2,
  kAck = 3,
  kConnectError = 4,
  kBinaryEvent = 5,
  kBinaryAck = 6,
};

constexpr std::string_view kMainNamespace = "/";
constexpr uint64_t kMaxAckId = (uint64_t{1} << 53) - 1;  // beyond it JavaScript loses count

// A received packet before its JSON is looked at; the views are into the message.
struct PacketHead {
  PacketType type = PacketType::kEvent;
  std::size_t attachments = 0;  // only binary types
  std::string_view nsp = kMainNamespace;
  std::optional<uint64_t> id;
  std::string_view json;  // may be empty
};

// Nothing for an unknown type, or a missing, malformed or too large count of attachments or ack id.
std::optional<PacketHead> parse_packet_head(std::string_view text, std::size_t max_attachments);

// Appends everything in front of the JSON. `attachments` is written for binary types only.
void append_packet_head(std::string& out, PacketType type, std::string_view nsp,
                        std::optional<uint64_t> id = std::nullopt, std::size_t attachments = 0);

// `2["name",args]`. `args_json` is JSON values joined by commas, or empty; `name` is any UTF-8.
// With attachments the packet becomes binary, and the placeholders are in `args_json`.
std::string encode_event(std::string_view nsp, std::string_view name, std::string_view args_json,
                         std::optional<uint64_t> id = std::nullopt, std::size_t attachments = 0);
// `3<id>[args]`.
std::string encode_ack(std::string_view nsp, uint64_t id, std::string_view args_json,
                       std::size_t attachments = 0);
// `4{"message":...,"data":...}`; `data_json` empty: without data.
std::string encode_connect_error(std::string_view nsp, std::string_view message,
                                 std::string_view data_json);

}  // namespace socketio

#include "socketio/packet.h"

#include <charconv>
#include <system_error>

#include "base/json_text.h"

namespace socketio {
namespace {

bool is_binary(PacketType type) {
  return type == PacketType::kBinaryEvent || type == PacketType::kBinaryAck;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Takes the digits at the front of `text`; nothing when there are none or the number is over
// `most`.
std::optional<uint64_t> take_number(std::string_view& text, uint64_t most) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || number > most) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

}  // namespace

std::optional<PacketHead> parse_packet_head(std::string_view text, std::size_t max_attachments) {
  if (text.empty() || text[0] < '0' || text[0] > '6') return std::nullopt;
  PacketHead head;
  head.type = static_cast<PacketType>(text[0] - '0');
  text.remove_prefix(1);
  if (is_binary(head.type)) {
    const std::optional<uint64_t> count = take_number(text, max_attachments);
    if (!count || !text.starts_with('-')) return std::nullopt;
    head.attachments = static_cast<std::size_t>(*count);
    text.remove_prefix(1);
  }
  if (text.starts_with('/')) {
    const std::size_t comma = text.find(',');
    head.nsp = text.substr(0, comma);
    text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
  }
  if (!text.empty() && is_digit(text[0])) {
    head.id = take_number(text, kMaxAckId);
    if (!head.id) return std::nullopt;
  }
  head.json = text;
  return head;
}

void append_packet_head(std::string& out, PacketType type, std::string_view nsp,
                        std::optional<uint64_t> id, std::size_t attachments) {
  out += static_cast<char>('0' + static_cast<int>(type));
  if (is_binary(type)) {
    base::append_json_number(out, attachments);
    out += '-';
  }
  if (nsp != kMainNamespace) {
    out += nsp;
    out += ',';
  }
  if (id) base::append_json_number(out, *id);
}

std::string encode_event(std::string_view nsp, std::string_view name, std::string_view args_json,
                         std::optional<uint64_t> id, std::size_t attachments) {
  std::string out;
  out.reserve(nsp.size() + name.size() + args_json.size() + 16);
  append_packet_head(out, attachments > 0 ? PacketType::kBinaryEvent : PacketType::kEvent, nsp, id,
                     attachments);
  out += '[';
  base::append_json_string(out, name);
  if (!args_json.empty()) out += ',';
  out += args_json;
  out += ']';
  return out;
}

std::string encode_ack(std::string_view nsp, uint64_t id, std::string_view args_json,
                       std::size_t attachments) {
  std::string out;
  out.reserve(nsp.size() + args_json.size() + 32);
  append_packet_head(out, attachments > 0 ? PacketType::kBinaryAck : PacketType::kAck, nsp, id,
                     attachments);
  out += '[';
  out += args_json;
  out += ']';
  return out;
}

std::string encode_connect_error(std::string_view nsp, std::string_view message,
                                 std::string_view data_json) {
  std::string out;
  append_packet_head(out, PacketType::kConnectError, nsp);
  out += R"({"message":)";
  base::append_json_string(out, message);
  if (!data_json.empty()) {
    out += R"(,"data":)";
    out += data_json;
  }
  out += '}';
  return out;
}

}  // namespace socketio

// Any bytes as a Socket.IO packet: a head that is accepted is written back to the same meaning, and
// JSON that is accepted is written as JSON that is accepted.
#include <boost/json/value.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/check.h"
#include "socketio/packet.h"
#include "socketio/payload.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::optional<socketio::PacketHead> head = socketio::parse_packet_head(input, 10);
  if (!head) return 0;
  std::string text;
  socketio::append_packet_head(text, head->type, head->nsp, head->id, head->attachments);
  text += head->json;
  const std::optional<socketio::PacketHead> again = socketio::parse_packet_head(text, 10);
  // A payload that starts with a digit behind a namespace that was left out reads as an ack id.
  if (again) CHECK(again->type == head->type && again->attachments == head->attachments);
  const std::optional<boost::json::value> json = socketio::parse_json(head->json, {});
  if (!json) return 0;
  (void)socketio::valid_event_payload(*json);
  (void)socketio::valid_placeholders(*json, head->attachments);
  std::string once;
  socketio::append_json(once, *json);
  const std::optional<boost::json::value> back = socketio::parse_json(once, {});
  CHECK(back.has_value());
  std::string twice;
  socketio::append_json(twice, *back);
  CHECK(once == twice);
  return 0;
}

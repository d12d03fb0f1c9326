// The JSON inside Socket.IO packets: parsing with a bounded depth, the rules for what each packet
// type may carry, and writing values back as JavaScript would.
//
// Depth is bounded in parsing (kMaxJsonDepth), and thereby in everything that walks over a parsed
// value or destroys it. Integers stay integers. Pure.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/storage_ptr.hpp>
#include <boost/json/value.hpp>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace socketio {

constexpr std::size_t kMaxJsonDepth = 512;

// Parses one JSON text into memory of `storage`. Nothing when it is broken or too deep. An escape
// of half a surrogate pair, which JavaScript can send, becomes U+FFFD.
std::optional<boost::json::value> parse_json(std::string_view text,
                                             const boost::json::storage_ptr& storage);

// An EVENT's payload: a non-empty array whose first element is a string that is not reserved, or a
// number (section "Sending and receiving data").
[[nodiscard]] bool valid_event_payload(const boost::json::value& payload);

// `connect`, `disconnect` and the other names that a client may not send.
[[nodiscard]] bool reserved_event_name(std::string_view name);

// Whether every `{"_placeholder":true,"num":N}` names one of `attachments` attachments.
[[nodiscard]] bool valid_placeholders(const boost::json::value& payload, std::size_t attachments);

// Appends the value as JSON.stringify() would write it.
void append_json(std::string& out, const boost::json::value& value);
// Appends the elements joined by commas.
void append_json_elements(std::string& out, const boost::json::array& elements);

}  // namespace socketio

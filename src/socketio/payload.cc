#include "socketio/payload.h"

#include "base/json_text.h"

#include <algorithm>
#include <array>
#include <boost/json/error.hpp>
#include <boost/json/object.hpp>
#include <boost/json/string.hpp>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <utility>

#include "socketio/packet.h"

namespace socketio {
namespace {

// As JavaScript's Number.prototype.toString() lays out the shortest digits that read back the same.
void append_double(std::string& out, double number) {
  if (number == 0 || !std::isfinite(number)) {
    out += number == 0 ? "0" : "null";  // as JSON.stringify() writes -0 and Infinity
    return;
  }
  std::array<char, 32> buffer;  // NOLINT: written before it is read
  const auto result = std::to_chars(buffer.data(), buffer.data() + buffer.size(), std::abs(number),
                                    std::chars_format::scientific);
  const std::string_view text(buffer.data(), static_cast<std::size_t>(result.ptr - buffer.data()));
  const std::size_t e = text.find('e');
  int exponent = 0;
  const std::size_t digits_of_exponent = e + (text[e + 1] == '+' ? 2 : 1);
  std::from_chars(text.data() + digits_of_exponent, text.data() + text.size(), exponent);
  std::string digits(1, text[0]);
  if (e > 2) digits += text.substr(2, e - 2);

  const int point = exponent + 1;  // digits before the decimal point
  const int count = static_cast<int>(digits.size());
  if (number < 0) out += '-';
  if (count <= point && point <= 21) {
    out += digits;
    out.append(static_cast<std::size_t>(point - count), '0');
  } else if (point > 0 && point <= 21) {
    digits.insert(static_cast<std::size_t>(point), 1, '.');
    out += digits;
  } else if (point > -6 && point <= 0) {
    out += "0.";
    out.append(static_cast<std::size_t>(-point), '0');
    out += digits;
  } else {
    if (count > 1) digits.insert(1, 1, '.');
    out += digits;
    out += exponent < 0 ? "e-" : "e+";
    out += std::to_string(std::abs(exponent));
  }
}

}  // namespace

bool reserved_event_name(std::string_view name) {
  static constexpr std::array<std::string_view, 6> kReserved = {
      "connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"};
  return std::find(kReserved.begin(), kReserved.end(), name) != kReserved.end();
}

bool valid_event_payload(const boost::json::value& payload) {
  const boost::json::array* array = payload.if_array();
  if (array == nullptr || array->empty()) return false;
  const boost::json::value& name = array->front();
  if (const boost::json::string* text = name.if_string()) {
    return !reserved_event_name(std::string_view(text->data(), text->size()));
  }
  return name.is_number();
}

bool valid_placeholders(const boost::json::value& payload, std::size_t attachments) {
  if (const boost::json::array* array = payload.if_array()) {
    return std::all_of(array->begin(), array->end(), [&](const boost::json::value& element) {
      return valid_placeholders(element, attachments);
    });
  }
  const boost::json::object* object = payload.if_object();
  if (object == nullptr) return true;
  const boost::json::value* mark = object->if_contains("_placeholder");
  if (mark != nullptr && mark->is_bool() && mark->get_bool()) {
    const boost::json::value* number = object->if_contains("num");
    if (number == nullptr || !number->is_number()) return false;
    boost::json::error_code error;
    const auto index = number->to_number<uint64_t>(error);  // refuses what is not whole
    return !error && index < attachments;
  }
  return std::all_of(object->begin(), object->end(), [&](const auto& member) {
    return valid_placeholders(member.value(), attachments);
  });
}

void append_json(std::string& out, const boost::json::value& value) {
  switch (value.kind()) {
    case boost::json::kind::null: out += "null"; break;
    case boost::json::kind::bool_: out += value.get_bool() ? "true" : "false"; break;
    case boost::json::kind::int64: base::append_json_number(out, value.get_int64()); break;
    case boost::json::kind::uint64: base::append_json_number(out, value.get_uint64()); break;
    case boost::json::kind::double_: append_double(out, value.get_double()); break;
    case boost::json::kind::string:
      base::append_json_string(out, {value.get_string().data(), value.get_string().size()});
      break;
    case boost::json::kind::array:
      out += '[';
      append_json_elements(out, value.get_array());
      out += ']';
      break;
    case boost::json::kind::object: {
      out += '{';
      bool first = true;
      for (const auto& member : value.get_object()) {
        if (!std::exchange(first, false)) out += ',';
        base::append_json_string(out, {member.key().data(), member.key().size()});
        out += ':';
        append_json(out, member.value());
      }
      out += '}';
      break;
    }
  }
}

void append_json_elements(std::string& out, const boost::json::array& elements) {
  bool first = true;
  for (const boost::json::value& element : elements) {
    if (!std::exchange(first, false)) out += ',';
    append_json(out, element);
  }
}

}  // namespace socketio

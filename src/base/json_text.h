// Writing JSON without a tree: the few functions that the encoders of hot events are made of.
#pragma once

#include <charconv>
#include <concepts>
#include <string>
#include <string_view>

namespace base {

// Appends `text` as a JSON string with its quotes (RFC 8259 section 7). `text` is valid UTF-8.
void append_json_string(std::string& out, std::string_view text);

template <std::integral Number>
void append_json_number(std::string& out, Number value) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  out.append(digits, end);
}

}  // namespace base

// Parsing on Boost.JSON's tokens instead of its own parser, whose doubles may be off by one in the
// last place: the text of a number is converted again by the standard library, which is exact.
#include <array>
#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/error.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse_options.hpp>
#include <boost/json/string.hpp>
#include <boost/json/value_stack.hpp>
#include <charconv>
#include <cstdint>
#include <utility>

#include "socketio/payload.h"

namespace socketio {
namespace {

using boost::json::error_code;

// Builds the value that the parser describes. The names are those that basic_parser calls.
class Builder {
 public:
  static constexpr std::size_t max_object_size = boost::json::object::max_size();
  static constexpr std::size_t max_array_size = boost::json::array::max_size();
  static constexpr std::size_t max_key_size = boost::json::string::max_size();
  static constexpr std::size_t max_string_size = boost::json::string::max_size();

  explicit Builder(boost::json::storage_ptr storage)
      : stack_({}, temporary_.data(), temporary_.size()) {
    stack_.reset(std::move(storage));
  }
  boost::json::value release() { return stack_.release(); }

  static bool on_document_begin(error_code&) { return true; }
  static bool on_document_end(error_code&) { return true; }
  static bool on_object_begin(error_code&) { return true; }
  bool on_object_end(std::size_t size, error_code&) { return stack_.push_object(size), true; }
  static bool on_array_begin(error_code&) { return true; }
  bool on_array_end(std::size_t size, error_code&) { return stack_.push_array(size), true; }
  bool on_key_part(boost::json::string_view text, std::size_t, error_code&) {
    return stack_.push_chars(text), true;
  }
  bool on_key(boost::json::string_view text, std::size_t, error_code&) {
    return stack_.push_key(text), true;
  }
  bool on_string_part(boost::json::string_view text, std::size_t, error_code&) {
    return stack_.push_chars(text), true;
  }
  bool on_string(boost::json::string_view text, std::size_t, error_code&) {
    return stack_.push_string(text), true;
  }
  static bool on_number_part(boost::json::string_view, error_code&) { return true; }
  bool on_int64(int64_t number, boost::json::string_view, error_code&) {
    return stack_.push_int64(number), true;
  }
  bool on_uint64(uint64_t number, boost::json::string_view, error_code&) {
    return stack_.push_uint64(number), true;
  }
  bool on_double(double number, boost::json::string_view text, error_code&) {
    double exact = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, exact);
    // Out of range is infinite or zero, and Boost.JSON's answer is the same.
    return stack_.push_double(error == std::errc() && stop == end ? exact : number), true;
  }
  bool on_bool(bool value, error_code&) { return stack_.push_bool(value), true; }
  bool on_null(error_code&) { return stack_.push_null(), true; }
  static bool on_comment_part(boost::json::string_view, error_code&) { return true; }
  static bool on_comment(boost::json::string_view, error_code&) { return true; }

 private:
  std::array<unsigned char, 4096> temporary_;  // NOLINT: written before it is read
  boost::json::value_stack stack_;
};

// The four hex digits of an escape at `at`, which points to its backslash; -1 if it is none.
int unicode_escape(std::string_view text, std::size_t at) {
  constexpr std::size_t kLength = 6;
  if (at + kLength > text.size() || text[at] != '\\' || text[at + 1] != 'u') return -1;
  int code = 0;
  const char* first = text.data() + at + 2;
  const auto [end, error] = std::from_chars(first, first + 4, code, 16);
  return error == std::errc() && end == first + 4 ? code : -1;
}

bool leads(int code) { return code >= 0xd800 && code < 0xdc00; }
bool trails(int code) { return code >= 0xdc00 && code < 0xe000; }

// The text with half surrogate pairs replaced by U+FFFD, which is as long; nothing when it has
// none.
std::optional<std::string> repair_surrogates(std::string_view text) {
  std::optional<std::string> repaired;
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] != '\\') {
      ++i;
      continue;
    }
    const int code = unicode_escape(text, i);
    if (code < 0) {
      i += 2;
    } else if (leads(code) && trails(unicode_escape(text, i + 6))) {
      i += 12;
    } else {
      if (leads(code) || trails(code)) {
        if (!repaired) repaired.emplace(text);
        repaired->replace(i, 6, "\\ufffd");
      }
      i += 6;
    }
  }
  return repaired;
}

std::optional<boost::json::value> parse_once(std::string_view text,
                                             const boost::json::storage_ptr& storage) {
  boost::json::parse_options options;
  options.max_depth = kMaxJsonDepth;
  boost::json::basic_parser<Builder> parser(options, storage);
  error_code error;
  const std::size_t read = parser.write_some(false, text.data(), text.size(), error);
  if (error || read < text.size()) return std::nullopt;
  return parser.handler().release();
}

}  // namespace

std::optional<boost::json::value> parse_json(std::string_view text,
                                             const boost::json::storage_ptr& storage) {
  std::optional<boost::json::value> value = parse_once(text, storage);
  if (value) return value;
  const std::optional<std::string> repaired = repair_surrogates(text);
  return repaired ? parse_once(*repaired, storage) : std::nullopt;
}

}  // namespace socketio

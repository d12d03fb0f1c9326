// TextReader: what the scripts of this folder write and publish: texts, each as its length, a
// colon, and itself. What does not fit makes the reader fail for good, since anybody may have
// written it. Sans-I/O; gives views into the text.
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <utility>

#include "base/time.h"
#include "presence/truth.h"

namespace cluster {

class TextReader {
 public:
  explicit TextReader(std::string_view text) : rest_(text) {}

  std::string_view text() {
    const std::size_t colon = rest_.find(':');
    std::size_t length = 0;
    if (!parse(rest_.substr(0, colon), length) || colon == std::string_view::npos ||
        length > rest_.size() - colon - 1)
      return fail();
    const std::string_view part = rest_.substr(colon + 1, length);
    rest_.remove_prefix(colon + 1 + length);
    return part;
  }
  uint64_t number() {
    uint64_t value = 0;
    if (!parse(text(), value) || value >= uint64_t{1} << 53) fail();
    return failed_ ? 0 : value;
  }
  base::WallTime time() { return base::wall_from_millis(static_cast<int64_t>(number())); }
  bool flag() {
    const std::string_view value = text();
    if (value != "0" && value != "1") fail();
    return value == "1";
  }
  // One of `names`, by its place.
  template <class Enum>
  Enum one_of(std::initializer_list<std::pair<std::string_view, Enum>> names) {
    const std::string_view value = text();
    for (const auto& [name, meaning] : names)
      if (name == value) return meaning;
    fail();
    return names.begin()->second;
  }
  presence::SocketId socket_id() {
    const std::string_view value = text();
    if (value.size() == presence::SocketId::kSize) return presence::SocketId(value);
    fail();
    return {};
  }
  // How many are to follow; each takes some of the text.
  std::size_t count() {
    const uint64_t value = number();
    if (value > rest_.size()) fail();
    return failed_ ? 0 : value;
  }
  [[nodiscard]] bool done() const { return !failed_ && rest_.empty(); }
  [[nodiscard]] bool failed() const { return failed_; }

 private:
  template <class Number>
  static bool parse(std::string_view digits, Number& value) {
    const char* end = digits.data() + digits.size();
    const auto [stop, error] = std::from_chars(digits.data(), end, value);
    return error == std::errc() && stop == end && !digits.empty();
  }
  std::string_view fail() {
    failed_ = true;
    rest_ = {};
    return {};
  }

  std::string_view rest_;
  bool failed_ = false;
};

}  // namespace cluster

#include "presence/cursor.h"

#include <array>
#include <charconv>

namespace presence {
namespace {

constexpr int kBase = 36;

template <class Number>
void append(std::string& out, Number value) {
  std::array<char, 16> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value, kBase).ptr;
  out.append(digits.data(), end);
}

template <class Number>
bool take(std::string_view& text, Number& value, bool last) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, kBase);
  if (error != std::errc()) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (last) return text.empty();
  if (!text.starts_with('.')) return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

std::string encode_cursor(const Cursor& cursor) {
  std::string out;
  append(out, cursor.run);
  out += '.';
  append(out, cursor.user);
  out += '.';
  append(out, cursor.sequence);
  return out;
}

std::optional<Cursor> parse_cursor(std::string_view text) {
  Cursor cursor;
  if (!take(text, cursor.run, false) || !take(text, cursor.user, false) ||
      !take(text, cursor.sequence, true))
    return std::nullopt;
  return cursor;
}

}  // namespace presence

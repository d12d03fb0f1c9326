// Small operations on text that comes from the network: ASCII only, no locale, no allocation where
// a view will do.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace base {

// Compares as HTTP does: ASCII letters without regard to case.
[[nodiscard]] bool iequals(std::string_view a, std::string_view b);

// True when `token` is an element of the comma-separated `list`, as in `Connection: a, b`.
[[nodiscard]] bool list_contains(std::string_view list, std::string_view token);

[[nodiscard]] std::string_view trim(std::string_view text);

// Decodes %XX, and `+` as a space when `plus_is_space` (query strings). Nothing for a broken
// escape.
enum class Plus { kLiteral, kSpace };
[[nodiscard]] std::optional<std::string> percent_decode(std::string_view text, Plus plus);

[[nodiscard]] std::string base64_encode(std::string_view bytes);
// Strict: padding required, no other characters. Nothing when malformed.
[[nodiscard]] std::optional<std::string> base64_decode(std::string_view text);

// base64url without padding (RFC 4648 section 5), as in ids and JWTs.
[[nodiscard]] std::string base64url_encode(std::span<const uint8_t> bytes);
[[nodiscard]] std::optional<std::string> base64url_decode(std::string_view text);

}  // namespace base

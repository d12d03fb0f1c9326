// Reply: what Redis answered, as a value that owns everything in it (RESP2). Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace redis {

struct Reply {
  enum class Kind : uint8_t {
    kNil,
    kInteger,
    kText,    // a bulk string: any bytes
    kStatus,  // a simple string, such as OK
    kError,   // only inside an array: on the outside it is an Error (answer.h)
    kArray,
  };

  Kind kind = Kind::kNil;
  int64_t integer = 0;            // kInteger
  std::string text{};             // kText, kStatus, kError
  std::vector<Reply> elements{};  // kArray

  [[nodiscard]] bool is_nil() const { return kind == Kind::kNil; }
  [[nodiscard]] bool is_integer() const { return kind == Kind::kInteger; }
  [[nodiscard]] bool is_text() const { return kind == Kind::kText || kind == Kind::kStatus; }
  [[nodiscard]] bool is_error() const { return kind == Kind::kError; }
  [[nodiscard]] bool is_array() const { return kind == Kind::kArray; }

  // The number, also of a text that is nothing but a number (a field of a hash, say).
  [[nodiscard]] std::optional<int64_t> to_integer() const;

  bool operator==(const Reply&) const = default;
};

}  // namespace redis

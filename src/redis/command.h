// Command: the words of one Redis command, put together before it is sent. A word may hold any
// bytes. Pure.
#pragma once

#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace redis {

class Command {
 public:
  Command() = default;
  Command(std::initializer_list<std::string_view> words) {
    for (const std::string_view word : words) add(word);
  }

  Command& add(std::string_view word) {
    text_.append(word);
    ends_.push_back(text_.size());
    return *this;
  }
  template <std::integral Number>
  Command& add(Number value) {
    return add(std::string_view(std::to_string(value)));
  }

  [[nodiscard]] std::size_t size() const { return ends_.size(); }

  // As it goes over the wire.
  [[nodiscard]] std::string encode() const;

 private:
  std::string text_;
  std::vector<std::size_t> ends_;
};

}  // namespace redis

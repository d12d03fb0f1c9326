// What TextReader reads: texts, each as its length, a colon, and itself.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace cluster {

inline std::string write_texts(std::initializer_list<std::string_view> texts) {
  std::string out;
  for (const std::string_view text : texts) {
    out += std::to_string(text.size());
    out += ':';
    out += text;
  }
  return out;
}

}  // namespace cluster

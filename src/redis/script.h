// Script: a Lua script that Redis keeps. It is called by its digest; a server that does not know it
// yet (NOSCRIPT) is given the text, once. Pure; outlives the clients it is called with.
#pragma once

#include <string>

namespace redis {

class Script {
 public:
  Script(std::string name, std::string text);

  [[nodiscard]] const std::string& name() const { return name_; }  // for messages
  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] const std::string& digest() const { return digest_; }  // SHA-1 in hexadecimal

 private:
  std::string name_;
  std::string text_;
  std::string digest_;
};

}  // namespace redis

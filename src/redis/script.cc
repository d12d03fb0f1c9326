#include "redis/script.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>
#include <utility>

#include "base/check.h"

namespace redis {

Script::Script(std::string name, std::string text)
    : name_(std::move(name)), text_(std::move(text)) {
  std::array<unsigned char, 20> digest{};
  unsigned size = 0;
  CHECK(EVP_Digest(text_.data(), text_.size(), digest.data(), &size, EVP_sha1(), nullptr) == 1);
  CHECK(size == digest.size());
  for (const unsigned char byte : digest) digest_ += fmt::format("{:02x}", byte);
}

}  // namespace redis

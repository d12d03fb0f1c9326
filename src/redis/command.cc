#include "redis/command.h"

#include <hiredis/hiredis.h>

#include "base/check.h"

namespace redis {

std::string Command::encode() const {
  std::vector<const char*> words;
  std::vector<std::size_t> sizes;
  words.reserve(ends_.size());
  sizes.reserve(ends_.size());
  std::size_t begin = 0;
  for (const std::size_t end : ends_) {
    words.push_back(text_.data() + begin);
    sizes.push_back(end - begin);
    begin = end;
  }
  char* bytes = nullptr;
  const auto size =
      redisFormatCommandArgv(&bytes, static_cast<int>(words.size()), words.data(), sizes.data());
  CHECK(size >= 0);
  std::string out(bytes, static_cast<std::size_t>(size));
  redisFreeCommand(bytes);
  return out;
}

}  // namespace redis

// ReplyReader: bytes in, replies out, however the bytes are cut. hiredis' reader does the parsing;
// the values are built here, so that nothing is copied twice and a length that a server only claims
// allocates nothing.
//
// Pure. One thread.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "redis/reply.h"

struct redisReader;

namespace redis {

class ReplyReader {
 public:
  // A reply of more than `max_bytes` on the wire is refused, before that many are kept. Together
  // with one feed() that is all the memory a server can make this use.
  explicit ReplyReader(std::size_t max_bytes);
  ~ReplyReader();
  ReplyReader(const ReplyReader&) = delete;
  ReplyReader& operator=(const ReplyReader&) = delete;

  void feed(std::string_view bytes);

  // The next whole reply; nothing while more bytes are needed. A refusal says why this is no reply;
  // the stream can be read no further. Call until nothing comes, then feed() again.
  [[nodiscard]] base::Result<std::optional<Reply>> next();

 private:
  struct Free {
    void operator()(redisReader* reader) const;
  };
  std::unique_ptr<redisReader, Free> reader_;
  std::size_t max_bytes_;
  std::size_t unfinished_ = 0;  // bytes since the last whole reply
};

}  // namespace redis

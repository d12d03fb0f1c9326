// Answer: how a command ended, which is what the caller has to know before it tries again.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "redis/function.h"
#include "redis/reply.h"

namespace redis {

struct Error {
  enum class Kind : uint8_t {
    kRefused,  // never sent: no connection, waited in vain, or the queue is full
    kLost,     // sent, and the connection died: it may have been carried out, or not
    kReply,    // the server's own error
  };
  Kind kind = Kind::kRefused;
  std::string
      message;  // of kReply: what the server sent, such as `WRONGTYPE Operation against ...`

  // True when the server's error begins with this word.
  [[nodiscard]] bool is(std::string_view code) const {
    return kind == Kind::kReply && message.starts_with(code) &&
           (message.size() == code.size() || message[code.size()] == ' ');
  }
};

using Answer = tl::expected<Reply, Error>;
using Callback = Function<void(Answer)>;

}  // namespace redis

// Redis' replies: the same values whether the bytes arrive at once or one by one, and no more of
// them than the bytes can hold.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <utility>
#include <vector>

#include "redis/redirect.h"
#include "redis/reply_reader.h"
#include "redis/slot_map.h"

namespace {

constexpr std::size_t kMaxReply = 4096;

// False when the stream is broken.
bool take(redis::ReplyReader& reader, std::vector<redis::Reply>& replies) {
  while (true) {
    auto reply = reader.next();
    if (!reply) return false;
    if (!*reply) return true;
    replies.push_back(std::move(**reply));
  }
}

std::size_t count(const redis::Reply& reply) {
  std::size_t all = 1;
  for (const redis::Reply& element : reply.elements) all += count(element);
  return all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  redis::ReplyReader whole(kMaxReply + size);
  std::vector<redis::Reply> at_once;
  whole.feed(bytes);
  const bool whole_good = take(whole, at_once);

  redis::ReplyReader cut(kMaxReply + size);
  std::vector<redis::Reply> one_by_one;
  bool cut_good = true;
  for (std::size_t i = 0; i < size && cut_good; ++i) {
    cut.feed(bytes.substr(i, 1));
    cut_good = take(cut, one_by_one);
  }
  if (whole_good != cut_good || at_once != one_by_one) std::abort();

  std::size_t values = 0;
  for (const redis::Reply& reply : at_once) {
    values += count(reply);
    static_cast<void>(redis::SlotMap::parse(reply, {"localhost", 6379}));
    static_cast<void>(
        redis::parse_redirect({redis::Error::Kind::kReply, reply.text}, {"localhost", 6379}));
  }
  if (values > size) std::abort();
  return 0;
}

#include "redis/reply_reader.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>

#include "redis/backoff.h"
#include "redis/command.h"
#include "redis/script.h"

namespace redis {
namespace {

Reply read_whole(std::string_view bytes) {
  ReplyReader reader(1 << 20);
  reader.feed(bytes);
  auto reply = reader.next();
  EXPECT_TRUE(reply && *reply) << bytes;
  return reply && *reply ? **reply : Reply{};
}

TEST(ReplyReader, ReadsEachKind) {
  EXPECT_EQ(read_whole("+OK\r\n"), (Reply{.kind = Reply::Kind::kStatus, .text = "OK"}));
  EXPECT_EQ(read_whole("-ERR no\r\n"), (Reply{.kind = Reply::Kind::kError, .text = "ERR no"}));
  EXPECT_EQ(read_whole(":-42\r\n"), (Reply{.kind = Reply::Kind::kInteger, .integer = -42}));
  EXPECT_EQ(read_whole("$4\r\na\r\nb\r\n"), (Reply{.kind = Reply::Kind::kText, .text = "a\r\nb"}));
  EXPECT_TRUE(read_whole("$-1\r\n").is_nil());
  EXPECT_TRUE(read_whole("*-1\r\n").is_nil());
  EXPECT_TRUE(read_whole("*0\r\n").is_array());
  const Reply nested = read_whole("*3\r\n:1\r\n*2\r\n$1\r\na\r\n*1\r\n-E\r\n$0\r\n\r\n");
  ASSERT_EQ(nested.elements.size(), 3U);
  EXPECT_EQ(nested.elements[1].elements[0].text, "a");
  EXPECT_TRUE(nested.elements[1].elements[1].elements[0].is_error());
  EXPECT_TRUE(nested.elements[2].is_text());
}

TEST(ReplyReader, KnowsNumbersInTexts) {
  EXPECT_EQ(read_whole(":7\r\n").to_integer(), 7);
  EXPECT_EQ(read_whole("$2\r\n-7\r\n").to_integer(), -7);
  EXPECT_EQ(read_whole("$2\r\n7x\r\n").to_integer(), std::nullopt);
  EXPECT_EQ(read_whole("$0\r\n\r\n").to_integer(), std::nullopt);
  EXPECT_EQ(read_whole("*0\r\n").to_integer(), std::nullopt);
}

TEST(ReplyReader, RefusesWhatIsNoReply) {
  for (const char* bytes : {"HTTP/1.1 400 Bad Request\r\n", ":1x\r\n", "$-2\r\n", "*-2\r\n"}) {
    ReplyReader reader(1 << 20);
    reader.feed(bytes);
    EXPECT_FALSE(reader.next()) << bytes;
    reader.feed("+OK\r\n");
    EXPECT_FALSE(reader.next()) << bytes;
  }
}

TEST(ReplyReader, BoundsTheSizeOfAReplyButNotTheirSum) {
  ReplyReader reader(1000);
  for (int i = 0; i < 100; ++i) {
    reader.feed("$500\r\n" + std::string(500, 'x') + "\r\n");
    EXPECT_TRUE(*reader.next());
  }
  reader.feed("$2000\r\n" + std::string(990, 'x'));
  EXPECT_TRUE(reader.next());
  reader.feed(std::string(20, 'x'));
  EXPECT_FALSE(reader.next());
}

// A claim alone must not cost memory: were it believed, this would be 70 GB.
TEST(ReplyReader, DoesNotBelieveClaimedSizes) {
  ReplyReader reader(1000);
  reader.feed("*1000000000\r\n$1000000000\r\n");
  const auto reply = reader.next();
  EXPECT_TRUE(!reply || !*reply);
}

rc::Gen<Reply> any_reply(int depth) {
  return rc::gen::exec([depth] {
    Reply reply;
    reply.kind = static_cast<Reply::Kind>(*rc::gen::inRange(0, depth == 0 ? 5 : 6));
    const auto line = rc::gen::container<std::string>(rc::gen::inRange(' ', '~'));
    switch (reply.kind) {
      case Reply::Kind::kNil: break;
      case Reply::Kind::kInteger: reply.integer = *rc::gen::arbitrary<int64_t>(); break;
      case Reply::Kind::kText: reply.text = *rc::gen::arbitrary<std::string>(); break;
      case Reply::Kind::kStatus:
      case Reply::Kind::kError: reply.text = *line; break;
      case Reply::Kind::kArray:
        for (int i = *rc::gen::inRange(0, 5); i > 0; --i)
          reply.elements.push_back(*any_reply(depth - 1));
        break;
    }
    return reply;
  });
}

std::string encode(const Reply& reply) {
  switch (reply.kind) {
    case Reply::Kind::kNil: return "$-1\r\n";
    case Reply::Kind::kInteger: return ":" + std::to_string(reply.integer) + "\r\n";
    case Reply::Kind::kText:
      return "$" + std::to_string(reply.text.size()) + "\r\n" + reply.text + "\r\n";
    case Reply::Kind::kStatus: return "+" + reply.text + "\r\n";
    case Reply::Kind::kError: return "-" + reply.text + "\r\n";
    case Reply::Kind::kArray: break;
  }
  std::string out = "*" + std::to_string(reply.elements.size()) + "\r\n";
  for (const Reply& element : reply.elements) out += encode(element);
  return out;
}

RC_GTEST_PROP(ReplyReader, ReadsTheSameHoweverTheBytesAreCut, ()) {
  const auto replies = *rc::gen::container<std::vector<Reply>>(any_reply(2));
  std::string bytes;
  for (const Reply& reply : replies) bytes += encode(reply);
  ReplyReader reader(1 << 20);
  std::vector<Reply> read;
  while (!bytes.empty()) {
    const auto size = *rc::gen::inRange<std::size_t>(1, bytes.size() + 1);
    reader.feed(bytes.substr(0, size));
    bytes.erase(0, size);
    while (true) {
      auto reply = reader.next();
      RC_ASSERT(reply.has_value());
      if (!*reply) break;
      read.push_back(std::move(**reply));
    }
  }
  RC_ASSERT(read == replies);
}

TEST(Command, EncodesAnyBytes) {
  EXPECT_EQ((Command{"SET", "k", ""}.encode()), "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$0\r\n\r\n");
  EXPECT_EQ(Command{"X"}.add(-5).add(std::string_view("\0\r\n", 3)).encode(),
            std::string("*3\r\n$1\r\nX\r\n$2\r\n-5\r\n$3\r\n\0\r\n\r\n", 28));
}

TEST(Script, IsKnownByItsDigest) {
  EXPECT_EQ(Script("one", "return 1").digest(), "e0e1f9fabfc9d4800c877a703b823ac0578ff8db");
}

// All bits set, or none: the longest and the shortest delay.
class FixedRandom final : public base::RandomSource {
 public:
  explicit FixedRandom(uint8_t byte) : byte_(byte) {}
  void fill(std::span<uint8_t> out) override { std::ranges::fill(out, byte_); }

 private:
  uint8_t byte_;
};

TEST(Backoff, DrawsFromADelayThatDoublesUpToItsLimit) {
  FixedRandom none(0);
  Backoff backoff(base::Duration(50), base::Duration(1000));
  for (int i = 0; i < 10; ++i) EXPECT_EQ(backoff.next(none), base::Duration(0));
  backoff.succeeded();
  for (const int limit : {50, 100, 200, 400, 800, 1000, 1000}) {
    FixedRandom some(static_cast<uint8_t>(limit));
    EXPECT_LE(backoff.next(some), base::Duration(limit));
  }
}

}  // namespace
}  // namespace redis

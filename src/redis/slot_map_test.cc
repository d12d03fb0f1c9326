#include "redis/slot_map.h"

#include <gtest/gtest.h>

#include "redis/redirect.h"

namespace redis {
namespace {

TEST(KeySlot, FollowsTheSpecification) {
  EXPECT_EQ(key_slot("123456789"), 0x31c3);  // the specification's own example
  EXPECT_EQ(key_slot(""), 0);
  EXPECT_EQ(key_slot("foo"), 12182);
  EXPECT_EQ(key_slot("presence:user:{alice}"), key_slot("alice"));
  EXPECT_EQ(key_slot("{alice}{bob}"), key_slot("alice"));
  EXPECT_EQ(key_slot("foo{{bar}}zap"), key_slot("{bar"));
  EXPECT_NE(key_slot("foo{}{bar}"), key_slot("bar"));  // an empty tag: the whole key counts
  EXPECT_NE(key_slot("foo{bar"), key_slot("bar"));
}

Reply text(std::string value) { return {.kind = Reply::Kind::kText, .text = std::move(value)}; }
Reply number(int64_t value) { return {.kind = Reply::Kind::kInteger, .integer = value}; }
Reply list(std::vector<Reply> values) {
  return {.kind = Reply::Kind::kArray, .elements = std::move(values)};
}

TEST(SlotMap, ReadsClusterSlots) {
  const Reply reply =
      list({list({number(0), number(99), list({text("10.0.0.1"), number(1), text("id")}),
                  list({text("10.0.0.9"), number(9), text("id")})}),
            list({number(100), number(16383), list({text(""), number(2), text("id")})}),
            list({number(50), number(60), list({text("?"), number(3), text("id")})})});
  const auto map = SlotMap::parse(reply, {"asked", 7});
  ASSERT_TRUE(map);
  EXPECT_TRUE(map->complete());
  EXPECT_EQ(*map->master_of(99), (Address{"10.0.0.1", 1}));
  EXPECT_EQ(*map->master_of(100), (Address{"asked", 2}));
  EXPECT_TRUE(map->has_master({"asked", 2}));
  EXPECT_FALSE(map->has_master({"10.0.0.9", 9}));
  EXPECT_FALSE(SlotMap().complete());
  EXPECT_EQ(SlotMap().master_of(5), nullptr);
}

TEST(SlotMap, RefusesWhatItCannotRead) {
  const Reply node = list({text("h"), number(1)});
  for (const Reply& reply :
       {text("OK"), list({number(1)}), list({list({number(0), number(16384), node})}),
        list({list({number(-1), number(5), node})}), list({list({number(6), number(5), node})}),
        list({list({number(0), number(5), list({text("h")})})}),
        list({list({number(0), number(5), list({text("h"), number(0)})})})})
    EXPECT_FALSE(SlotMap::parse(reply, {"asked", 7}));
}

TEST(Redirect, ReadsMovedAndAsk) {
  const auto parse = [](std::string message) {
    return parse_redirect({Error::Kind::kReply, std::move(message)}, {"from", 5});
  };
  const auto moved = parse("MOVED 3999 127.0.0.1:6381");
  ASSERT_TRUE(moved);
  EXPECT_EQ(moved->kind, Redirect::Kind::kMoved);
  EXPECT_EQ(moved->slot, 3999);
  EXPECT_EQ(moved->address, (Address{"127.0.0.1", 6381}));
  EXPECT_EQ(parse("ASK 1 ::1:6381")->address, (Address{"::1", 6381}));
  EXPECT_EQ(parse("ASK 1 :6381")->address, (Address{"from", 6381}));
  for (const char* text : {"MOVED", "MOVED 1", "MOVED x h:1", "MOVED 16384 h:1", "MOVED 1 h:0",
                           "MOVED 1 h", "ASKING 1 h:1", "ERR MOVED 1 h:1"})
    EXPECT_FALSE(parse(text)) << text;
}

}  // namespace
}  // namespace redis

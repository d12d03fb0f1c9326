#include "store/write_behind.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace store {
namespace {

using presence::UserRecord;

base::SteadyTime at(int64_t ms) { return base::SteadyTime(base::Duration(ms)); }

UserRecord record(std::string user, int64_t last_seen) {
  UserRecord made;
  made.user = std::move(user);
  made.last_seen = base::wall_from_millis(last_seen);
  return made;
}

WriteBehind with_limit(std::size_t limit) { return WriteBehind(base::Duration(500), limit); }

TEST(WriteBehind, CollectsForAnIntervalFromTheFirstRecordOn) {
  WriteBehind held = with_limit(100);
  EXPECT_FALSE(held.due_at());
  held.put(record("b", 1), at(1000));
  held.put(record("a", 1), at(1400));
  EXPECT_EQ(held.due_at(), at(1500));
  EXPECT_TRUE(held.take_chunk(at(1499), 10).empty());
  EXPECT_EQ(held.take_chunk(at(1500), 10), (std::vector{record("a", 1), record("b", 1)}));
  held.written();
  EXPECT_FALSE(held.due_at());
  EXPECT_EQ(held.size(), 0U);
}

TEST(WriteBehind, KeepsTheNewestOfEachUser) {
  WriteBehind held = with_limit(100);
  held.put(record("a", 1), at(0));
  held.put(record("a", 2), at(400));
  EXPECT_EQ(held.size(), 1U);
  EXPECT_EQ(held.find("a"), record("a", 2));
  EXPECT_EQ(held.take_chunk(at(500), 10), (std::vector{record("a", 2)}));
}

TEST(WriteBehind, ARecordThatIsDueIsReplacedWhereItIs) {
  WriteBehind held = with_limit(100);
  held.put(record("a", 1), at(0));
  held.put(record("b", 1), at(0));
  std::vector<UserRecord> written = held.take_chunk(at(500), 1);
  held.written();
  const std::string left = written.front().user == "a" ? "b" : "a";
  held.put(record(left, 2), at(501));
  EXPECT_EQ(held.take_chunk(at(501), 10), (std::vector{record(left, 2)}));
}

TEST(WriteBehind, WhatComesWhileSomeAreDueWaitsItsOwnInterval) {
  WriteBehind held = with_limit(100);
  held.put(record("a", 1), at(0));
  held.put(record("b", 1), at(0));
  ASSERT_EQ(held.take_chunk(at(500), 1).size(), 1U);
  held.written();
  held.put(record("c", 1), at(500));
  ASSERT_EQ(held.take_chunk(at(510), 10).size(), 1U);
  held.written();
  EXPECT_EQ(held.due_at(), at(1010));
}

TEST(WriteBehind, SupersededRecordsAreGone) {
  WriteBehind held = with_limit(100);
  held.put(record("a", 1), at(0));
  held.supersede("a");
  EXPECT_FALSE(held.due_at());
  EXPECT_EQ(held.find("a"), std::nullopt);
}

TEST(WriteBehind, AChunkThatFailedComesBackButNotOverAnythingNewer) {
  WriteBehind held = with_limit(100);
  for (const char* user : {"a", "b", "c"}) held.put(record(user, 1), at(0));
  std::vector<UserRecord> chunk = held.take_chunk(at(500), 10);
  EXPECT_EQ(held.size(), 3U);
  held.put(record("a", 2), at(600));
  held.supersede("b");
  held.failed(std::move(chunk), at(1500));
  EXPECT_TRUE(held.take_chunk(at(1499), 10).empty());
  EXPECT_EQ(held.take_chunk(at(1500), 10), (std::vector{record("a", 2), record("c", 1)}));
}

TEST(WriteBehind, OnlyUsersBeyondTheLimitAreDropped) {
  WriteBehind held = with_limit(2);
  EXPECT_TRUE(held.put(record("a", 1), at(0)));
  EXPECT_TRUE(held.put(record("b", 1), at(0)));
  EXPECT_FALSE(held.put(record("c", 1), at(0)));
  EXPECT_TRUE(held.put(record("a", 2), at(0)));
  EXPECT_EQ(held.find("a"), record("a", 2));
}

TEST(WriteBehind, HurryMakesEverythingDue) {
  WriteBehind held = with_limit(2);
  held.hurry();
  EXPECT_FALSE(held.due_at());
  held.put(record("a", 1), at(1000));
  held.hurry();
  EXPECT_EQ(held.take_chunk(at(1000), 10).size(), 1U);
}

}  // namespace
}  // namespace store

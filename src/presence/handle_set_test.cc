#include "presence/handle_set.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>
#include <vector>

namespace presence {
namespace {

std::set<UserHandle> contents(const HandleSet& set) {
  std::set<UserHandle> all;
  set.for_each([&](UserHandle handle) { EXPECT_TRUE(all.insert(handle).second); });
  return all;
}

TEST(HandleSet, KeepsEveryHandleOnceAcrossTheChangeOfLayout) {
  HandleSet set;
  std::set<UserHandle> model;
  for (UserHandle i = 0; i < 5000; ++i) {
    EXPECT_TRUE(set.insert(i * 7));
    EXPECT_FALSE(set.insert(i * 7));
    model.insert(i * 7);
  }
  EXPECT_EQ(contents(set), model);
  for (UserHandle i = 0; i < 4990; ++i) {
    EXPECT_TRUE(set.erase(i * 7));
    EXPECT_FALSE(set.erase(i * 7));
    model.erase(i * 7);
  }
  EXPECT_EQ(contents(set), model);
}

// Many inserts and erases at a steady size must not fill a table with markers.
TEST(HandleSet, ChurnDoesNotSlowItDown) {
  HandleSet set;
  for (UserHandle i = 0; i < 3000; ++i) set.insert(i);
  for (UserHandle i = 0; i < 200'000; ++i) {
    ASSERT_TRUE(set.erase(i));
    ASSERT_TRUE(set.insert(i + 3000));
  }
  EXPECT_EQ(set.size(), 3000U);
}

RC_GTEST_PROP(HandleSetProperty, AgreesWithASet, ()) {
  HandleSet set;
  std::set<UserHandle> model;
  const auto operations = *rc::gen::container<std::vector<std::pair<bool, UserHandle>>>(
      rc::gen::pair(rc::gen::arbitrary<bool>(), rc::gen::inRange<UserHandle>(0, 40)));
  for (const auto& [insert, handle] : operations) {
    if (insert) {
      RC_ASSERT(set.insert(handle) == model.insert(handle).second);
    } else {
      RC_ASSERT(set.erase(handle) == (model.erase(handle) == 1));
    }
    RC_ASSERT(set.size() == model.size());
    RC_ASSERT(contents(set) == model);
  }
}

}  // namespace
}  // namespace presence

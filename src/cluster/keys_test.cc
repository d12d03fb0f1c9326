#include "cluster/keys.h"

#include <gtest/gtest.h>

#include <set>

#include "redis/slot_map.h"

namespace cluster {
namespace {

constexpr std::string_view kIds[] = {
    "alice", "}", "}alice", "{", "{}", "{}alice", "a}b", "}{", "a{b}", "*", "\xf0\x9f\x98\x80"};

TEST(KeysTest, AreThoseOfTheContract) {
  const Keys alone("presence:", false);
  EXPECT_EQ(alone.user("alice"), "presence:user:alice");
  EXPECT_EQ(alone.user("}"), "presence:user:}");
  EXPECT_EQ(alone.device_prefix("alice"), "presence:device:alice:");
  const Keys cluster("presence:", true);
  EXPECT_EQ(cluster.user("alice"), "presence:user:{alice}");
  EXPECT_EQ(cluster.device_prefix("alice"), "presence:device:{alice}:");
}

TEST(KeysTest, AllKeysOfAUserShareASlotOfACluster) {
  const Keys keys("presence:", true);
  for (const std::string_view id : kIds) {
    const std::set<int> slots{redis::key_slot(keys.user(id)),
                              redis::key_slot(keys.devices(id)),
                              redis::key_slot(keys.stale(id)),
                              redis::key_slot(keys.chosen(id)),
                              redis::key_slot(keys.contacts(id)),
                              redis::key_slot(keys.blocked_by(id)),
                              redis::key_slot(keys.viewers(id)),
                              redis::key_slot(keys.blocks(id)),
                              redis::key_slot(keys.device_prefix(id) + "sid{}")};
    EXPECT_EQ(slots.size(), 1U) << id;
  }
}

TEST(KeysTest, NoTwoUsersShareAKeyAndTheUserIsFoundInIt) {
  for (const bool braces : {false, true}) {
    const Keys keys("presence:", braces);
    std::set<std::string> all;
    for (const std::string_view id : kIds) {
      EXPECT_TRUE(all.insert(keys.contacts(id)).second) << id;
      EXPECT_EQ(keys.user_of_contacts(keys.contacts(id)), id);
    }
  }
}

}  // namespace
}  // namespace cluster

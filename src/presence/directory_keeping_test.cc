// What is kept and for how long: records, restoring after a crash, retention, forgetting; and what
// an operator closes.

#include "presence/test_world.h"

namespace presence {
namespace {

using Lines = std::vector<std::string>;
using Ms = base::Duration;

base::WallTime at(int64_t ms) { return base::wall_from_millis(TestWorld::kWallStart + ms); }

TEST(Keeping, AUserIsSavedOnComingAndGoing) {
  TestWorld world;
  const DeviceRef alice = world.connect("alice");
  ASSERT_EQ(world.saved().size(), 1U);
  EXPECT_TRUE(world.saved()[0].connected);
  EXPECT_TRUE(world.saved()[0].visible);
  world.heartbeat(alice);
  world.connect("alice");
  EXPECT_EQ(world.saved().size(), 1U);
  world.choose("alice", Status::offline);
  EXPECT_FALSE(world.saved().back().visible);
  EXPECT_TRUE(world.saved().back().connected);
  EXPECT_EQ(world.saved().back().choice.status, Status::offline);
  world.advance(Ms(120'000));
  EXPECT_FALSE(world.saved().back().connected);
  EXPECT_EQ(world.saved().back().last_seen, at(0));
}

TEST(Keeping, WhoWasConnectedAtACrashWasSeenUntilThen) {
  TestWorld world;
  UserRecord record{"alice", {}, at(-5'000), at(-9'000), true, true};
  world.directory().restore(record, at(-1'000), world.now());
  EXPECT_EQ(world.directory().find("alice")->last_seen, at(-1'000));
  EXPECT_EQ(world.directory().find("alice")->view.last_seen, at(-1'000));
}

TEST(Keeping, WhoWasInvisibleAtACrashKeepsTheVisibleMoment) {
  TestWorld world;
  UserRecord record{"alice", {Status::offline, "", {}}, at(-5'000), at(-9'000), true, false};
  world.directory().restore(record, at(-1'000), world.now());
  EXPECT_EQ(world.directory().find("alice")->last_seen, at(-1'000));
  EXPECT_EQ(world.directory().find("alice")->view.last_seen, at(-9'000));
}

TEST(Keeping, WhoWasAwayAtACrashWasNotSeenByIt) {
  TestWorld world;
  UserRecord record{"alice", {}, at(-5'000), at(-5'000), false, false};
  EXPECT_EQ(world.directory().restore(record, at(-1'000), world.now()), std::nullopt);
  EXPECT_EQ(world.directory().find("alice")->last_seen, at(-5'000));
}

// Otherwise a second crash would count as having been seen, too.
TEST(Keeping, WhatACrashLeftBehindIsToBeKeptAnew) {
  TestWorld world;
  UserRecord record{"alice", {}, at(-5'000), at(-5'000), true, true};
  const auto anew = world.directory().restore(record, at(-1'000), world.now());
  ASSERT_TRUE(anew.has_value());
  EXPECT_EQ(*anew, (UserRecord{"alice", {}, at(-1'000), at(-1'000), false, false}));
  TestWorld next;
  EXPECT_EQ(next.directory().restore(*anew, at(90'000), next.now()), std::nullopt);
  EXPECT_EQ(next.directory().find("alice")->last_seen, at(-1'000));
}

TEST(Keeping, AChoiceAndItsExpirySurviveARestart) {
  TestWorld world;
  world.befriend("alice", "bob");
  UserRecord record{"alice", {Status::busy, "x", at(40'000)}, at(-5), at(-5), false, false};
  world.directory().restore(record, at(0), world.now());
  const DeviceRef bob = world.connect("bob");
  world.connect("alice");
  EXPECT_EQ(world.seen(bob, "alice"), "busy web \"x\"");
  world.advance(Ms(40'000));
  EXPECT_EQ(world.seen(bob, "alice"), "online web");
}

TEST(Keeping, AChoiceThatExpiredMeanwhileIsGone) {
  TestWorld world;
  UserRecord record{"alice", {Status::busy, "x", at(0)}, at(-5), at(-5), false, false};
  const auto anew = world.directory().restore(record, at(0), world.now());
  EXPECT_EQ(world.directory().find("alice")->chosen, nullptr);
  ASSERT_TRUE(anew.has_value());
  EXPECT_TRUE(anew->choice.none());
}

TEST(Keeping, ARecordThatSaysNothingTakesNoRoom) {
  TestWorld world;
  world.directory().restore(UserRecord{"alice", {}, {}, {}, false, false}, at(0), world.now());
  EXPECT_EQ(world.directory().known_users(), 0U);
}

class Retention : public testing::Test {
 protected:
  static DirectoryOptions short_retention() {
    DirectoryOptions options;
    options.last_seen_retention = Ms(100'000);
    return options;
  }
  TestWorld world{short_retention()};
};

TEST_F(Retention, ALastSeenTimeIsForgottenAfterIt) {
  world.leave(world.connect("alice"));
  world.advance(Ms(100'000));
  world.sweep();
  EXPECT_EQ(world.directory().known_users(), 1U);
  world.advance(Ms(1));
  world.sweep();
  EXPECT_EQ(world.directory().known_users(), 0U);
}

TEST_F(Retention, AChoiceIsNot) {
  world.leave(world.connect("alice"));
  world.choose("alice", Status::busy);
  world.advance(Ms(100'001));
  world.sweep();
  const User* alice = world.directory().find("alice");
  ASSERT_NE(alice, nullptr);
  EXPECT_EQ(TestWorld::relative(alice->last_seen), "never");
}

TEST_F(Retention, WhatWatchersSeeOfAnInvisibleUserIsForgottenOnItsOwn) {
  world.befriend("alice", "bob");
  const DeviceRef alice = world.connect("alice");
  const DeviceRef bob = world.connect("bob");
  world.choose("alice", Status::offline);
  world.advance(Ms(60'000));
  world.heartbeat(alice);
  world.advance(Ms(40'001));
  world.sweep();
  EXPECT_EQ(world.seen(bob, "alice"), "offline @never");
  EXPECT_NE(world.directory().device(alice), nullptr);
}

TEST_F(Retention, VersionsGrowOverBeingForgotten) {
  world.befriend("alice", "bob");
  const DeviceRef bob = world.connect("bob");
  world.leave(world.connect("alice"));
  const Version before = world.take(bob).back().version;
  world.leave(bob);
  world.jump_wall(Ms(-50));  // so that only the sequence makes them grow
  world.advance(Ms(100'051));
  world.sweep();
  ASSERT_EQ(world.directory().find("alice"), nullptr);
  const DeviceRef again = world.connect("bob", {.snapshot = true});
  EXPECT_GE(world.take(again).front().snapshot.at("alice").version, before);
}

TEST(Forgetting, ClosesTheDevicesTellsWatchersAndSavesNothing) {
  TestWorld world;
  world.befriend("alice", "bob");
  const DeviceRef bob = world.connect("bob");
  const DeviceRef first = world.connect("alice");
  const DeviceRef lingering = world.connect("alice");
  world.choose("alice", Status::busy, "x");
  world.lose(lingering);
  world.ignore_until_now();
  world.forget_saved();
  world.forget("alice");
  EXPECT_EQ(world.told(first), Lines{"close forgotten"});
  EXPECT_EQ(world.told(bob), Lines{"user_offline alice disconnected @0"});
  EXPECT_EQ(world.seen(bob, "alice"), "offline @never");
  EXPECT_TRUE(world.saved().empty());
  EXPECT_EQ(world.directory().device_count(), 1U);
  world.advance(Ms(10'000));
  EXPECT_EQ(world.told(bob), Lines{});
}

TEST(Forgetting, LeavesNothing) {
  TestWorld world;
  world.leave(world.connect("alice"));
  world.choose("alice", Status::busy);
  world.forget("alice");
  EXPECT_EQ(world.directory().known_users(), 0U);
  world.forget("alice");
  world.forget("nobody");
}

TEST(Forgetting, RefusesWhoIsJustConnecting) {
  TestWorld world;
  world.hold_loads(true);
  const DeviceRef alice = world.connect("alice");
  world.forget("alice");
  EXPECT_EQ(world.told(alice), Lines{"refused unauthorized"});
  world.answer_loads(true);
  EXPECT_EQ(world.directory().known_users(), 0U);
}

TEST(Forgetting, TheUserMayComeBackWithNewerVersions) {
  TestWorld world;
  world.befriend("alice", "bob");
  const DeviceRef bob = world.connect("bob");
  world.connect("alice");
  world.forget("alice");
  const Version gone = world.take(bob).back().version;
  world.connect("alice");
  const Delivery back = world.take(bob).back();
  EXPECT_EQ(back.text, "user_online alice online web");
  EXPECT_GT(back.version, gone);
}

TEST(Operator, ClosesOneDevice) {
  TestWorld world;
  world.befriend("alice", "bob");
  const DeviceRef bob = world.connect("bob");
  const DeviceRef first = world.connect("alice");
  const DeviceRef second = world.connect("alice");
  world.ignore_until_now();
  world.close("alice", first);
  EXPECT_EQ(world.told(first), Lines{"close requested"});
  EXPECT_EQ(world.told(second), Lines{"own user_devices_changed web"});
  EXPECT_EQ(world.told(bob), Lines{"user_devices_changed alice web"});
  world.close("alice", second);
  EXPECT_EQ(world.told(bob), Lines{"user_offline alice disconnected @0"});
}

TEST(Operator, ClosesNothingOfAnotherUserOrThatIsNotThere) {
  TestWorld world;
  const DeviceRef alice = world.connect("alice");
  world.connect("bob");
  world.close("bob", alice);
  world.close("nobody", alice);
  world.apply(CloseDevice{"alice", "short"});
  EXPECT_EQ(world.directory().device_count(), 2U);
}

// Everything that a directory holds refers to other parts of it; a sanitizer watches this.
TEST(Keeping, ADirectoryMayBeDestroyedWithEverythingInIt) {
  TestWorld world;
  world.befriend("alice", "bob");
  world.connect("alice", {.type = DeviceType::mobile});
  world.lose(world.connect("bob", {.type = DeviceType::web}));
  world.choose("alice", Status::busy, "x", Ms(1'000));
  world.hold_loads(true);
  world.connect("carol");
}

}  // namespace
}  // namespace presence

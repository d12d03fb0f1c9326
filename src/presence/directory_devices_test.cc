// Section 2 of the contract: connections become devices, within a limit, with a snapshot.

#include "presence/test_world.h"

namespace presence {
namespace {

using Lines = std::vector<std::string>;
using Ms = base::Duration;

DirectoryOptions at_most(std::size_t devices) {
  DirectoryOptions options;
  options.devices_per_user = devices;
  return options;
}

TEST(Devices, TheNextBeyondTheLimitIsRefused) {
  TestWorld world(at_most(2));
  world.connect("alice");
  world.connect("alice");
  const DeviceRef third = world.connect("alice");
  EXPECT_EQ(world.told(third), Lines{"refused too_many_devices"});
  EXPECT_EQ(world.directory().device_count(), 2U);
  EXPECT_EQ(world.directory().device(third), nullptr);
}

TEST(Devices, WhoFollowsOnTheSameConnectionHasItsAddressAndUserAgent) {
  TestWorld world;
  const auto follow = [&](DeviceRef before, const std::string& device_key = {}) {
    const DeviceRef ref = world.connect("alice", {.key = device_key, .follows = before});
    const Device& device = *world.directory().device(ref);
    EXPECT_EQ(device.address.view(), "192.0.2.1");
    EXPECT_EQ(device.user_agent.view(), "test");
    return ref;
  };
  const DeviceRef left = world.connect("alice");
  world.leave(left);
  const DeviceRef replaced = follow(left, "key");
  world.connect("alice", {.key = "key"});
  const DeviceRef closed = follow(replaced);
  world.close("alice", closed);
  follow(closed);
}

TEST(Devices, StaleOnesCountForTheLimit) {
  TestWorld world(at_most(1));
  world.connect("alice");
  world.advance(Ms(120'000));
  EXPECT_EQ(world.told(world.connect("alice")), Lines{"refused too_many_devices"});
}

TEST(Devices, LingeringOnesMakeRoomSilently) {
  TestWorld world(at_most(2));
  world.befriend("alice", "bob");
  const DeviceRef bob = world.connect("bob");
  const DeviceRef first = world.connect("alice");
  const DeviceRef second = world.connect("alice");
  world.lose(first);
  world.ignore_until_now();
  const DeviceRef third = world.connect("alice");
  EXPECT_EQ(world.told(bob), Lines{});
  EXPECT_EQ(world.told(second), Lines{});
  EXPECT_EQ(world.told(third), Lines{});
  EXPECT_EQ(world.seen(bob, "alice"), "online web,web");
  world.advance(Ms(10'000));
  EXPECT_EQ(world.told(bob), Lines{});
}

TEST(Devices, ASecondConnectionWithTheSameKeyReplacesTheFirstAndNobodyIsTold) {
  TestWorld world(at_most(2));
  world.befriend("alice", "bob");
  const DeviceRef bob = world.connect("bob");
  const DeviceRef laptop = world.connect("alice");
  const DeviceRef phone = world.connect("alice", {.key = "phone", .type = DeviceType::mobile});
  world.ignore_until_now();
  const DeviceRef again = world.connect("alice", {.key = "phone", .type = DeviceType::mobile});
  EXPECT_EQ(world.told(phone), Lines{"close replaced"});
  EXPECT_EQ(world.told(bob), Lines{});
  EXPECT_EQ(world.told(laptop), Lines{});
  EXPECT_EQ(world.told(again), Lines{});
  EXPECT_EQ(world.directory().device_count(), 3U);  // and Bob's
  EXPECT_EQ(world.seen(bob, "alice"), "online web,mobile");
  // What is still said of the old connection means nothing.
  world.apply(Lost{phone});
  world.apply(Left{phone});
  world.heartbeat(phone, 900'000);
  world.advance(Ms(10'000));
  EXPECT_EQ(world.seen(bob, "alice"), "online web,mobile");
}

TEST(Devices, WhatTheReplacingConnectionDoesNotSayHoldsOn) {
  TestWorld world;
  world.befriend("alice", "bob");
  const DeviceRef bob = world.connect("bob");
  const DeviceRef phone = world.connect("alice", {.key = "phone", .type = DeviceType::mobile});
  world.heartbeat(phone, 300'000);
  world.ignore_until_now();
  world.connect("alice", {.key = "phone"});
  EXPECT_EQ(world.told(bob), Lines{});
  EXPECT_EQ(world.seen(bob, "alice"), "away auto mobile");
}

TEST(Devices, AReloadInsideTheGraceTakesTheLingeringPlace) {
  TestWorld world;
  world.befriend("alice", "bob");
  const DeviceRef bob = world.connect("bob");
  world.lose(world.connect("alice", {.key = "tab"}));
  world.ignore_until_now();
  world.advance(Ms(2'999));
  world.connect("alice", {.key = "tab"});
  world.advance(Ms(60'000));
  EXPECT_EQ(world.told(bob), Lines{});
  EXPECT_EQ(world.seen(bob, "alice"), "online web");
}

TEST(Devices, AKeyOfAnotherUserReplacesNothing) {
  TestWorld world;
  const DeviceRef alice = world.connect("alice", {.key = "k"});
  world.connect("bob", {.key = "k"});
  world.connect("alice");
  EXPECT_EQ(world.directory().device_count(), 3U);
  EXPECT_NE(world.directory().device(alice), nullptr);
}

TEST(Devices, OfSeveralThatWaitForTheContactsTheLastOfAKeyStays) {
  TestWorld world;
  world.hold_loads(true);
  const DeviceRef first = world.connect("alice", {.key = "k"});
  const DeviceRef second = world.connect("alice", {.key = "k"});
  EXPECT_EQ(world.pending_loads(), 1U);
  world.answer_loads(true);
  EXPECT_EQ(world.told(first), Lines{"close replaced"});
  EXPECT_EQ(world.told(second), Lines{});
  EXPECT_EQ(world.directory().device_count(), 1U);
}

TEST(Devices, NobodyKnowsOfOneThatWaitsForTheContacts) {
  TestWorld world;
  world.befriend("alice", "bob");
  const DeviceRef bob = world.connect("bob");
  world.ignore_until_now();
  world.hold_loads(true);
  const DeviceRef alice = world.connect("alice");
  EXPECT_EQ(world.told(bob), Lines{});
  world.heartbeat(alice, 0);
  world.leave(alice);
  world.answer_loads(true);
  EXPECT_EQ(world.told(bob), Lines{});
  EXPECT_EQ(world.directory().connected_users(), 1U);
}

TEST(Devices, AreRefusedWhenTheContactsCannotBeReadAndMayTryAgain) {
  TestWorld world;
  world.hold_loads(true);
  const DeviceRef first = world.connect("alice");
  const DeviceRef second = world.connect("alice");
  world.fail_loads();
  EXPECT_EQ(world.told(first), Lines{"refused store_unavailable"});
  EXPECT_EQ(world.told(second), Lines{"refused store_unavailable"});
  EXPECT_EQ(world.directory().connected_users(), 0U);
  EXPECT_EQ(world.directory().known_users(), 0U);
  const DeviceRef third = world.connect("alice");
  world.answer_loads(true);
  EXPECT_EQ(world.take(third).front().name, "accepted");
}

TEST(Snapshot, HoldsEachContactBeforeAnyLaterEvent) {
  TestWorld world;
  world.befriend("alice", "bob");
  world.let_see("alice", "carol");
  world.befriend("alice", "dave");
  world.block("dave", "alice");
  world.connect("bob", {.type = DeviceType::mobile});
  world.connect("dave");
  const DeviceRef alice = world.connect("alice", {.snapshot = true});
  world.connect("carol");
  const std::vector<Delivery> told = world.take(alice);
  ASSERT_EQ(told.size(), 2U);
  EXPECT_EQ(told[0].text, "accepted snapshot bob:online mobile dave:stranger carol:offline @never");
  EXPECT_EQ(told[1].text, "user_online carol online web");
}

TEST(Snapshot, ComesOnlyWhenAskedFor) {
  TestWorld world;
  world.befriend("alice", "bob");
  EXPECT_EQ(world.take(world.connect("alice")).front().text, "accepted");
}

class Cursors : public testing::Test {
 protected:
  Cursors() {
    world.befriend("alice", "bob");
    world.befriend("alice", "carol");
    bob = world.connect("bob");
    const DeviceRef device = world.connect("alice", {.snapshot = true});
    cursor = cursor_of(device);
    world.leave(device);
  }
  std::string cursor_of(DeviceRef device) {
    return encode_cursor(world.directory().cursor(*world.directory().user_of(device)));
  }
  std::string resume(const std::string& with) {
    return world.take(world.connect("alice", {.cursor = with})).front().text;
  }

  TestWorld world;
  DeviceRef bob;
  std::string cursor;
};

TEST_F(Cursors, BringOnlyWhatChangedSince) {
  world.connect("carol");
  EXPECT_EQ(resume(cursor), "accepted changes carol:online web");
}

TEST_F(Cursors, BringNothingWhenNothingChanged) { EXPECT_EQ(resume(cursor), "accepted changes"); }

TEST_F(Cursors, ThatAreNoneGetAFullSnapshot) {
  EXPECT_EQ(resume("nonsense"), "accepted snapshot bob:online web carol:offline @never");
}

TEST_F(Cursors, OfAnotherUserGetAFullSnapshot) {
  EXPECT_EQ(resume(cursor_of(bob)), "accepted snapshot bob:online web carol:offline @never");
}

TEST_F(Cursors, OfAnotherRunGetAFullSnapshot) {
  TestWorld after({}, 2000);
  EXPECT_EQ(after.take(after.connect("alice", {.cursor = cursor})).front().text,
            "accepted snapshot");
}

TEST_F(Cursors, FromTheFutureGetAFullSnapshot) {
  std::optional<Cursor> parsed = parse_cursor(cursor);
  parsed->sequence += 1'000'000'000'000;
  EXPECT_EQ(resume(encode_cursor(*parsed)),
            "accepted snapshot bob:online web carol:offline @never");
}

TEST_F(Cursors, GetAFullSnapshotWhenTheListChanged) {
  world.unfriend("alice", "carol");
  EXPECT_EQ(resume(cursor), "accepted snapshot bob:online web");
}

TEST_F(Cursors, GetAFullSnapshotWhenABlockCameOrWent) {
  world.block("bob", "alice");
  EXPECT_EQ(resume(cursor), "accepted snapshot bob:stranger carol:offline @never");
}

TEST(Snapshot, CursorsStayGoodWhileSomebodyElseIsForgottenByRetention) {
  DirectoryOptions options;
  options.last_seen_retention = Ms(100'000);
  TestWorld world(options);
  world.befriend("alice", "bob");
  world.leave(world.connect("zoe"));
  world.advance(Ms(90'000));
  world.connect("bob");
  const DeviceRef alice = world.connect("alice");
  const std::string cursor =
      encode_cursor(world.directory().cursor(*world.directory().user_of(alice)));
  world.advance(Ms(20'000));
  world.sweep();
  EXPECT_EQ(world.directory().find("zoe"), nullptr);
  EXPECT_EQ(world.take(world.connect("alice", {.cursor = cursor})).front().text,
            "accepted changes");
}

}  // namespace
}  // namespace presence

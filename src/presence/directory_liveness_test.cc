// Section 6 of the contract: staleness, revival, deliberate leaving, abrupt loss and grace.

#include "presence/test_world.h"

namespace presence {
namespace {

using Lines = std::vector<std::string>;
using Ms = base::Duration;

// Bob watches Alice and never goes stale.
class Liveness : public testing::Test {
 protected:
  explicit Liveness(const DirectoryOptions& options = {}) : world(options) {
    world.befriend("alice", "bob");
    bob = world.connect("bob");
  }
  DeviceRef alice_connects() {
    const DeviceRef device = world.connect("alice");
    world.ignore_until_now();
    return device;
  }
  void advance(int64_t ms) {
    for (; ms > 60'000; ms -= 60'000) {
      world.advance(Ms(60'000));
      world.heard(bob);
    }
    world.advance(Ms(ms));
    world.heard(bob);
  }

  TestWorld world;
  DeviceRef bob;
};

TEST_F(Liveness, ADeviceIsStaleExactlyAtItsDeadline) {
  alice_connects();
  advance(119'999);
  EXPECT_EQ(world.told(bob), Lines{});
  world.advance(Ms(1));
  EXPECT_EQ(world.told(bob), Lines{"user_offline alice inactive @0"});
}

TEST_F(Liveness, EachHeartbeatMovesTheDeadline) {
  const DeviceRef alice = alice_connects();
  for (int i = 0; i < 100; ++i) {
    advance(119'999);
    world.heartbeat(alice);
  }
  EXPECT_EQ(world.told(bob), Lines{});
  advance(119'999);
  EXPECT_EQ(world.told(bob), Lines{});
  world.advance(Ms(1));
  EXPECT_EQ(world.told(bob), Lines{"user_offline alice inactive @11999900"});
}

TEST_F(Liveness, AnyPresenceEventCounts) {
  const DeviceRef alice = alice_connects();
  advance(100'000);
  world.heard(alice);
  advance(100'000);
  EXPECT_EQ(world.told(bob), Lines{});
}

TEST_F(Liveness, TheNextHeartbeatOfAStaleDeviceBringsTheUserBack) {
  const DeviceRef alice = alice_connects();
  advance(500'000);
  world.ignore_until_now();
  world.heartbeat(alice);
  EXPECT_EQ(world.told(bob), Lines{"user_online alice online web"});
  EXPECT_EQ(world.told(alice), Lines{});
  advance(119'999);
  EXPECT_EQ(world.told(bob), Lines{});
  world.advance(Ms(1));
  EXPECT_EQ(world.told(bob), Lines{"user_offline alice inactive @500000"});
}

TEST_F(Liveness, AHeartbeatThatRevivesTakesItsIdleTimeAlong) {
  const DeviceRef alice = alice_connects();
  advance(120'000);
  world.ignore_until_now();
  world.heartbeat(alice, 400'000);
  EXPECT_EQ(world.told(bob), Lines{"user_online alice away auto web"});
}

TEST_F(Liveness, OneOfTwoGoingStaleAndComingBackIsADeviceChange) {
  const DeviceRef first = alice_connects();
  advance(60'000);
  const DeviceRef second = world.connect("alice", {.type = DeviceType::mobile});
  world.ignore_until_now();
  advance(60'000);
  EXPECT_EQ(world.told(bob), Lines{"user_devices_changed alice mobile"});
  EXPECT_EQ(world.told(second), Lines{"own user_devices_changed mobile"});
  EXPECT_EQ(world.told(first), Lines{});
  world.heartbeat(first);
  EXPECT_EQ(world.told(bob), Lines{"user_devices_changed alice web,mobile"});
  EXPECT_EQ(world.told(second), Lines{"own user_devices_changed web,mobile"});
  EXPECT_EQ(world.told(first), Lines{});
}

TEST_F(Liveness, AStaleDeviceStillReceives) {
  const DeviceRef alice = alice_connects();
  advance(120'000);
  world.ignore_until_now();
  world.choose("bob", Status::busy);
  EXPECT_EQ(world.told(alice), Lines{"user_status_changed bob busy"});
}

TEST_F(Liveness, ADeliberateLeaveIsAtOnce) {
  const DeviceRef alice = alice_connects();
  world.leave(alice);
  EXPECT_EQ(world.told(bob), Lines{"user_offline alice disconnected @0"});
}

TEST_F(Liveness, AnAbruptLossLingersForTheGrace) {
  const DeviceRef alice = alice_connects();
  world.lose(alice);
  world.advance(Ms(2'999));
  EXPECT_EQ(world.told(bob), Lines{});
  EXPECT_EQ(world.seen(bob, "alice"), "online web");
  world.advance(Ms(1));
  EXPECT_EQ(world.told(bob), Lines{"user_offline alice disconnected @0"});
}

TEST_F(Liveness, AReloadInsideTheGraceIsNoOfflineOnlinePair) {
  const DeviceRef alice = alice_connects();
  world.lose(alice);
  world.advance(Ms(1'000));
  alice_connects();
  world.advance(Ms(2'000));
  EXPECT_EQ(world.told(bob), Lines{"user_devices_changed alice web"});
  advance(60'000);
  EXPECT_EQ(world.told(bob), Lines{});
}

TEST_F(Liveness, ALingeringDeviceGoesStaleForNobody) {
  const DeviceRef alice = alice_connects();
  advance(119'000);
  world.lose(alice);
  world.advance(Ms(2'999));
  EXPECT_EQ(world.told(bob), Lines{});
  world.advance(Ms(1));
  EXPECT_EQ(world.told(bob), Lines{"user_offline alice disconnected @119000"});
}

TEST_F(Liveness, AStaleDeviceThatIsLostIsGoneAtOnceAndNobodyIsTold) {
  const DeviceRef alice = alice_connects();
  advance(120'000);
  world.ignore_until_now();
  world.lose(alice);
  advance(10'000);
  EXPECT_EQ(world.told(bob), Lines{});
  EXPECT_EQ(world.seen(bob, "alice"), "offline @0");
  EXPECT_EQ(world.directory().device_count(), 1U);
}

TEST_F(Liveness, TheLastLiveDeviceThatLeavesBesideAStaleOneIsDisconnected) {
  alice_connects();
  advance(60'000);
  const DeviceRef second = alice_connects();
  advance(60'000);
  world.ignore_until_now();
  world.leave(second);
  EXPECT_EQ(world.told(bob), Lines{"user_offline alice disconnected @120000"});
}

TEST_F(Liveness, WhatIsSaidOfAConnectionThatIsGoneMeansNothing) {
  const DeviceRef alice = alice_connects();
  world.leave(alice);
  const DeviceRef carol = world.connect("carol");  // gets the same slot
  ASSERT_EQ(carol.index, alice.index);
  world.ignore_until_now();
  world.heartbeat(alice, 900'000);
  world.apply(Lost{alice});
  world.apply(Left{alice});
  EXPECT_EQ(world.directory().user_of(alice), nullptr);
  EXPECT_NE(world.directory().user_of(carol), nullptr);
  EXPECT_EQ(world.told(bob), Lines{});
}

TEST_F(Liveness, ADirectoryThatIsWokenLateActsOnEverythingAtOnce) {
  alice_connects();
  world.lose(world.connect("carol"));
  const base::Instant late{world.now().steady + Ms(3'600'000), world.now().wall + Ms(3'600'000)};
  world.directory().apply(Tick{}, late, world);
  EXPECT_EQ(world.seen(bob, "alice"), "offline @0");
  EXPECT_EQ(world.directory().device_count(), 2U);  // both stale, with open connections
  EXPECT_EQ(TestWorld::relative(world.directory().find("carol")->last_seen), "0");
}

class NoGrace : public Liveness {
 protected:
  static DirectoryOptions none() {
    DirectoryOptions options;
    options.disconnect_grace = Ms(0);
    return options;
  }
  NoGrace() : Liveness(none()) {}
};

TEST_F(NoGrace, ALossIsAtOnce) {
  const DeviceRef alice = alice_connects();
  world.advance(Ms(4));
  world.lose(alice);
  EXPECT_EQ(world.told(bob), Lines{"user_offline alice disconnected @4"});
}

}  // namespace
}  // namespace presence

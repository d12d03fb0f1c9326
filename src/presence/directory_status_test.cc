// Section 5 of the contract, line by line.

#include "presence/test_world.h"

namespace presence {
namespace {

using Lines = std::vector<std::string>;
using Ms = base::Duration;

class StatusOf : public testing::Test {
 protected:
  StatusOf() {
    world.befriend("alice", "bob");
    bob = world.connect("bob");
  }
  // Bob stays live while time passes.
  void advance(int64_t ms) {
    for (; ms > 60'000; ms -= 60'000) {
      world.advance(Ms(60'000));
      world.heard(bob);
    }
    world.advance(Ms(ms));
    world.heard(bob);
  }
  std::string alice() { return world.seen(bob, "alice"); }

  TestWorld world;
  DeviceRef bob;
};

TEST_F(StatusOf, NoDeviceIsOffline) {
  world.choose("alice", Status::busy);
  EXPECT_EQ(alice(), "offline @never");
}

TEST_F(StatusOf, ChosenOfflineHidesDevicesAndMessageAndKeepsTheMoment) {
  const DeviceRef device = world.connect("alice");
  world.advance(Ms(11));
  world.choose("alice", Status::offline, "secret");
  advance(1'000);
  world.heartbeat(device);
  EXPECT_EQ(alice(), "offline @11");
  EXPECT_EQ(world.seen(device, "alice"), "offline \"secret\"");
  EXPECT_EQ(world.directory().find("alice")->here->devices.size(), 1U);
}

TEST_F(StatusOf, ChosenOfflineKeepsTheMomentWhenTheUserLeavesLater) {
  const DeviceRef device = world.connect("alice");
  world.choose("alice", Status::offline);
  advance(50'000);
  world.leave(device);
  EXPECT_EQ(alice(), "offline @0");
  EXPECT_EQ(TestWorld::relative(world.directory().find("alice")->last_seen), "50000");
}

TEST_F(StatusOf, ChosenOfflineWhenItEndsConnectedAtIsNotEarlier) {
  world.connect("alice");
  advance(1'000);
  world.choose("alice", Status::offline);
  advance(1'000);
  world.ignore_until_now();
  world.choose("alice", Status::away);
  const std::vector<Delivery> told = world.take(bob);
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].text, "user_online alice away web");
  EXPECT_EQ(TestWorld::relative(told[0].view.devices[0].connected_at), "2000");
  const User* user = world.directory().find("alice");
  EXPECT_EQ(TestWorld::relative(user->here->devices[0]->connected_at), "0");
}

TEST_F(StatusOf, ChosenOfflineWithoutDevicesSaysNothing) {
  world.leave(world.connect("alice"));
  advance(5'000);
  world.ignore_until_now();
  world.choose("alice", Status::offline);
  world.connect("alice");
  world.choose("alice", Status::online);
  EXPECT_EQ(world.told(bob), Lines{"user_online alice online web"});
}

TEST_F(StatusOf, ChosenAwayOrBusyIsThat) {
  const DeviceRef device = world.connect("alice");
  world.choose("alice", Status::away);
  EXPECT_EQ(alice(), "away web");
  world.heartbeat(device, 900'000);
  EXPECT_EQ(alice(), "away web");
  world.choose("alice", Status::busy);
  EXPECT_EQ(alice(), "busy web");
}

TEST_F(StatusOf, EveryDeviceIdleIsAutoAway) {
  const DeviceRef first = world.connect("alice");
  const DeviceRef second = world.connect("alice");
  world.heartbeat(first, 300'000);
  EXPECT_EQ(alice(), "online web,web");
  world.heartbeat(second, 299'999);
  EXPECT_EQ(alice(), "online web,web");
  world.ignore_until_now();
  world.heartbeat(second, 300'000);
  EXPECT_EQ(world.told(bob), Lines{"user_status_changed alice away auto"});
  EXPECT_EQ(world.told(first), Lines{"own user_status_changed away auto"});
  world.heartbeat(second, 0);
  EXPECT_EQ(world.told(bob), Lines{"user_status_changed alice online"});
}

TEST_F(StatusOf, ADeviceThatNeverReportedIdleIsNotIdle) {
  world.heartbeat(world.connect("alice"), 900'000);
  world.connect("alice");
  EXPECT_EQ(alice(), "online web,web");
}

TEST_F(StatusOf, AHeartbeatWithoutIdleKeepsTheLastReport) {
  const DeviceRef device = world.connect("alice");
  world.heartbeat(device, 900'000);
  world.heartbeat(device);
  EXPECT_EQ(alice(), "away auto web");
}

TEST_F(StatusOf, AMessageDoesNotStopAutoAway) {
  const DeviceRef device = world.connect("alice");
  world.choose("alice", Status::online, "here");
  world.heartbeat(device, 900'000);
  EXPECT_EQ(alice(), "away auto web \"here\"");
}

TEST_F(StatusOf, ALingeringDeviceCountsForAutoAway) {
  world.heartbeat(world.connect("alice"), 900'000);
  const DeviceRef active = world.connect("alice");
  world.lose(active);
  EXPECT_EQ(alice(), "online web,web");
  world.advance(Ms(3'000));
  EXPECT_EQ(alice(), "away auto web");
}

TEST_F(StatusOf, AStaleDeviceDoesNotCountForAutoAway) {
  world.connect("alice");
  advance(60'000);
  const DeviceRef idle = world.connect("alice");
  world.heartbeat(idle, 900'000);
  EXPECT_EQ(alice(), "online web,web");
  advance(60'000);
  EXPECT_EQ(alice(), "away auto web");
}

TEST_F(StatusOf, OnlyLingeringIsAsBefore) {
  const DeviceRef device = world.connect("alice");
  world.heartbeat(device, 900'000);
  world.lose(device);
  EXPECT_EQ(alice(), "away auto web");
  const DeviceRef carol = world.connect("carol");
  world.lose(carol);
  world.befriend("bob", "carol");
  EXPECT_EQ(world.seen(bob, "carol"), "online web");
}

TEST_F(StatusOf, OnlyLingeringStillFollowsAChoice) {
  world.lose(world.connect("alice"));
  world.ignore_until_now();
  world.choose("alice", Status::busy);
  EXPECT_EQ(world.told(bob), Lines{"user_status_changed alice busy"});
  world.choose("alice", Status::online);
  EXPECT_EQ(alice(), "online web");
}

TEST_F(StatusOf, AChoiceSurvivesReconnects) {
  const DeviceRef device = world.connect("alice");
  world.choose("alice", Status::busy, "x");
  world.leave(device);
  advance(100'000);
  world.connect("alice");
  EXPECT_EQ(alice(), "busy web \"x\"");
}

TEST_F(StatusOf, AChoiceEndsExactlyWhenItExpires) {
  const DeviceRef device = world.connect("alice");
  world.choose("alice", Status::busy, "x", Ms(50'000));
  world.ignore_until_now();
  world.forget_saved();
  world.advance(Ms(49'999));
  EXPECT_EQ(alice(), "busy web \"x\"");
  world.advance(Ms(1));
  EXPECT_EQ(world.told(bob), Lines{"user_status_changed alice online"});
  EXPECT_EQ(world.told(device), Lines{"own user_status_changed online"});
  ASSERT_EQ(world.saved().size(), 1U);
  EXPECT_TRUE(world.saved()[0].choice.none());
}

TEST_F(StatusOf, AnInvisibleUserAppearsWhenTheChoiceExpires) {
  world.connect("alice");
  world.choose("alice", Status::offline, "", Ms(50'000));
  world.ignore_until_now();
  world.advance(Ms(50'000));
  EXPECT_EQ(world.told(bob), Lines{"user_online alice online web"});
}

TEST_F(StatusOf, ANewChoiceDropsTheOldExpiry) {
  world.connect("alice");
  world.choose("alice", Status::busy, "", Ms(50'000));
  world.choose("alice", Status::away);
  advance(100'000);
  world.heard(bob);
  EXPECT_EQ(world.directory().find("alice")->chosen->choice.status, Status::away);
}

TEST_F(StatusOf, AnExpiryFollowsAWallClockThatIsSetBack) {
  const DeviceRef device = world.connect("alice");
  world.choose("alice", Status::busy, "", Ms(50'000));
  world.jump_wall(Ms(-10'000));
  world.advance(Ms(50'000));
  EXPECT_EQ(world.seen(device, "alice"), "busy");
  world.advance(Ms(10'000));
  EXPECT_EQ(world.seen(device, "alice"), "online");
}

TEST_F(StatusOf, AnExpiryFollowsAWallClockThatIsSetForward) {
  const DeviceRef device = world.connect("alice");
  world.choose("alice", Status::busy, "", Ms(50'000));
  world.choose("carol", Status::busy, "", Ms(3'600'000));
  world.advance(Ms(1'000));
  world.jump_wall(Ms(40'000));
  world.apply(Tick{});
  world.advance(Ms(8'999));
  EXPECT_EQ(world.seen(device, "alice"), "busy");
  world.advance(Ms(1));
  EXPECT_EQ(world.seen(device, "alice"), "online");
  // Of somebody who is not there; due at once.
  world.jump_wall(Ms(3'600'000));
  world.apply(Tick{});
  world.advance(Ms(20));
  EXPECT_EQ(world.directory().find("carol"), nullptr);
}

TEST_F(StatusOf, SmallStepsOfTheWallClockAddUp) {
  const DeviceRef device = world.connect("alice");
  world.choose("alice", Status::busy, "", Ms(50'000));
  for (int i = 0; i < 200; ++i) {
    world.jump_wall(Ms(50));
    world.advance(Ms(200));
    world.apply(Tick{});
  }
  EXPECT_EQ(world.seen(device, "alice"), "online");
}

TEST_F(StatusOf, OnlineWithoutAMessageIsNoChoiceWhateverItsExpiry) {
  world.connect("alice");
  world.choose("alice", Status::online, "", Ms(50'000));
  EXPECT_EQ(world.directory().find("alice")->chosen, nullptr);
}

TEST_F(StatusOf, LastSeenIsTheMomentTheTransportWasLost) {
  const DeviceRef device = world.connect("alice");
  world.advance(Ms(10'000));
  world.lose(device);
  world.ignore_until_now();
  world.advance(Ms(3'000));
  EXPECT_EQ(world.told(bob), Lines{"user_offline alice disconnected @10000"});
}

TEST_F(StatusOf, LastSeenIsTheMomentOfLeaving) {
  const DeviceRef device = world.connect("alice");
  world.advance(Ms(10'000));
  world.leave(device);
  EXPECT_EQ(alice(), "offline @10000");
}

TEST_F(StatusOf, LastSeenIsTheLastHeartbeatOfAStaleUser) {
  const DeviceRef device = world.connect("alice");
  world.advance(Ms(10'000));
  world.heartbeat(device);
  advance(120'000);
  EXPECT_EQ(alice(), "offline @10000");
  world.leave(device);
  EXPECT_EQ(alice(), "offline @10000");
}

TEST_F(StatusOf, LastSeenIsTheLatestOfSeveralDevices) {
  const DeviceRef first = world.connect("alice");
  const DeviceRef second = world.connect("alice");
  world.lose(first);
  world.advance(Ms(1'000));
  world.leave(second);
  EXPECT_EQ(alice(), "online web");
  world.advance(Ms(2'000));
  EXPECT_EQ(alice(), "offline @1000");
}

}  // namespace
}  // namespace presence

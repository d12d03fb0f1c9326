// Section 4 of the contract: which event, to whom, when; and versions.

#include "presence/test_world.h"

namespace presence {
namespace {

using Lines = std::vector<std::string>;
using Ms = base::Duration;

// Alice and Bob are contacts, Eve is nobody's; Bob watches on two devices.
class Events : public testing::Test {
 protected:
  explicit Events(const DirectoryOptions& options = {}) : world(options) {
    world.befriend("alice", "bob");
    bob = world.connect("bob");
    bob_phone = world.connect("bob", {.type = DeviceType::mobile});
    eve = world.connect("eve");
    world.ignore_until_now();
  }
  DeviceRef alice_connects(const ConnectOptions& with = {}) {
    const DeviceRef device = world.connect("alice", with);
    world.ignore_until_now();
    return device;
  }
  void expect_told(const Lines& lines) {
    EXPECT_EQ(world.told(bob), lines);
    EXPECT_EQ(world.told(bob_phone), lines);
    EXPECT_EQ(world.told(eve), Lines{});
  }

  TestWorld world;
  DeviceRef bob;
  DeviceRef bob_phone;
  DeviceRef eve;
};

TEST_F(Events, OnlineGoesToEachDeviceOfEachWatcherWithTheDevices) {
  world.connect("alice", {.type = DeviceType::desktop});
  expect_told({"user_online alice online desktop"});
}

TEST_F(Events, OnlineCarriesTheChosenStatus) {
  world.choose("alice", Status::busy, "deep work");
  world.connect("alice");
  expect_told({"user_online alice busy web \"deep work\""});
}

TEST_F(Events, OnlineComesOnceForManyDevices) {
  world.connect("alice");
  world.connect("alice");
  expect_told({"user_online alice online web", "user_devices_changed alice web,web"});
}

TEST_F(Events, OfflineSaysDisconnectedWhenTheLastDeviceIsGone) {
  const DeviceRef first = alice_connects();
  const DeviceRef second = alice_connects();
  world.advance(Ms(7));
  world.leave(first);
  expect_told({"user_devices_changed alice web"});
  world.leave(second);
  expect_told({"user_offline alice disconnected @7"});
}

TEST_F(Events, OfflineSaysInactiveWhenTheLastLiveDeviceWentStale) {
  alice_connects();
  world.advance(Ms(60'000));
  for (const DeviceRef device : {bob, bob_phone, eve}) world.heard(device);
  world.advance(Ms(60'000));
  expect_told({"user_offline alice inactive @0"});
}

TEST_F(Events, OfflineSaysManualWhenTheUserChoseIt) {
  alice_connects();
  world.advance(Ms(5));
  world.choose("alice", Status::offline);
  expect_told({"user_offline alice manual @5"});
}

TEST_F(Events, StatusChangedGoesToWatchersAndToAllOwnDevicesAlsoTheOneThatAsked) {
  const DeviceRef asking = alice_connects();
  const DeviceRef other = alice_connects();
  world.choose("alice", Status::away, "lunch");
  expect_told({"user_status_changed alice away \"lunch\""});
  EXPECT_EQ(world.told(asking), Lines{"own user_status_changed away \"lunch\""});
  EXPECT_EQ(world.told(other), Lines{"own user_status_changed away \"lunch\""});
}

TEST_F(Events, AMessageAloneIsAStatusChange) {
  alice_connects();
  world.choose("alice", Status::online, "hello");
  expect_told({"user_status_changed alice online \"hello\""});
  world.choose("alice", Status::online);
  expect_told({"user_status_changed alice online"});
}

TEST_F(Events, TheSameChoiceAgainIsNoChange) {
  const DeviceRef alice = alice_connects();
  world.choose("alice", Status::busy, "x");
  world.ignore_until_now();
  world.choose("alice", Status::busy, "x", Ms(1'000'000));
  expect_told({});
  EXPECT_EQ(world.told(alice), Lines{});
}

TEST_F(Events, OwnDevicesHearWhenAChosenOfflineBeginsAndEnds) {
  const DeviceRef asking = alice_connects();
  const DeviceRef other = alice_connects();
  world.choose("alice", Status::offline);
  EXPECT_EQ(world.told(asking), Lines{"own user_status_changed offline"});
  EXPECT_EQ(world.told(other), Lines{"own user_status_changed offline"});
  world.choose("alice", Status::online);
  EXPECT_EQ(world.told(asking), Lines{"own user_status_changed online"});
  EXPECT_EQ(world.told(other), Lines{"own user_status_changed online"});
}

TEST_F(Events, DevicesChangedGoesToWatchersAndTheOtherOwnDevices) {
  const DeviceRef first = alice_connects();
  const DeviceRef second = world.connect("alice", {.type = DeviceType::mobile});
  expect_told({"user_devices_changed alice web,mobile"});
  EXPECT_EQ(world.told(first), Lines{"own user_devices_changed web,mobile"});
  EXPECT_EQ(world.told(second), Lines{});
}

TEST_F(Events, DevicesChangedWhenADeviceTurnsOutToBeOfAnotherKind) {
  const DeviceRef first = alice_connects();
  const DeviceRef second = alice_connects();
  world.heartbeat(first, std::nullopt, DeviceType::desktop);
  expect_told({"user_devices_changed alice desktop,web"});
  EXPECT_EQ(world.told(first), Lines{});
  EXPECT_EQ(world.told(second), Lines{"own user_devices_changed desktop,web"});
  world.heartbeat(first, std::nullopt, DeviceType::desktop);
  expect_told({});
}

TEST_F(Events, DevicesChangedNeverComesBesideOnlineOrOffline) {
  const DeviceRef alice = world.connect("alice");
  expect_told({"user_online alice online web"});
  world.leave(alice);
  expect_told({"user_offline alice disconnected @0"});
}

TEST_F(Events, DevicesOfAnInvisibleUserAreNewsForTheUserOnly) {
  const DeviceRef first = alice_connects();
  world.choose("alice", Status::offline);
  world.ignore_until_now();
  const DeviceRef second = world.connect("alice");
  world.heartbeat(second, 900'000);
  world.choose("alice", Status::offline, "hidden words");
  world.leave(second);
  expect_told({});
  EXPECT_EQ(world.told(first), (Lines{"own user_devices_changed web,web",
                                      "own user_status_changed offline \"hidden words\"",
                                      "own user_devices_changed web"}));
}

TEST_F(Events, AnInvisibleUserStillReceives) {
  const DeviceRef alice = alice_connects();
  world.choose("alice", Status::offline);
  world.ignore_until_now();
  world.choose("bob", Status::away);
  EXPECT_EQ(world.told(alice), Lines{"user_status_changed bob away"});
}

TEST_F(Events, VersionsGrowAcrossEventsReconnectsAndAClockSetBack) {
  Version last = 0;
  const auto check = [&] {
    for (const Delivery& told : world.take(bob)) {
      EXPECT_GT(told.version, last);
      EXPECT_LT(told.version, 1ULL << 53);
      last = told.version;
    }
  };
  const DeviceRef alice = world.connect("alice");
  world.choose("alice", Status::away);
  check();
  world.jump_wall(Ms(-3'600'000));
  world.leave(alice);
  check();
  world.connect("alice");
  check();
  const User* user = world.directory().find("alice");
  EXPECT_EQ(user->view.version, last);
}

TEST_F(Events, VersionsBeginAboveThoseOfEarlierRuns) {
  TestWorld later({}, 1ULL << 52);
  later.befriend("alice", "bob");
  const DeviceRef watcher = later.connect("bob", {.snapshot = true});
  EXPECT_EQ(later.take(watcher).front().snapshot.at("alice").version, 1ULL << 52);
  later.connect("alice");
  EXPECT_GT(later.take(watcher).front().version, 1ULL << 52);
}

TEST_F(Events, TheOwnViewHasVersionsOfItsOwn) {
  const DeviceRef alice = alice_connects();
  world.choose("alice", Status::offline);
  const Version hidden = world.directory().find("alice")->view.version;
  const Version before = world.take(alice).back().version;
  world.choose("alice", Status::offline, "x");
  EXPECT_GT(world.take(alice).back().version, before);
  EXPECT_EQ(world.directory().find("alice")->view.version, hidden);
}

class QuietDevices : public Events {
 protected:
  static DirectoryOptions quiet() {
    DirectoryOptions options;
    options.notify_device_changes = false;
    return options;
  }
  QuietDevices() : Events(quiet()) {}
};

TEST_F(QuietDevices, OnlyTheUsersOwnDevicesHear) {
  const DeviceRef first = alice_connects();
  world.connect("alice");
  expect_told({});
  EXPECT_EQ(world.told(first), Lines{"own user_devices_changed web,web"});
  EXPECT_EQ(world.seen(bob, "alice"), "online web,web");
}

class Hidden : public Events {
 protected:
  static DirectoryOptions hidden() {
    DirectoryOptions options;
    options.manual_offline = ManualOffline::hidden;
    return options;
  }
  Hidden() : Events(hidden()) {}
};

TEST_F(Hidden, ChoosingOfflineLooksLikeLeaving) {
  alice_connects();
  world.advance(Ms(9));
  world.choose("alice", Status::offline);
  expect_told({"user_offline alice disconnected @9"});
  EXPECT_EQ(world.seen(bob, "alice"), "offline @9");
}

TEST_F(Hidden, WhoComesBackIntoViewIsNotRecognised) {
  const DeviceRef alice = alice_connects();
  const auto shown = [this] {
    return world.directory().look_up(bob, "alice").user->view.devices.at(0).socket_id;
  };
  EXPECT_EQ(shown(), TestWorld::socket_id(alice));
  std::vector<SocketId> ids;
  for (int i = 0; i < 3; ++i) {
    world.choose("alice", Status::offline);
    world.advance(Ms(1'000));
    world.choose("alice", Status::online);
    ids.push_back(shown());
    world.heartbeat(alice, 400'000);
    EXPECT_EQ(shown(), ids.back());
    world.heartbeat(alice, 0);
  }
  for (const SocketId& id : ids) EXPECT_NE(id, TestWorld::socket_id(alice));
  EXPECT_NE(ids[0], ids[1]);
  EXPECT_NE(ids[1], ids[2]);
  const User* user = world.directory().find("alice");
  EXPECT_EQ(user->here->devices[0]->socket_id, TestWorld::socket_id(alice));
}

TEST_F(Events, WhoComesBackFromAnAnnouncedAbsenceHasTheSameDevices) {
  const DeviceRef alice = alice_connects();
  world.choose("alice", Status::offline);
  world.advance(Ms(1'000));
  world.choose("alice", Status::online);
  EXPECT_EQ(world.take(bob).back().view.devices.at(0).socket_id, TestWorld::socket_id(alice));
}

TEST_F(Hidden, CursorsDoNotTellThatAnInvisibleUserStirs) {
  const auto cursor_after = [](bool invisible) {
    TestWorld run(hidden());
    run.befriend("alice", "bob");
    const DeviceRef watcher = run.connect("bob");
    const DeviceRef device = run.connect("alice");
    if (invisible) {
      run.choose("alice", Status::offline);
    } else {
      run.leave(device);
    }
    run.advance(Ms(1'000));
    if (invisible) {
      run.connect("alice");
      run.choose("alice", Status::offline, "x");
    }
    run.advance(Ms(1'000));
    run.heartbeat(watcher);
    return run.directory().cursor(*run.directory().find("bob"));
  };
  EXPECT_EQ(cursor_after(true), cursor_after(false));
}

TEST_F(Hidden, NothingThatHappensMeanwhileLeavesATrace) {
  const DeviceRef alice = alice_connects();
  world.choose("alice", Status::offline);
  const Version version = world.directory().find("alice")->view.version;
  world.ignore_until_now();
  world.advance(Ms(60'000));
  world.connect("alice");
  world.choose("alice", Status::offline, "x");
  world.block("alice", "bob");
  world.unblock("alice", "bob");
  world.leave(alice);
  world.advance(Ms(200'000));
  EXPECT_EQ(world.told(bob), Lines{});
  EXPECT_EQ(world.seen(bob, "alice"), "offline @0");
  EXPECT_EQ(world.directory().find("alice")->view.version, version);
}

}  // namespace
}  // namespace presence

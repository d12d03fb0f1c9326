// Devices that do not read: newest state per user wins (docs/adr/0004).

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "presence/test_world.h"

namespace presence {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using Ms = TestWorld::Ms;

DirectoryOptions without(bool DirectoryOptions::*setting) {
  DirectoryOptions options;
  options.*setting = false;
  return options;
}

class SlowReader : public testing::Test {
 protected:
  explicit SlowReader(const DirectoryOptions& options = {}) : world(options) {
    world.befriend("alice", "bob");
    world.befriend("alice", "carol");
    slow = world.connect("alice");
  }
  void fall_behind() {
    world.ignore_until_now();
    world.apply(FellBehind{slow});
  }
  std::vector<std::string> catch_up() {
    EXPECT_THAT(world.told(slow), IsEmpty());
    world.apply(CaughtUp{slow});
    return world.told(slow);
  }

  TestWorld world;
  DeviceRef slow;
};

TEST_F(SlowReader, IsToldTheNewestStateOnceItReadsAgain) {
  const DeviceRef bob = world.connect("bob");
  fall_behind();
  for (int i = 0; i < 1'000; ++i) {
    world.choose("bob", Status::away);
    world.choose("bob", Status::busy, std::to_string(i));
  }
  EXPECT_THAT(catch_up(), ElementsAre("user_status_changed bob busy \"999\""));
  EXPECT_FALSE(world.directory().is_behind(slow));
  world.leave(bob);
  EXPECT_THAT(world.told(slow), ElementsAre("user_offline bob disconnected @0"));
}

TEST_F(SlowReader, CostsTheOtherDevicesNothing) {
  const DeviceRef other = world.connect("alice");
  fall_behind();
  world.connect("bob");
  world.choose("bob", Status::away);
  EXPECT_THAT(world.told(other),
              ElementsAre("user_online bob online web", "user_status_changed bob away"));
}

TEST_F(SlowReader, IsToldWhatLeadsFromWhatItKnowsToWhatIsTrue) {
  const DeviceRef bob = world.connect("bob");
  fall_behind();
  world.leave(bob);
  const DeviceRef carol = world.connect("carol", {.type = DeviceType::mobile});
  world.choose("carol", Status::away);
  // By the users' handles, which are those of the first that was heard of.
  EXPECT_THAT(catch_up(),
              ElementsAre("user_offline bob disconnected @0", "user_online carol away mobile"));

  // It was away for a moment: never a second `online`.
  fall_behind();
  world.leave(carol);
  world.choose("carol", Status::busy);
  world.connect("carol");
  EXPECT_THAT(catch_up(),
              ElementsAre("user_devices_changed carol web", "user_status_changed carol busy"));

  // It was there for a moment: seen later than was told.
  world.advance(Ms(1'000));
  fall_behind();
  world.leave(world.connect("bob"));
  EXPECT_THAT(catch_up(), ElementsAre("user_offline bob disconnected @1000"));
}

TEST_F(SlowReader, SeesVersionsThatGrow) {
  world.connect("bob");
  fall_behind();
  world.choose("bob", Status::away);
  world.connect("bob");
  world.apply(CaughtUp{slow});
  const std::vector<Delivery> told = world.take(slow);
  ASSERT_THAT(told, SizeIs(2));
  EXPECT_EQ(told[0].name, "user_devices_changed");
  EXPECT_EQ(told[1].name, "user_status_changed");
  EXPECT_LT(told[0].version, told[1].version);
  world.choose("bob", Status::busy);
  EXPECT_LT(told[1].version, world.take(slow).at(0).version);
}

TEST_F(SlowReader, HearsOfItsOwnUserToo) {
  const DeviceRef other = world.connect("alice");
  fall_behind();
  for (int i = 0; i < 100; ++i) {
    world.choose("alice", Status::away);
    world.choose("alice", Status::busy);
    world.heartbeat(other, std::nullopt, i % 2 == 0 ? DeviceType::mobile : DeviceType::desktop);
  }
  EXPECT_THAT(catch_up(),
              ElementsAre("own user_devices_changed web,desktop", "own user_status_changed busy"));
}

TEST_F(SlowReader, OfManyContactsIsToldInPortionsAndNobodyWaitsForEver) {
  std::vector<UserId> users;
  for (int i = 0; i < 600; ++i) {
    users.push_back("user" + std::to_string(i));
    world.befriend("alice", users.back());
  }
  fall_behind();
  for (const UserId& user : users) world.connect(user);
  std::map<UserId, int> told;
  for (int portions = 0; world.directory().is_behind(slow); ++portions) {
    ASSERT_LT(portions, 4);
    world.apply(CaughtUp{slow});
    for (const Delivery& delivery : world.take(slow)) ++told[delivery.subject];
    // The first of them are told of again and again.
    if (portions < 2)
      for (int i = 0; i < 200; ++i)
        world.choose(users[i], portions == 0 ? Status::away : Status::busy);
  }
  EXPECT_THAT(told, SizeIs(600));
  for (const UserId& user : users)
    EXPECT_EQ(world.seen(slow, user), told.at(user) > 1 ? "busy web" : "online web") << user;
}

TEST_F(SlowReader, IsToldOfItsListAtOnceAndOfNobodyWhoIsNotInItAnyMore) {
  world.connect("bob");
  fall_behind();
  world.choose("bob", Status::away);
  world.unfriend("alice", "bob");
  EXPECT_THAT(world.told(slow), ElementsAre("contacts_changed -bob"));
  // Known anew from here: what was missed before is no more.
  world.befriend("alice", "bob");
  EXPECT_THAT(world.told(slow), ElementsAre("contacts_changed +bob:away web"));
  EXPECT_THAT(catch_up(), IsEmpty());
}

TEST_F(SlowReader, WhoHasBeenBlockedSeesAStranger) {
  world.connect("bob");
  fall_behind();
  world.choose("bob", Status::away);
  world.block("bob", "alice");
  world.choose("bob", Status::busy);
  EXPECT_THAT(catch_up(), ElementsAre("user_offline bob disconnected @0"));
  fall_behind();
  world.unblock("bob", "alice");
  EXPECT_THAT(catch_up(), ElementsAre("user_online bob busy web"));
  fall_behind();
  world.block("bob", "alice");
  world.unblock("bob", "alice");
  world.block("bob", "alice");
  world.advance(Ms(5));
  EXPECT_THAT(catch_up(), ElementsAre("user_offline bob disconnected @5"));
}

TEST_F(SlowReader, ASnapshotThatItAskedForIsNotToldAgain) {
  world.connect("bob");
  fall_behind();
  world.connect("carol");
  world.apply(SnapshotTaken{slow});
  world.choose("bob", Status::away);
  EXPECT_THAT(catch_up(), ElementsAre("user_status_changed bob away"));
}

TEST_F(SlowReader, ACursorDoesNotPromiseWhatWasMissed) {
  world.connect("bob");
  fall_behind();
  world.choose("bob", Status::away);
  const User& alice = *world.directory().find("alice");
  const std::string cursor = encode_cursor(world.directory().cursor(alice, slow));
  world.advance(Ms(10));
  EXPECT_EQ(encode_cursor(world.directory().cursor(alice, slow)), cursor);
  world.lose(slow);
  const DeviceRef again = world.connect("alice", {.cursor = cursor});
  EXPECT_EQ(world.take(again).at(0).text, "accepted changes bob:away web");
  EXPECT_NE(encode_cursor(world.directory().cursor(alice, again)), cursor);
}

TEST_F(SlowReader, ThatIsGoneLeavesNothingToItsSuccessor) {
  world.connect("bob");
  fall_behind();
  world.choose("bob", Status::away);
  world.leave(slow);
  world.apply(CaughtUp{slow});
  const DeviceRef next = world.connect("alice");
  ASSERT_EQ(next.index, slow.index);
  world.ignore_until_now();
  EXPECT_FALSE(world.directory().is_behind(next));
  world.apply(CaughtUp{next});
  EXPECT_THAT(world.told(next), IsEmpty());
  world.choose("bob", Status::busy);
  EXPECT_THAT(world.told(next), ElementsAre("user_status_changed bob busy"));
}

class QuietSlowReader : public SlowReader {
 protected:
  QuietSlowReader() : SlowReader(without(&DirectoryOptions::notify_device_changes)) {}
};

TEST_F(QuietSlowReader, IsNotToldOfDevicesThatNobodyIsToldOf) {
  const DeviceRef bob = world.connect("bob");
  fall_behind();
  world.connect("bob");
  EXPECT_THAT(catch_up(), IsEmpty());
  fall_behind();
  world.leave(bob);
  world.choose("bob", Status::away);
  EXPECT_THAT(catch_up(), ElementsAre("user_status_changed bob away"));
}

// --- Random: two devices of one user, one of which reads only now and then

// What a client believes that follows its events, and finds fault with them.
struct Picture {
  struct Known {
    std::string state = "offline";
    Version version = 0;
  };
  void learn(const Delivery& told) {
    if (told.name == "contacts_changed") {
      for (const UserId& id : told.removed) users.erase(id);
      for (const ContactEntry& entry : told.added) users[entry.contact] = {};
      for (const auto& [id, view] : told.snapshot) users[id] = {shown(view), view.version};
    }
    if (!told.name.starts_with("user_")) return;
    Known& known = users.at(told.subject);
    RC_ASSERT(told.version > known.version);
    const bool there = known.state != "offline";
    RC_ASSERT(there == (told.name != "user_online") || told.name == "user_offline");
    known = {shown(told.view), told.version};
  }
  static std::string shown(const View& view) {
    return view.offline() ? "offline" : TestWorld::describe(view);
  }
  [[nodiscard]] std::map<UserId, std::string> states() const {
    std::map<UserId, std::string> all;
    for (const auto& [id, known] : users) all[id] = known.state;
    return all;
  }
  std::map<UserId, Known> users;
};

RC_GTEST_PROP(SlowReaders, EndWithTheSamePictureAsThoseThatRead,
              (const std::vector<uint32_t>& ops)) {
  TestWorld world;
  const std::vector<UserId> users{"bob", "carol", "dave"};
  const DeviceRef reads = world.connect("alice");
  const DeviceRef slow = world.connect("alice");
  std::map<UserId, std::vector<DeviceRef>> devices;
  Picture all;
  Picture some;
  const auto learn = [&] {
    for (const Delivery& told : world.take(reads)) all.learn(told);
    for (const Delivery& told : world.take(slow)) some.learn(told);
    if (!world.directory().is_behind(slow)) RC_ASSERT(some.states() == all.states());
  };
  for (const UserId& user : users) world.befriend("alice", user);
  for (const uint32_t op : ops) {
    world.advance(Ms(1));
    const UserId& user = users[op / 16 % users.size()];
    const uint32_t detail = op / 64;
    switch (op % 16) {
      case 0:
      case 1: world.apply(FellBehind{slow}); break;
      case 2: world.apply(CaughtUp{slow}); break;
      case 3:
      case 4:
      case 5:
        devices[user].push_back(world.connect(user, {.type = static_cast<DeviceType>(detail % 3)}));
        break;
      case 6:
      case 7:
        if (devices[user].empty()) break;
        world.leave(devices[user].back());
        devices[user].pop_back();
        break;
      case 8: world.block(user, "alice"); break;
      case 9: world.unblock(user, "alice"); break;
      case 10: world.unfriend("alice", user); break;
      case 11: world.befriend("alice", user); break;
      default:
        world.choose(user, static_cast<Status>(detail % 4), detail % 8 < 4 ? "" : "message");
        break;
    }
    learn();
  }
  world.apply(CaughtUp{slow});
  learn();
}

}  // namespace
}  // namespace presence

// Section 7 of the contract: who sees whom, and what a change of that tells.

#include "presence/test_world.h"

namespace presence {
namespace {

using Lines = std::vector<std::string>;
using Ms = base::Duration;

class Contacts : public testing::Test {
 protected:
  DeviceRef connects(const UserId& user) {
    const DeviceRef device = world.connect(user);
    world.ignore_until_now();
    return device;
  }
  TestWorld world;
};

TEST_F(Contacts, AUserSeesItselfAndItsContactsAndNobodyElse) {
  world.befriend("alice", "bob");
  const DeviceRef alice = connects("alice");
  connects("bob");
  connects("eve");
  EXPECT_EQ(world.seen(alice, "alice"), "online");
  EXPECT_EQ(world.seen(alice, "bob"), "online web");
  EXPECT_EQ(world.seen(alice, "eve"), "stranger");
  EXPECT_EQ(world.seen(alice, "nobody"), "stranger");
}

TEST_F(Contacts, AConnectionThatIsGoneSeesNobody) {
  world.befriend("alice", "bob");
  connects("bob");
  const DeviceRef alice = connects("alice");
  world.leave(alice);
  EXPECT_EQ(world.seen(alice, "bob"), "stranger");
  EXPECT_EQ(world.seen(alice, "alice"), "stranger");
}

TEST_F(Contacts, AnEdgeOfOneDirectionLetsOneSideSee) {
  world.let_see("alice", "bob");
  const DeviceRef alice = connects("alice");
  const DeviceRef bob = connects("bob");
  world.choose("alice", Status::busy);
  world.choose("bob", Status::away);
  EXPECT_EQ(world.told(alice),
            (Lines{"own user_status_changed busy", "user_status_changed bob away"}));
  EXPECT_EQ(world.told(bob), Lines{"own user_status_changed away"});
  EXPECT_EQ(world.seen(bob, "alice"), "stranger");
}

TEST_F(Contacts, ANewContactArrivesWithItsPresenceAtOnceOnEachDevice) {
  const DeviceRef alice = connects("alice");
  const DeviceRef alice_phone = connects("alice");
  const DeviceRef bob = connects("bob");
  world.choose("bob", Status::busy, "x");
  world.ignore_until_now();
  world.befriend("alice", "bob");
  EXPECT_EQ(world.told(alice), Lines{"contacts_changed +bob:busy web \"x\""});
  EXPECT_EQ(world.told(alice_phone), Lines{"contacts_changed +bob:busy web \"x\""});
  EXPECT_EQ(world.told(bob), Lines{"contacts_changed +alice:online web,web"});
  world.choose("bob", Status::away);
  EXPECT_EQ(world.told(alice), Lines{"user_status_changed bob away"});
}

TEST_F(Contacts, ARemovedContactStops) {
  world.befriend("alice", "bob");
  const DeviceRef alice = connects("alice");
  const DeviceRef bob = connects("bob");
  world.unfriend("alice", "bob");
  EXPECT_EQ(world.told(alice), Lines{"contacts_changed -bob"});
  world.ignore_until_now();
  world.leave(bob);
  EXPECT_EQ(world.told(alice), Lines{});
  EXPECT_EQ(world.seen(alice, "bob"), "stranger");
}

TEST_F(Contacts, AnEdgeThatIsAlreadyThereOrGoneIsNoChange) {
  world.befriend("alice", "bob");
  const DeviceRef alice = connects("alice");
  world.befriend("alice", "bob");
  world.stop_seeing("alice", "carol");
  EXPECT_EQ(world.told(alice), Lines{});
}

TEST_F(Contacts, ABatchIsOneEventForEachViewer) {
  const DeviceRef alice = connects("alice");
  world.let_see("alice", "bob");
  world.ignore_until_now();
  world.change({{EdgeChange::Kind::added, "alice", "carol", false},
                {EdgeChange::Kind::removed, "alice", "bob", false},
                {EdgeChange::Kind::added, "alice", "dave", false}});
  EXPECT_EQ(world.told(alice),
            Lines{"contacts_changed +carol:offline @never +dave:offline @never -bob"});
}

TEST_F(Contacts, WhoIsRemovedAndAddedAgainInOneBatchHasNotChanged) {
  world.let_see("alice", "bob");
  const DeviceRef alice = connects("alice");
  world.change({{EdgeChange::Kind::removed, "alice", "bob", false},
                {EdgeChange::Kind::added, "alice", "bob", false}});
  EXPECT_EQ(world.told(alice), Lines{});
  world.change({{EdgeChange::Kind::added, "alice", "carol", false},
                {EdgeChange::Kind::removed, "alice", "carol", false}});
  EXPECT_EQ(world.told(alice), Lines{});
}

TEST_F(Contacts, WhoIsAddedAgainBlockedInOneBatchBecomesAStranger) {
  world.let_see("alice", "bob");
  connects("bob");
  const DeviceRef alice = connects("alice");
  world.change({{EdgeChange::Kind::removed, "alice", "bob", false},
                {EdgeChange::Kind::added, "alice", "bob", true}});
  EXPECT_EQ(world.told(alice), Lines{"user_offline bob disconnected @0"});
  EXPECT_EQ(world.seen(alice, "bob"), "stranger");
}

TEST_F(Contacts, NobodyIsAContactOfThemselves) {
  world.let_see("alice", "alice");
  const DeviceRef alice = connects("alice");
  world.let_see("alice", "alice");
  world.choose("alice", Status::busy);
  EXPECT_EQ(world.told(alice), Lines{"own user_status_changed busy"});
}

TEST_F(Contacts, WhoIsBlockedIsToldThatTheOtherWentAndSeesAStranger) {
  world.befriend("alice", "bob");
  const DeviceRef alice = connects("alice");
  const DeviceRef bob = connects("bob");
  world.advance(Ms(5));
  world.block("alice", "bob");
  EXPECT_EQ(world.told(bob), Lines{"user_offline alice disconnected @5"});
  EXPECT_EQ(world.told(alice), Lines{});
  EXPECT_EQ(world.seen(bob, "alice"), "stranger");
  EXPECT_EQ(world.seen(alice, "bob"), "online web");
  world.choose("alice", Status::busy);
  EXPECT_EQ(world.told(bob), Lines{});
}

TEST_F(Contacts, WhoIsUnblockedIsToldThatTheOtherIsThere) {
  world.befriend("alice", "bob");
  world.block("alice", "bob");
  connects("alice");
  const DeviceRef bob = connects("bob");
  world.unblock("alice", "bob");
  EXPECT_EQ(world.told(bob), Lines{"user_online alice online web"});
}

TEST_F(Contacts, BlockingTellsNothingWhileTheBlockerIsAway) {
  world.befriend("alice", "bob");
  const DeviceRef bob = connects("bob");
  world.block("alice", "bob");
  world.unblock("alice", "bob");
  EXPECT_EQ(world.told(bob), Lines{});
}

TEST_F(Contacts, BlockingTellsNothingWhileTheBlockerIsInvisible) {
  world.befriend("alice", "bob");
  connects("alice");
  world.choose("alice", Status::offline);
  const DeviceRef bob = connects("bob");
  world.block("alice", "bob");
  world.unblock("alice", "bob");
  EXPECT_EQ(world.told(bob), Lines{});
}

TEST_F(Contacts, TheBlockerStaysInTheList) {
  world.befriend("alice", "bob");
  connects("alice");
  const DeviceRef bob = connects("bob");
  world.block("alice", "bob");
  std::vector<std::pair<UserId, bool>> entries;
  world.directory().for_each_contact(bob, std::nullopt, [&](const UserId& id, const User* user) {
    entries.emplace_back(id, user == nullptr);
  });
  EXPECT_EQ(entries, (std::vector<std::pair<UserId, bool>>{{"alice", true}}));
}

TEST_F(Contacts, ANewContactThatBlocksIsShownAsAStranger) {
  connects("alice");
  const DeviceRef bob = connects("bob");
  world.block("alice", "bob");
  world.let_see("bob", "alice");
  EXPECT_EQ(world.told(bob), Lines{"contacts_changed +alice:stranger"});
  EXPECT_EQ(world.seen(bob, "alice"), "stranger");
}

TEST_F(Contacts, EventsAfterABlockWasLiftedAreNewerThanThoseBefore) {
  world.befriend("alice", "bob");
  connects("alice");
  const DeviceRef bob = connects("bob");
  Version last = 0;
  for (int i = 0; i < 3; ++i) {
    world.block("alice", "bob");
    world.unblock("alice", "bob");
  }
  for (const Delivery& told : world.take(bob)) {
    EXPECT_GT(told.version, last);
    last = told.version;
  }
}

// A source may have read the list before a change that is heard of first.
TEST_F(Contacts, ChangesThatComeWhileTheListIsReadAreNotLost) {
  world.befriend("alice", "bob");
  world.befriend("alice", "dave");
  for (const char* user : {"bob", "carol", "dave"}) connects(user);
  world.hold_loads(true);
  const DeviceRef alice = world.connect("alice", {.snapshot = true});
  world.unfriend("alice", "bob");
  world.befriend("alice", "carol");
  world.block("dave", "alice");
  world.answer_loads(true);
  EXPECT_EQ(world.take(alice).front().text, "accepted snapshot carol:online web dave:stranger");
  world.choose("bob", Status::busy);
  world.choose("carol", Status::busy);
  world.choose("dave", Status::busy);
  EXPECT_EQ(world.told(alice), Lines{"user_status_changed carol busy"});
}

TEST_F(Contacts, AListWithRepetitionsIsRead) {
  world.hold_loads(true);
  const DeviceRef alice = world.connect("alice");
  world.apply(ContactsLoaded{
      "alice", std::vector<ContactEntry>{{"bob", false}, {"alice", false}, {"bob", false}}});
  EXPECT_EQ(world.directory().find("bob")->listed_by, 1U);
  EXPECT_EQ(world.take(alice).front().name, "accepted");
  world.leave(alice);
  EXPECT_EQ(world.directory().find("bob"), nullptr);
}

TEST_F(Contacts, AnAnswerThatNobodyWaitsForMeansNothing) {
  world.apply(ContactsLoaded{"nobody", std::vector<ContactEntry>{{"bob", false}}});
  const DeviceRef alice = connects("alice");
  world.apply(ContactsLoaded{"alice", std::vector<ContactEntry>{{"bob", false}}});
  EXPECT_EQ(world.seen(alice, "bob"), "stranger");
}

TEST_F(Contacts, NothingIsKeptOfListsOnceTheirOwnersAreGone) {
  for (int i = 0; i < 50; ++i) world.befriend("alice", "friend-" + std::to_string(i));
  const DeviceRef alice = connects("alice");
  const DeviceRef friend_7 = connects("friend-7");
  EXPECT_EQ(world.directory().known_users(), 51U);
  world.leave(alice);
  EXPECT_EQ(world.directory().known_users(), 2U);
  EXPECT_TRUE(world.directory().find("alice")->other_watchers.contains(
      world.directory().find("friend-7")->handle));
  world.leave(friend_7);
  EXPECT_TRUE(world.directory().find("alice")->other_watchers.empty());
  EXPECT_EQ(world.directory().connected_users(), 0U);
}

}  // namespace
}  // namespace presence

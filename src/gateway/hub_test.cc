#include "gateway/hub.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/hub_fixture.h"

namespace gateway {
namespace {

using presence::Status;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

TEST_F(HubTest, AConnectionIsAcceptedThenGetsItsSnapshotAndOnlyThenAreOthersTold) {
  const auto alice = connect("alice");
  EXPECT_THAT(outlet.take(alice), ElementsAre("accept"));
  Lines order;
  outlet.on_said = [&](presence::DeviceRef, const std::string& line) {
    order.push_back(kind(line));
  };
  const auto bob = connect("bob", true);
  EXPECT_THAT(order, ElementsAre("accept", R"(2["presence_snapshot",)", R"(2["user_online",)"));
  EXPECT_THAT(outlet.take(bob).at(1), HasSubstr(R"("users":[{"userId":"alice","status":"online")"));
  EXPECT_THAT(outlet.take(alice).at(0), HasSubstr(R"({"userId":"bob","status":"online")"));
}

TEST_F(HubTest, WhoseContactsCannotBeReadIsRefused) {
  ports.unavailable = true;
  const auto alice = connect("alice");
  EXPECT_THAT(outlet.take(alice), ElementsAre("refuse store_unavailable"));
}

TEST_F(HubTest, AnswersAreTheAcknowledgementWhenThereIsOneAndTheEventOtherwise) {
  const auto alice = connect("alice");
  outlet.forget();
  hub.handle(UserRequest{{alice, 7}, "bob", "r"});
  hub.handle(UserRequest{{alice, std::nullopt}, "bob", "r"});
  hub.handle(BulkRequest{{alice, 0}, {"bob"}, "r"});
  hub.handle(BulkRequest{{alice, std::nullopt}, {"bob"}, "r"});
  hub.handle(ContactsRequest{{alice, 8}, "r"});
  hub.handle(ContactsRequest{{alice, std::nullopt}, "r"});
  const Lines lines = outlet.take(alice);
  ASSERT_EQ(lines.size(), 6U);
  EXPECT_THAT(lines[0], StartsWith(R"(37[{"userId":"bob",)"));
  EXPECT_THAT(lines[1], StartsWith(R"(2["presence_status_response",{"userId":"bob",)"));
  EXPECT_THAT(lines[2], StartsWith(R"(30[{"users":[{"userId":"bob",)"));
  EXPECT_THAT(lines[3], StartsWith(R"(2["presence_status_response",{"users":[)"));
  EXPECT_THAT(lines[4], StartsWith(R"(38[{"users":[{"userId":"bob",)"));
  EXPECT_THAT(lines[5], StartsWith(R"(2["presence_snapshot",{"users":[)"));
  for (const std::string& line : lines) EXPECT_THAT(line, HasSubstr(R"("requestId":"r"})"));
}

TEST_F(HubTest, AHeartbeatIsAnsweredByAnAcknowledgementOnly) {
  const auto alice = connect("alice");
  outlet.forget();
  hub.handle(HeartbeatRequest{{alice, std::nullopt}, {alice, std::nullopt, std::nullopt}});
  EXPECT_THAT(outlet.take(alice), IsEmpty());
  hub.handle(HeartbeatRequest{{alice, 3}, {alice, 5, std::nullopt}});
  const Lines lines = outlet.take(alice);
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_THAT(lines[0], StartsWith(R"(33[{"serverTime":1700000000000,"cursor":")"));
}

TEST_F(HubTest, WhatIsAskedBySomebodyWhoIsGoneIsIgnored) {
  const auto alice = connect("alice");
  hub.handle(presence::Left{alice});
  outlet.forget();
  hub.handle(HeartbeatRequest{{alice, 3}, {alice, std::nullopt, std::nullopt}});
  hub.handle(choose(alice, Status::busy));
  EXPECT_THAT(outlet.take(alice), IsEmpty());
  EXPECT_THAT(ports.keeping, IsEmpty());
}

TEST_F(HubTest, AQuestionRevivesAStaleDeviceBeforeItIsAnswered) {
  const auto alice = connect("alice");
  const auto bob = connect("bob");
  pass(base::Duration(100'000));
  hub.handle(presence::Heard{bob});
  pass(base::Duration(30'000));
  ASSERT_EQ(status_of("alice"), Status::offline);
  for (const Request& request : {Request(UserRequest{{alice, 1}, "alice", {}}),
                                 Request(BulkRequest{{alice, 1}, {"alice"}, {}})}) {
    outlet.forget();
    hub.handle(request);
    EXPECT_THAT(kinds(bob), ElementsAre(R"(2["user_online",)"));
    EXPECT_THAT(outlet.take(alice).back(), HasSubstr(R"("userId":"alice","status":"online")"));
    pass(base::Duration(100'000));
    hub.handle(presence::Heard{bob});
    pass(base::Duration(30'000));
    ASSERT_EQ(status_of("alice"), Status::offline);
  }
}

// --- Choosing a status

TEST_F(HubTest, AChoiceTakesEffectAtOnceAndIsAcknowledgedWhenItIsKept) {
  const auto alice = connect("alice");
  const auto bob = connect("bob");
  outlet.forget();
  hub.handle(choose(alice, Status::busy, 5));
  EXPECT_THAT(kinds(alice), ElementsAre(R"(2["user_status_changed",)"));
  EXPECT_THAT(kinds(bob), ElementsAre(R"(2["user_status_changed",)"));
  ASSERT_EQ(ports.keeping.size(), 1U);
  EXPECT_EQ(ports.keeping[0].record.choice.status, Status::busy);
  ports.keep();
  const Lines answer = outlet.take(alice);
  ASSERT_EQ(answer.size(), 1U);
  EXPECT_THAT(answer[0], StartsWith(R"(35[{"userId":"alice","status":"busy")"));
  EXPECT_EQ(status_of("alice"), Status::busy);
}

TEST_F(HubTest, AnAcknowledgementTellsOfItsOwnChoiceOnly) {
  const auto alice = connect("alice");
  hub.handle(choose(alice, Status::busy, 1));
  hub.handle(choose(alice, Status::offline, 2));
  outlet.forget();
  ports.keep();
  // The second is not kept yet: a crash now would bring back the first.
  EXPECT_THAT(outlet.take(alice),
              ElementsAre(StartsWith(R"(31[{"userId":"alice","status":"busy")")));
  ports.keep();
  EXPECT_THAT(outlet.take(alice),
              ElementsAre(StartsWith(R"(32[{"userId":"alice","status":"offline")")));
}

TEST_F(HubTest, WithoutAnAcknowledgementAKeptChoiceIsNotAnswered) {
  const auto alice = connect("alice");
  hub.handle(choose(alice, Status::busy, std::nullopt));
  outlet.forget();
  ports.keep();
  EXPECT_THAT(outlet.take(alice), IsEmpty());
}

TEST_F(HubTest, AChoiceThatCannotBeKeptIsRefusedAndTakenBack) {
  const auto alice = connect("alice");
  const auto bob = connect("bob");
  hub.handle(choose(alice, Status::away));
  ports.keep();
  hub.handle(choose(alice, Status::busy, 6));
  outlet.forget();
  ports.saved.clear();
  ports.fail();
  EXPECT_EQ(status_of("alice"), Status::away);
  EXPECT_THAT(outlet.take(bob), ElementsAre(HasSubstr(R"("status":"away")")));
  EXPECT_THAT(outlet.take(alice),
              ElementsAre(HasSubstr(R"("status":"away")"),
                          R"(36[{"error":{"code":"store_unavailable","message":)"
                          R"("the disk is full"}}])"));
  // What waits to be written does not hold the refused choice either.
  ASSERT_THAT(ports.saved, testing::Not(IsEmpty()));
  EXPECT_EQ(ports.saved.back().choice.status, Status::away);
}

TEST_F(HubTest, WithoutAnAcknowledgementTheRefusalIsAPresenceError) {
  const auto alice = connect("alice");
  hub.handle(choose(alice, Status::busy, std::nullopt));
  outlet.forget();
  ports.fail();
  EXPECT_THAT(outlet.take(alice).back(),
              StartsWith(R"(2["presence_error",{"code":"store_unavailable","message":)"
                         R"("the disk is full","event":"set_user_status"})"));
}

TEST_F(HubTest, ARefusedChoiceIsNotTakenBackWhenSomethingNewerWasChosen) {
  const auto alice = connect("alice");
  hub.handle(choose(alice, Status::busy));
  hub.handle(choose(alice, Status::away));
  ports.fail();
  EXPECT_EQ(status_of("alice"), Status::away);
  ports.keep();
  EXPECT_EQ(status_of("alice"), Status::away);
}

TEST_F(HubTest, TheSameChoiceMadeAgainIsNewer) {
  const auto alice = connect("alice");
  hub.handle(choose(alice, Status::busy, 1));
  hub.handle(choose(alice, Status::busy, 2));
  ports.fail();
  outlet.forget();
  ports.keep();
  EXPECT_THAT(outlet.take(alice),
              ElementsAre(StartsWith(R"(32[{"userId":"alice","status":"busy")")));
  EXPECT_EQ(status_of("alice"), Status::busy);
}

TEST_F(HubTest, WhenSeveralChoicesAreRefusedTheLastKeptOneHolds) {
  const auto alice = connect("alice");
  hub.handle(choose(alice, Status::busy));
  hub.handle(choose(alice, Status::away));
  ports.fail();
  ports.fail();
  EXPECT_EQ(status_of("alice"), Status::online);
}

TEST_F(HubTest, AChoiceRefusedBeforeAnOlderOneIsKeptLeavesTheOlder) {
  const auto alice = connect("alice");
  hub.handle(choose(alice, Status::busy));
  hub.handle(choose(alice, Status::away));
  std::swap(ports.keeping[0], ports.keeping[1]);
  ports.fail();
  EXPECT_EQ(status_of("alice"), Status::busy);
  ports.keep();
  EXPECT_EQ(status_of("alice"), Status::busy);
}

TEST_F(HubTest, AChoiceThatEndedBeforeItWasRefusedIsNotTakenBack) {
  const auto alice = connect("alice");
  hub.handle(choose(alice, Status::away));
  ports.keep();
  StatusRequest request = choose(alice, Status::busy);
  request.choice.expires_at = now.wall + base::Duration(1'000);
  hub.handle(request);
  pass(base::Duration(1'500));
  ASSERT_EQ(status_of("alice"), Status::online);
  ports.fail();
  EXPECT_EQ(status_of("alice"), Status::online);
}

TEST_F(HubTest, ARefusedChoiceDoesNotBringBackOneThatHasEnded) {
  const auto alice = connect("alice");
  StatusRequest request = choose(alice, Status::away);
  request.choice.expires_at = now.wall + base::Duration(1'000);
  hub.handle(request);
  ports.keep();
  hub.handle(choose(alice, Status::busy));
  pass(base::Duration(1'500));
  ports.fail();
  EXPECT_EQ(status_of("alice"), Status::online);
}

TEST_F(HubTest, ARefusedChoiceDoesNotBringBackAForgottenUser) {
  const auto alice = connect("alice");
  hub.handle(choose(alice, Status::busy));
  ports.keep();
  hub.handle(choose(alice, Status::online));
  hub.apply(presence::Forget{"alice"});
  ports.saved.clear();
  ports.fail();
  const presence::User* user = directory.find("alice");
  EXPECT_TRUE(user == nullptr || user->chosen == nullptr);
  EXPECT_THAT(ports.saved, IsEmpty());
}

TEST_F(HubTest, TheOperatorChoosesForSomebodyWhoIsNotThere) {
  std::vector<bool> kept;
  const auto note = [&](const base::Result<std::string>& result) {
    kept.push_back(result.has_value());
  };
  hub.choose("carol", {Status::busy, "ill", std::nullopt}, note);
  EXPECT_THAT(kept, IsEmpty());
  EXPECT_EQ(ports.keeping[0].record.user, "carol");
  EXPECT_EQ(ports.keeping[0].record.choice.message, "ill");
  ports.keep();
  hub.choose("carol", {}, note);
  EXPECT_TRUE(ports.keeping[0].record.choice.none());
  ports.fail();
  EXPECT_THAT(kept, ElementsAre(true, false));
  ASSERT_NE(directory.find("carol"), nullptr);
  EXPECT_EQ(directory.find("carol")->message(), "ill");
}

// --- Order

TEST_F(HubTest, WhatArrivesWhileARequestIsAppliedWaitsForItsTurn) {
  const auto alice = connect("alice");
  const auto bob = connect("bob");
  befriend("alice", "carol");
  hub.apply(
      presence::ContactsChanged{{{presence::EdgeChange::Kind::added, "alice", "carol", false},
                                 {presence::EdgeChange::Kind::added, "carol", "alice", false}}});
  const auto carol = connect("carol");
  outlet.forget();
  // Writing to bob finds his connection gone, while carol is still to be told of alice.
  outlet.on_said = [&](presence::DeviceRef device, const std::string&) {
    if (device == bob) hub.handle(presence::Left{bob});
  };
  hub.handle(choose(alice, Status::busy, std::nullopt));
  EXPECT_THAT(kinds(carol), ElementsAre(R"(2["user_status_changed",)"));
  EXPECT_THAT(kinds(alice), ElementsAre(R"(2["user_status_changed",)", R"(2["user_offline",)"));
  EXPECT_EQ(directory.user_of(bob), nullptr);
  EXPECT_EQ(ports.keeping.size(), 1U);
}

TEST_F(HubTest, WhatArrivesWhileAChoiceIsAcknowledgedWaitsToo) {
  const auto alice = connect("alice");
  hub.handle(choose(alice, Status::busy));
  outlet.forget();
  bool once = true;
  outlet.on_said = [&](presence::DeviceRef, const std::string&) {
    if (!std::exchange(once, false)) return;
    hub.handle(choose(alice, Status::away, 2));
    EXPECT_EQ(ports.keeping.size(), 0U);  // nothing is applied inside of what is being said
  };
  ports.keep();
  EXPECT_EQ(ports.keeping.size(), 1U);
  EXPECT_EQ(status_of("alice"), Status::away);
}

// --- Slow readers

TEST_F(HubTest, ADeviceThatFellBehindIsToldTheNewestStateWhenItHasCaughtUp) {
  const auto alice = connect("alice");
  const auto bob = connect("bob");
  outlet.forget();
  hub.handle(presence::FellBehind{alice});
  for (int i = 0; i < 10; ++i) {
    hub.handle(choose(bob, Status::away));
    hub.handle(choose(bob, Status::busy));
  }
  // What it asks for it is answered.
  hub.handle(UserRequest{{alice, 1}, "bob", {}});
  EXPECT_THAT(outlet.take(alice), ElementsAre(StartsWith(R"(31[{"userId":"bob","status":"busy")")));
  hub.handle(presence::CaughtUp{alice});
  EXPECT_THAT(
      outlet.take(alice),
      ElementsAre(StartsWith(R"(2["user_status_changed",{"userId":"bob","status":"busy")")));
}

TEST_F(HubTest, WhatASnapshotTellsADeviceThatIsBehindIsNotToldAgain) {
  const auto alice = connect("alice");
  hub.handle(presence::FellBehind{alice});
  connect("bob");
  hub.handle(ContactsRequest{{alice, 1}, {}});
  hub.handle(presence::CaughtUp{alice});
  EXPECT_THAT(kinds(alice), ElementsAre("accept", "31["));
}

TEST_F(HubTest, AHeartbeatOfADeviceThatIsBehindPromisesNoMoreThanItWasTold) {
  const auto alice = connect("alice");
  outlet.forget();
  const auto cursor = [&] {
    hub.handle(HeartbeatRequest{{alice, 1}, {alice, std::nullopt, std::nullopt}});
    const std::string line = outlet.take(alice).back();
    return line.substr(line.find("cursor"));
  };
  hub.handle(presence::FellBehind{alice});
  const std::string before = cursor();
  connect("bob");
  pass(base::Duration(1'000));
  EXPECT_EQ(cursor(), before);
  hub.handle(presence::CaughtUp{alice});
  EXPECT_NE(cursor(), before);
}

TEST_F(HubTest, WhoHasMissedManyIsAskedToComeAgain) {
  for (int i = 0; i < 300; ++i) befriend("alice", "user" + std::to_string(i));
  const auto alice = connect("alice");
  hub.handle(presence::FellBehind{alice});
  for (int i = 0; i < 300; ++i) connect("user" + std::to_string(i));
  outlet.forget();
  hub.handle(presence::CaughtUp{alice});
  Lines first = outlet.take(alice);
  EXPECT_EQ(first.back(), "await_drained");
  hub.handle(presence::CaughtUp{alice});
  const Lines second = outlet.take(alice);
  EXPECT_EQ(first.size() - 1 + second.size(), 300U);
  for (const std::string& line : second) EXPECT_THAT(line, HasSubstr("user_online"));
}

TEST(HubOutlets, EachThreadGetsItsOwnDevicesOnly) {
  base::Instant now{base::SteadyTime(base::Duration(5'000)), base::wall_from_millis(1'000'000)};
  presence::Directory directory{{}, 1000, now};
  FakePorts ports;
  std::vector<RecordingOutlet> outlets(3);
  Hub hub(directory, ports, {&outlets[0], &outlets[1], &outlets[2]}, [&] { return now; });
  ports.hub = &hub;
  const auto connect = [&](const presence::UserId& user, uint32_t index) {
    presence::Connect input;
    input.device = {index, 1};
    input.user = user;
    input.socket_id = presence::SocketId("____________________");
    hub.handle(input);
    return input.device;
  };
  ports.contacts["alice"] = {{"bob"}};
  const auto first = connect("alice", 0);
  const auto second = connect("alice", 1);
  const auto third = connect("alice", 4);
  for (RecordingOutlet& outlet : outlets) outlet.packets = 0;
  EXPECT_THAT(outlets[0].take(first), ElementsAre("accept", StartsWith("2["), StartsWith("2[")));
  EXPECT_THAT(outlets[1].take(second), ElementsAre("accept", StartsWith("2[")));
  EXPECT_THAT(outlets[1].take(third), ElementsAre("accept"));
  connect("bob", 2);
  for (RecordingOutlet& outlet : outlets) outlet.forget();
  for (RecordingOutlet& outlet : outlets) outlet.packets = 0;
  hub.handle(presence::Left{{2, 1}});
  EXPECT_THAT(outlets[0].take(first), ElementsAre(HasSubstr("user_offline")));
  EXPECT_THAT(outlets[1].take(second), ElementsAre(HasSubstr("user_offline")));
  EXPECT_THAT(outlets[1].take(third), ElementsAre(HasSubstr("user_offline")));
  // One packet a thread, however many devices it has.
  EXPECT_EQ(outlets[0].packets, 1);
  EXPECT_EQ(outlets[1].packets, 1);
  EXPECT_EQ(outlets[2].packets, 0);
}

}  // namespace
}  // namespace gateway

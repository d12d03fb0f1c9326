#include "gateway/frontend.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "gateway/frontend_fixture.h"

namespace gateway {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

constexpr base::Duration kSecond{1'000};

// --- Who joins again on the same connection

TEST_F(FrontendTest, ATokenOfTheHandshakeAlsoCountsForWhoJoinsAgain) {
  const std::string brief = token("alice", 60 * kSecond);
  for (engineio::FakeWebSocket* socket :
       {&open("&token=" + brief), &open("", {{"Authorization", "Bearer " + brief}})}) {
    const auto join_again = [&] {
      socket->text("40");
      const auto again = hub.take<presence::Connect>();
      EXPECT_EQ(again.user, "alice");
      frontend->accept(again.device);
      host.turn();
      EXPECT_THAT(socket->take(), ElementsAre(StartsWith("40{")));
    };
    join_again();
    for (int i = 0; i < 2; ++i) {
      socket->text("41");
      hub.requests.clear();
      join_again();
    }
  }
  engineio::FakeWebSocket& socket = open("&token=" + brief);
  socket.text("40");
  frontend->accept(hub.take<presence::Connect>().device);
  socket.text("41");
  hub.requests.clear();
  socket.text("40");
  frontend->accept(hub.take<presence::Connect>().device);
  host.turn();
  socket.take();
  // It ends as it would have.
  pass(61 * kSecond);
  EXPECT_THAT(socket.take(), ElementsAre(StartsWith(R"(42["token_expired",)")));
  pass(5 * kSecond);
  socket.text("41");
  EXPECT_THAT(connect(socket, ""),
              ElementsAre(connect_error("token_expired", "the token has expired")));
}

TEST_F(FrontendTest, ATokenOfTheConnectPacketCountsForThatPacket) {
  Joined client = join("alice");
  client.socket.text("41");
  EXPECT_EQ(hub.take<presence::Left>().device, client.ref);
  EXPECT_THAT(connect(client.socket, ""),
              ElementsAre(connect_error("unauthorized", "a token is needed")));
}

// --- The end of a token

TEST_F(FrontendTest, WhenTheTokenExpiresTheClientIsToldAndDisconnected30SecondsLater) {
  Joined client = join("alice", 60 * kSecond);
  pass(59'950 * base::Duration(1));
  EXPECT_THAT(client.socket.take(), IsEmpty());
  pass(base::Duration(100));
  EXPECT_THAT(client.socket.take(), ElementsAre(R"(42["token_expired",{"expiredAt":1700000060000,)"
                                                R"("disconnectAt":1700000090000}])"));
  pass(29'850 * base::Duration(1));
  EXPECT_THAT(client.socket.take(), IsEmpty());
  EXPECT_THAT(hub.requests, IsEmpty());
  pass(base::Duration(200));
  EXPECT_THAT(client.socket.take(), ElementsAre("41"));
  EXPECT_EQ(hub.take<presence::Left>().device, client.ref);
}

TEST_F(FrontendTest, TheEndOfATokenFollowsAWallClockThatIsSet) {
  Joined client = join("alice", 60 * kSecond);
  Joined endless = join("bob");
  jumped += 50 * kSecond;
  pass(9'900 * base::Duration(1));
  EXPECT_THAT(client.socket.take(), IsEmpty());
  jumped -= 5 * kSecond;
  pass(4'900 * base::Duration(1));
  EXPECT_THAT(client.socket.take(), IsEmpty());
  pass(300 * base::Duration(1));
  EXPECT_THAT(client.socket.take(), ElementsAre(HasSubstr(R"("expiredAt":1700000060000)")));
  // The time until it is disconnected is one of the steady clock.
  jumped += 3600 * kSecond;
  pass(29 * kSecond);
  EXPECT_THAT(client.socket.take(), IsEmpty());
  pass(kSecond);
  EXPECT_THAT(client.socket.take(), ElementsAre("41"));
  EXPECT_THAT(endless.socket.take(), IsEmpty());
}

TEST_F(FrontendTest, AFreshTokenKeepsTheClientAndAnotherUsersDoesNot) {
  Joined client = join("alice", 60 * kSecond);
  pass(70 * kSecond);
  client.socket.take();
  EXPECT_THAT(say(client, R"(421["refresh_token",)" + with_token(token("bob")) + "]").at(0),
              StartsWith(R"(431[{"error":{"code":"unauthorized",)"));
  EXPECT_THAT(say(client, R"(42["refresh_token",{}])").at(0), HasSubstr("token is missing"));
  // The leeway of 5 s is for connecting.
  EXPECT_THAT(say(client, R"(421["refresh_token",)" + with_token(token("alice", -kSecond)) + "]"),
              ElementsAre(StartsWith(R"(431[{"error":{"code":"token_expired",)")));
  EXPECT_THAT(hub.requests, IsEmpty());
  EXPECT_THAT(
      say(client, R"(422["refresh_token",)" + with_token(token("alice", 60 * kSecond)) + "]"),
      ElementsAre(R"(432[{"expiresAt":1700000130000}])"));
  EXPECT_EQ(hub.take<presence::Heard>().device, client.ref);
  pass(59 * kSecond);
  EXPECT_THAT(client.socket.take(), IsEmpty());
  pass(2 * kSecond);
  EXPECT_THAT(client.socket.take(), ElementsAre(StartsWith(R"(42["token_expired",)")));
  // One that does not expire ends the watch.
  EXPECT_THAT(say(client, R"(423["refresh_token",)" + with_token(token("alice")) + "]"),
              ElementsAre("433[{}]"));
  hub.requests.clear();
  pass(60 * kSecond);
  EXPECT_THAT(client.socket.take(), IsEmpty());
  EXPECT_THAT(hub.requests, IsEmpty());
}

TEST_F(FrontendTest, ATokenOfAnotherUserDoesNotPutOffTheEnd) {
  Joined client = join("alice", kSecond);
  pass(2 * kSecond);
  client.socket.take();
  say(client, R"(42["refresh_token",)" + with_token(token("bob")) + "]");
  pass(30 * kSecond);
  EXPECT_THAT(client.socket.take(), ElementsAre("41"));
}

TEST_F(FrontendTest, ATokenThatExpiresWhileTheContactsAreReadIsReportedAfterJoining) {
  auto& socket = open();
  socket.text("40" + with_token(token("alice", kSecond)));
  const auto ref = hub.take<presence::Connect>().device;
  pass(3 * kSecond);
  EXPECT_THAT(socket.take(), IsEmpty());
  frontend->accept(ref);
  pass(base::Duration(100));
  EXPECT_THAT(socket.take(), ElementsAre(StartsWith("40{"), StartsWith(R"(42["token_expired",)")));
}

TEST_F(FrontendTest, ClientsThatLeaveTakeTheirDeadlinesAlong) {
  Joined client = join("alice", kSecond);
  client.socket.text("41");
  hub.requests.clear();
  pass(60 * kSecond);
  EXPECT_THAT(hub.requests, IsEmpty());
  EXPECT_FALSE(frontend->next_due());
}

TEST_F(FrontendTest, InModeInsecureThereIsNothingToRefresh) {
  start(auth::Authenticator::insecure());
  auto& socket = open();
  socket.text(R"(40{"userId":"alice"})");
  frontend->accept(hub.take<presence::Connect>().device);
  socket.text(R"(421["refresh_token",{"token":"t"}])");
  host.turn();
  EXPECT_THAT(socket.take().back(), StartsWith(R"(431[{"error":{"code":"invalid_argument",)"));
}

}  // namespace
}  // namespace gateway

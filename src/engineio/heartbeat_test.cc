// Engine.IO v4: pings, pongs and their timeouts.
#include "engineio/engine_fixture.h"
#include "engineio/websocket_link.h"

namespace engineio {
namespace {

using HeartbeatTest = EngineTest;

TEST_F(HeartbeatTest, ThePingGoesThroughPollingAndTheNextOneIsCountedFromThePong) {
  const std::string sid = open_polling();
  FakeExchange& get = host.get(polling(sid));
  host.pass(base::Duration(299));
  EXPECT_TRUE(get.waits());
  host.pass(base::Duration(1));
  EXPECT_EQ(get.body(), "2");
  host.pass(base::Duration(150));
  host.post(polling(sid), "3");
  FakeExchange& next = host.get(polling(sid));
  host.pass(base::Duration(299));
  EXPECT_TRUE(next.waits());
  host.pass(base::Duration(1));
  EXPECT_EQ(next.body(), "2");
}

TEST_F(HeartbeatTest, WithoutAnyGetTheSessionDiesAtIntervalPlusTimeout) {
  const std::string sid = open_polling();
  host.pass(base::Duration(499));
  EXPECT_EQ(server->session_count(), 1U);
  host.pass(base::Duration(1));
  EXPECT_EQ(server->session_count(), 0U);
  EXPECT_EQ(handler.take(), (Log{"open", "closed ping timeout"}));
  EXPECT_EQ(host.get(polling(sid)).status(), 400);
}

TEST_F(HeartbeatTest, ARequestInTheVeryTurnOfTheTimeoutFindsNoSession) {
  const std::string sid = open_polling();
  host.pass(base::Duration(300));
  // The clock moves on, and the request is handled before the host has called advance().
  host.skip(base::Duration(200));
  EXPECT_EQ(host.get(polling(sid)).status(), 400);
}

TEST_F(HeartbeatTest, AWebSocketIsClosedWhenThePongDoesNotCome) {
  FakeWebSocket& socket = open_websocket();
  host.pass(base::Duration(300));
  EXPECT_EQ(socket.take(), Log{"2"});
  host.pass(base::Duration(199));
  EXPECT_FALSE(socket.close_code);
  host.pass(base::Duration(1));
  EXPECT_TRUE(socket.close_code);
  EXPECT_EQ(handler.take(), (Log{"open", "closed ping timeout"}));
}

TEST_F(HeartbeatTest, OtherTrafficThanAPongDoesNotFeedTheTimer) {
  FakeWebSocket& socket = open_websocket();
  host.pass(base::Duration(300));
  for (int i = 0; i < 199; ++i) {
    socket.text("4chat");
    host.pass(base::Duration(1));
  }
  host.pass(base::Duration(1));
  EXPECT_EQ(handler.take().back(), "closed ping timeout");
}

TEST_F(HeartbeatTest, APongThatNobodyAskedForChangesNothing) {
  FakeWebSocket& socket = open_websocket();
  host.pass(base::Duration(200));
  socket.text("3");
  host.pass(base::Duration(100));
  EXPECT_EQ(socket.take(), Log{"2"});
  EXPECT_EQ(handler.heard, 1);
}

TEST_F(HeartbeatTest, APingFromTheClientIsAnErrorAndCloses) {
  FakeWebSocket& socket = open_websocket();
  socket.text("2");
  EXPECT_TRUE(socket.close_code);
  EXPECT_EQ(handler.take(), (Log{"open", "closed transport error"}));
}

TEST_F(HeartbeatTest, ALateTurnOfTheLoopLeavesTheClientItsWholeTime) {
  FakeWebSocket& socket = open_websocket();
  host.pass(base::Duration(600), base::Duration(600));
  EXPECT_EQ(socket.take(), Log{"2"});
  host.pass(base::Duration(199));
  EXPECT_FALSE(socket.close_code);
}

TEST_F(HeartbeatTest, RarePingsAreSpreadAndOnlyEarlier) {
  options.ping_interval = base::Duration(25'000);
  start();
  int early = 0;
  for (int i = 0; i < 20; ++i) {
    FakeWebSocket& socket = open_websocket();
    host.pass(base::Duration(12'499), base::Duration(100));
    EXPECT_TRUE(socket.sent.empty());
    host.pass(base::Duration(6'000), base::Duration(10));
    early += socket.sent.empty() ? 0 : 1;
    host.pass(base::Duration(6'501), base::Duration(10));
    EXPECT_EQ(socket.take(), Log{"2"});
    socket.text("1");
  }
  EXPECT_GT(early, 2);
  EXPECT_LT(early, 18);
}

TEST_F(HeartbeatTest, NextDueTellsWhenToWake) {
  EXPECT_FALSE(server->next_due());
  open_polling();
  EXPECT_EQ(server->next_due(), host.now() + base::Duration(300));
}

// A million of them are mostly idle.
TEST(SessionSize, IsSmall) {
  EXPECT_LE(sizeof(Session), 104U);
  EXPECT_LE(sizeof(WebSocketLink), 24U);
}

}  // namespace
}  // namespace engineio

// Engine.IO v4 over WebSocket, and the upgrade from polling to it.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "engineio/engine_fixture.h"

namespace engineio {
namespace {

using WebSocketTest = EngineTest;
using UpgradeTest = EngineTest;

TEST_F(WebSocketTest, TextHasATypeAndBinaryIsBare) {
  FakeWebSocket& socket = open_websocket();
  socket.text("4hello");
  socket.text("4");
  socket.binary("\x01\x02");
  socket.text("bAQI=");
  EXPECT_EQ(socket.take(), (Log{"4hello", "4", "<bin>\x01\x02", "<bin>\x01\x02"}));
}

TEST_F(WebSocketTest, OneFrameIsOnePacketAlsoWithASeparatorInIt) {
  FakeWebSocket& socket = open_websocket();
  socket.text(
      "4a\x1e"
      "4b");
  EXPECT_EQ(handler.take(), (Log{"open",
                                 "text a\x1e"
                                 "4b"}));
}

TEST_F(WebSocketTest, AnEmptyOrUnknownPacketIsAParseError) {
  for (const char* packet : {"", "abc", "7"}) {
    FakeWebSocket& socket = open_websocket();
    handler.take();
    socket.text(packet);
    EXPECT_TRUE(socket.close_code);
    EXPECT_EQ(handler.take(), Log{"closed parse error"});
  }
}

TEST_F(WebSocketTest, AClosePacketClosesAtOnce) {
  FakeWebSocket& socket = open_websocket();
  socket.text("1");
  EXPECT_EQ(socket.close_code, net::websocket_close::kNormal);
  EXPECT_EQ(handler.take(), (Log{"open", "closed transport close"}));
}

TEST_F(WebSocketTest, LosingTheConnectionIsATransportClose) {
  open_websocket().end(net::websocket_close::kAbnormal);
  EXPECT_EQ(handler.take(), (Log{"open", "closed transport close"}));
  EXPECT_EQ(server->session_count(), 0U);
}

TEST_F(WebSocketTest, BreakingTheRulesOfWebSocketIsATransportError) {
  open_websocket().end(net::websocket_close::kTooBig);
  EXPECT_EQ(handler.take(), (Log{"open", "closed transport error"}));
}

TEST_F(WebSocketTest, TheMessageLimitIsThatOfTheHandshake) {
  EXPECT_EQ(open_websocket().options().max_message, 1'000'000U);
}

TEST_F(WebSocketTest, AHandlerMayCloseFromInsideItsOwnMessage) {
  handler.on_message = [](Session& session, std::string_view) { session.close(); };
  FakeWebSocket& socket = open_websocket();
  socket.text("4bye");
  socket.text("4late");
  host.turn();
  EXPECT_EQ(handler.take(), (Log{"open", "text bye", "closed forced close"}));
}

TEST_F(WebSocketTest, APreparedMessageGoesOutAsTheSharedFrameUnlessTheSocketDeflates) {
  FakeWebSocket& socket = open_websocket();
  const PreparedMessage message = PreparedMessage::text("hi");
  handler.last->send(message);
  EXPECT_EQ(socket.frames_shared, 1U);
  EXPECT_EQ(socket.take(), Log{"4hi"});
  options.deflate = true;
  start();
  FakeWebSocket& deflating = open_websocket();
  handler.last->send(message);
  handler.last->send(PreparedMessage::binary("\x01"));
  EXPECT_EQ(deflating.frames_shared, 0U);
  EXPECT_EQ(deflating.take(), (Log{"4hi", "<bin>\x01"}));
}

TEST_F(WebSocketTest, ASlowReaderIsCutOffByItsSocket) {
  options.max_buffered = 1'000;
  start();
  FakeWebSocket& socket = open_websocket();
  EXPECT_EQ(socket.max_backlog(), 1'000U);
  socket.end(net::websocket_close::kPolicyViolation);
  EXPECT_EQ(handler.take(), (Log{"open", "closed transport error"}));
}

TEST_F(WebSocketTest, ASocketThatIsBehindIsNotWritable) {
  FakeWebSocket& socket = open_websocket();
  socket.stalled = true;
  handler.last->send_text(std::string(1'000, 'x'));
  EXPECT_TRUE(handler.last->writable());
  handler.last->send_text(std::string(20'000, 'x'));
  EXPECT_FALSE(handler.last->writable());
  socket.drain();
  EXPECT_TRUE(handler.last->writable());
}

TEST_F(WebSocketTest, DrainedIsPassedOn) {
  open_websocket().drain();
  EXPECT_EQ(handler.take(), (Log{"open", "drained"}));
}

TEST_F(WebSocketTest, ASecondWebSocketForTheSessionIsClosedAndTheFirstGoesOn) {
  FakeWebSocket& socket = open_websocket();
  FakeWebSocket& second = probe(sid_of(last_open_packet));
  EXPECT_TRUE(second.close_code);
  socket.text("4still here");
  EXPECT_EQ(socket.take(), Log{"4still here"});
}

TEST_F(UpgradeTest, NothingIsSentBeforeTheProbeAndThenItIsAnswered) {
  FakeWebSocket& socket = probe(open_polling());
  EXPECT_TRUE(socket.sent.empty());
  socket.text("2probe");
  EXPECT_EQ(socket.take(), Log{"3probe"});
}

TEST_F(UpgradeTest, TheProbeEndsTheWaitingGetAndLaterOnesWithANoop) {
  const std::string sid = open_polling();
  FakeExchange& waiting = host.get(polling(sid));
  FakeWebSocket& socket = probe(sid);
  EXPECT_TRUE(waiting.waits());
  socket.text("2probe");
  host.turn();
  EXPECT_EQ(waiting.body(), "6");
  EXPECT_EQ(host.get(polling(sid)).body(), "6");
}

TEST_F(UpgradeTest, WhatWasSentMeanwhileMovesOverOnceAndInOrder) {
  const std::string sid = open_polling();
  FakeWebSocket& socket = probe(sid);
  handler.last->send_text("1");
  socket.text("2probe");
  handler.last->send_binary("\x02");
  handler.last->send(PreparedMessage::text("3"));
  EXPECT_EQ(socket.take(), Log{"3probe"});
  socket.text("5");
  handler.last->send_text("4");
  host.turn();
  EXPECT_EQ(socket.take(), (Log{"41", "<bin>\x02", "43", "44"}));
}

TEST_F(UpgradeTest, WhoWaitsForTheBacklogToDrainIsToldByTheWebSocket) {
  EXPECT_FALSE(upgraded(open_polling()).drained_wanted);
  FakeWebSocket& socket = probe(open_polling());
  handler.last->send_text("1");
  socket.text("2probe");
  socket.text("5");
  EXPECT_TRUE(socket.drained_wanted);
}

TEST_F(UpgradeTest, ProbeUpgradeAndMessageMayComeTogether) {
  const std::string sid = open_polling();
  FakeExchange& waiting = host.get(polling(sid));
  FakeWebSocket& socket = probe(sid);
  socket.text("2probe");
  socket.text("5");
  socket.text("4hello");
  host.turn();
  EXPECT_EQ(waiting.body(), "6");
  EXPECT_EQ(socket.take(), (Log{"3probe", "4hello"}));
}

TEST_F(UpgradeTest, PostsAreValidUntilTheUpgradePacket) {
  const std::string sid = open_polling();
  FakeWebSocket& socket = probe(sid);
  socket.text("2probe");
  EXPECT_EQ(host.post(polling(sid), "4posted").body(), "ok");
  socket.text("5");
  host.turn();
  EXPECT_EQ(socket.take(), (Log{"3probe", "4posted"}));
  EXPECT_EQ(host.post(polling(sid), "4late").body(), R"({"code":3,"message":"Bad request"})");
}

TEST_F(UpgradeTest, APostUnderWayDuringTheUpgradeIsStillDelivered) {
  const std::string sid = open_polling();
  FakeExchange& post = host.send(host.request("POST", polling(sid)));
  FakeWebSocket& socket = upgraded(sid);
  post.send_body("4slow");
  host.turn();
  EXPECT_EQ(post.body(), "ok");
  EXPECT_EQ(socket.take(), Log{"4slow"});
}

TEST_F(UpgradeTest, APostUnderWayThatIsAbortedAfterTheUpgradeDoesNoHarm) {
  const std::string sid = open_polling();
  FakeExchange& post = host.send(host.request("POST", polling(sid)));
  FakeWebSocket& socket = upgraded(sid);
  post.abort();
  host.turn();
  socket.text("4fine");
  EXPECT_EQ(socket.take(), Log{"4fine"});
}

TEST_F(UpgradeTest, AfterTheUpgradePollingIsRefusedAndFurtherWebSocketsAreClosed) {
  const std::string sid = open_polling();
  FakeWebSocket& socket = upgraded(sid);
  FakeExchange& get = host.get(polling(sid));
  EXPECT_EQ(get.status(), 400);
  EXPECT_EQ(get.body(), R"({"code":3,"message":"Bad request"})");
  EXPECT_TRUE(probe(sid).close_code);
  socket.text("4hello");
  EXPECT_EQ(socket.take(), Log{"4hello"});
}

TEST_F(UpgradeTest, AWebSocketIsClosedWhileAnotherOneIsProbing) {
  const std::string sid = open_polling();
  FakeWebSocket& first = probe(sid);
  EXPECT_TRUE(probe(sid).close_code);
  first.text("2probe");
  EXPECT_EQ(first.take(), Log{"3probe"});
}

TEST_F(UpgradeTest, AWrongPacketClosesOnlyTheProbingSocketAndALaterUpgradeIsAllowed) {
  const std::string sid = open_polling();
  for (const char* packet : {"4hello", "2", "5", "3probe", ""}) {
    FakeWebSocket& socket = probe(sid);
    socket.text(packet);
    EXPECT_TRUE(socket.close_code) << packet;
    host.turn();
  }
  FakeWebSocket& binary = probe(sid);
  binary.text("2probe");
  binary.binary("2probe");
  EXPECT_TRUE(binary.close_code);
  FakeWebSocket& twice = probe(sid);
  twice.text("2probe");
  twice.text("2probe");
  EXPECT_TRUE(twice.close_code);
  host.turn();
  EXPECT_EQ(host.post(polling(sid), "4a").body(), "ok");
  EXPECT_EQ(host.get(polling(sid)).body(), "4a");
  upgraded(sid);
}

TEST_F(UpgradeTest, LosingTheProbingSocketLeavesPollingAsItWas) {
  const std::string sid = open_polling();
  FakeWebSocket& socket = probe(sid);
  socket.text("2probe");
  socket.end(net::websocket_close::kAbnormal);
  FakeExchange& get = host.get(polling(sid));
  EXPECT_TRUE(get.waits());
  handler.last->send_text("x");
  host.turn();
  EXPECT_EQ(get.body(), "4x");
}

TEST_F(UpgradeTest, WithoutTheUpgradePacketTheProbingSocketIsClosedAfterItsTimeout) {
  options.ping_interval = base::Duration(60'000);
  start();
  const std::string sid = open_polling();
  FakeWebSocket& socket = probe(sid);
  socket.text("2probe");
  host.pass(base::Duration(9'999), base::Duration(3));
  EXPECT_FALSE(socket.close_code);
  host.pass(base::Duration(1));
  EXPECT_TRUE(socket.close_code);
  EXPECT_TRUE(host.get(polling(sid)).waits());
}

TEST_F(UpgradeTest, ClosingTheSessionClosesTheProbingSocketToo) {
  const std::string sid = open_polling();
  FakeWebSocket& socket = probe(sid);
  socket.text("2probe");
  host.post(polling(sid), "1");
  EXPECT_TRUE(socket.close_code);
}

TEST_F(UpgradeTest, PingsRunOnTheOldTransportWhileProbing) {
  const std::string sid = open_polling();
  FakeWebSocket& socket = probe(sid);
  socket.text("2probe");
  host.pass(base::Duration(300));
  EXPECT_EQ(socket.take(), Log{"3probe"});
  EXPECT_EQ(host.get(polling(sid)).body(), "2");
  EXPECT_EQ(host.post(polling(sid), "3").body(), "ok");
}

TEST_F(UpgradeTest, TheUpgradeClearsARunningPongTimeout) {
  const std::string sid = open_polling();
  host.get(polling(sid));
  host.pass(base::Duration(300));
  FakeWebSocket& socket = upgraded(sid);
  host.pass(base::Duration(299));
  EXPECT_TRUE(socket.sent.empty());
  host.pass(base::Duration(1));
  EXPECT_EQ(socket.take(), Log{"2"});
}

TEST_F(UpgradeTest, WithoutUpgradesNoneIsAnnouncedAndNoneIsPossible) {
  options.upgrades = false;
  start();
  FakeExchange& exchange = host.get("EIO=4&transport=polling");
  EXPECT_NE(exchange.body().find(R"("upgrades":[])"), std::string::npos);
  EXPECT_TRUE(probe(sid_of(exchange.body())).close_code);
}

// Whatever the moment at which probe, upgrade, polls and messages come, the client gets every
// message once and in order.
RC_GTEST_FIXTURE_PROP(UpgradeTest, NothingIsLostOrDuplicated, (const std::vector<uint8_t>& steps)) {
  handler.echo = false;
  handler.take();
  const std::string sid = open_polling();
  FakeExchange* get = nullptr;
  FakeWebSocket* socket = nullptr;
  std::string got;
  int sent = 0;
  bool probed = false;
  bool done = false;
  const auto collect = [&] {
    host.turn();
    if (get != nullptr && get->response) {
      got += get->body() + '\n';
      get = nullptr;
    }
    if (socket == nullptr) return;
    for (const std::string& message : socket->take()) got += message + '\n';
  };
  for (const uint8_t step : steps) {
    if (step % 4 == 0) handler.last->send_text("m" + std::to_string(sent++));
    if (step % 4 == 1 && !done && get == nullptr) get = &host.get(polling(sid));
    if (step % 4 == 2 && socket == nullptr) socket = &probe(sid);
    if (step % 4 == 3 && socket != nullptr && !done) {
      socket->text(probed ? "5" : "2probe");
      done = std::exchange(probed, true);
    }
    collect();
  }
  while (!done && handler.last->backlog() > 0) {
    if (get == nullptr) get = &host.get(polling(sid));
    collect();
  }
  std::string expected;
  for (int i = 0; i < sent; ++i) expected += "m" + std::to_string(i) + " ";
  std::string messages;
  for (std::size_t at = got.find("4m"); at != std::string::npos; at = got.find("4m", at + 1)) {
    const std::size_t end = got.find_first_of("\n\x1e", at);
    messages += got.substr(at + 1, end - at - 1) + " ";
  }
  RC_ASSERT(messages == expected);
}

}  // namespace
}  // namespace engineio

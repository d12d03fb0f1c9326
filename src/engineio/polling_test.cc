// Engine.IO v4 over HTTP long-polling.
#include <algorithm>

#include "engineio/engine_fixture.h"

namespace engineio {
namespace {

using PollingTest = EngineTest;

TEST_F(PollingTest, PacketsPostedAreDeliveredInOrderAndTheAnswerIsOk) {
  const std::string sid = open_polling();
  FakeExchange& post = host.post(polling(sid),
                                 "4one\x1e"
                                 "4\x1e"
                                 "bAQIDBA==\x1e"
                                 "b");
  EXPECT_EQ(post.status(), 200);
  EXPECT_EQ(post.body(), "ok");
  EXPECT_EQ(post.header("Content-Type"), "text/html");
  EXPECT_EQ(handler.take(),
            (Log{"open", "text one", "text ", "binary \x01\x02\x03\x04", "binary "}));
  EXPECT_EQ(host.get(polling(sid)).body(),
            "4one\x1e"
            "4\x1e"
            "bAQIDBA==\x1e"
            "b");
}

TEST_F(PollingTest, AGetWaitsUntilThereIsSomethingAndTakesAllOfATurn) {
  const std::string sid = open_polling();
  FakeExchange& get = host.get(polling(sid));
  EXPECT_TRUE(get.waits());
  handler.last->send_text("a");
  handler.last->send_text("b");
  host.turn();
  EXPECT_EQ(get.body(),
            "4a\x1e"
            "4b");
}

TEST_F(PollingTest, AnAnswerHoldsAtMost16Packets) {
  const std::string sid = open_polling();
  for (int i = 0; i < 20; ++i) handler.last->send_text(std::to_string(i));
  const std::string first = host.get(polling(sid)).body();
  EXPECT_EQ(std::count(first.begin(), first.end(), kSeparator), 15);
  EXPECT_EQ(host.get(polling(sid)).body(),
            "416\x1e"
            "417\x1e"
            "418\x1e"
            "419");
  EXPECT_TRUE(host.get(polling(sid)).waits());
}

TEST_F(PollingTest, PreparedMessagesAreSentAsTheirText) {
  const std::string sid = open_polling();
  handler.last->send(PreparedMessage::text("2[\"x\"]"));
  handler.last->send(PreparedMessage::binary("\x01\x02\x03\x04"));
  EXPECT_EQ(host.get(polling(sid)).body(),
            "42[\"x\"]\x1e"
            "bAQIDBA==");
}

TEST_F(PollingTest, PacketsBeforeABrokenOneAreDeliveredAndThenTheSessionCloses) {
  const std::string sid = open_polling();
  EXPECT_EQ(host.post(polling(sid),
                      "4good\x1e"
                      "abc\x1e"
                      "4never")
                .status(),
            400);
  EXPECT_EQ(handler.take(), (Log{"open", "text good", "closed parse error"}));
  EXPECT_EQ(host.get(polling(sid)).status(), 400);
}

TEST_F(PollingTest, TextThatIsNotUtf8IsAParseError) {
  const std::string sid = open_polling();
  EXPECT_EQ(host.post(polling(sid), "4\xff").status(), 400);
  EXPECT_EQ(handler.take(), (Log{"open", "closed parse error"}));
}

TEST_F(PollingTest, ASecondGetClosesTheSession) {
  const std::string sid = open_polling();
  FakeExchange& first = host.get(polling(sid));
  FakeExchange& second = host.get(polling(sid));
  EXPECT_EQ(first.body(), "1");
  EXPECT_EQ(second.status(), 400);
  EXPECT_EQ(second.body(), "");
  EXPECT_EQ(handler.take(), (Log{"open", "closed transport error"}));
  EXPECT_EQ(host.get(polling(sid)).status(), 400);
}

TEST_F(PollingTest, ASecondPostClosesTheSession) {
  const std::string sid = open_polling();
  FakeExchange& first = host.send(host.request("POST", polling(sid)));
  FakeExchange& second = host.send(host.request("POST", polling(sid)));
  EXPECT_EQ(second.status(), 400);
  EXPECT_EQ(first.status(), 400);
  EXPECT_EQ(handler.take(), (Log{"open", "closed transport error"}));
}

TEST_F(PollingTest, AnAbortedGetClosesTheSession) {
  const std::string sid = open_polling();
  host.get(polling(sid)).abort();
  EXPECT_EQ(handler.take(), (Log{"open", "closed transport error"}));
  EXPECT_EQ(host.get(polling(sid)).status(), 400);
}

TEST_F(PollingTest, APostAbortedHalfwayClosesTheSession) {
  const std::string sid = open_polling();
  FakeExchange& get = host.get(polling(sid));
  host.send(host.request("POST", polling(sid))).abort();
  EXPECT_EQ(handler.take(), (Log{"open", "closed transport error"}));
  EXPECT_EQ(get.body(), "1");
}

TEST_F(PollingTest, ABodyOverTheLimitIs413AndTheSessionStaysOpen) {
  const std::string sid = open_polling();
  FakeExchange& post = host.post(polling(sid), "4" + std::string(1'000'000, 'x'));
  EXPECT_EQ(post.status(), 413);
  EXPECT_EQ(post.body(), "");
  EXPECT_EQ(post.header("Access-Control-Allow-Origin"), "*");
  EXPECT_EQ(host.post(polling(sid), "4" + std::string(999'999, 'x')).status(), 200);
}

TEST_F(PollingTest, AnOctetStreamIsOfVersion3AndClosesTheSession) {
  const std::string sid = open_polling();
  net::HttpRequest request = host.request("POST", polling(sid));
  request.headers.push_back({"content-type", "application/octet-stream"});
  FakeExchange& post = host.send(request);
  EXPECT_EQ(post.status(), 400);
  EXPECT_EQ(post.body(), "");
  EXPECT_EQ(handler.take(), (Log{"open", "closed transport error"}));
}

TEST_F(PollingTest, AnotherMethodOnALiveSidIsRefusedAndChangesNothing) {
  const std::string sid = open_polling();
  EXPECT_EQ(host.send(host.request("PUT", polling(sid))).status(), 405);
  EXPECT_NE(handler.last, nullptr);
}

TEST_F(PollingTest, AClosePacketEndsTheWaitingGetWithANoop) {
  const std::string sid = open_polling();
  FakeExchange& get = host.get(polling(sid));
  EXPECT_EQ(host.post(polling(sid), "1").body(), "ok");
  EXPECT_EQ(get.body(), "6");
  EXPECT_EQ(handler.take(), (Log{"open", "closed transport close"}));
  EXPECT_EQ(host.get(polling(sid)).status(), 400);
}

TEST_F(PollingTest, WhatFollowsAClosePacketIsDropped) {
  const std::string sid = open_polling();
  EXPECT_EQ(host.post(polling(sid),
                      "1\x1e"
                      "4late\x1e"
                      "abc")
                .body(),
            "ok");
  EXPECT_EQ(handler.take(), (Log{"open", "closed transport close"}));
}

TEST_F(PollingTest, ClosingFromThisSideEndsTheWaitingGetWithTheClosePacket) {
  const std::string sid = open_polling();
  FakeExchange& get = host.get(polling(sid));
  handler.last->close();
  EXPECT_EQ(handler.take(), (Log{"open", "closed forced close"}));
  host.turn();
  EXPECT_EQ(get.body(), "1");
  EXPECT_EQ(server->session_count(), 0U);
}

TEST_F(PollingTest, WhatWasSentBeforeClosingComesInAnAnswerBeforeTheClosePacket) {
  const std::string sid = open_polling();
  FakeExchange& get = host.get(polling(sid));
  handler.last->send_text("bye");
  handler.last->close();
  host.turn();
  EXPECT_EQ(get.body(), "4bye");
  EXPECT_EQ(host.get(polling(sid)).body(), "1");
  EXPECT_EQ(host.get(polling(sid)).status(), 400);
}

TEST_F(PollingTest, APostStillComingWhenTheClosePacketIsTakenIsAnsweredToo) {
  const std::string sid = open_polling();
  FakeExchange& post = host.send(host.request("POST", polling(sid)));
  handler.last->close();
  EXPECT_EQ(host.get(polling(sid)).body(), "1");
  EXPECT_EQ(post.status(), 400);
  post.abort();  // reaches nobody
}

TEST_F(PollingTest, AClientThatClosesAtTheSameTimeEndsTheSession) {
  const std::string sid = open_polling();
  handler.last->send_text("bye");
  handler.last->close();
  EXPECT_EQ(host.post(polling(sid),
                      "4late\x1e"
                      "1")
                .body(),
            "ok");
  EXPECT_EQ(server->session_count(), 0U);
  EXPECT_EQ(handler.take(), (Log{"open", "closed forced close"}));
}

TEST_F(PollingTest, ClosingWithoutAGetIsToldByTheGetsThatFollow) {
  const std::string sid = open_polling();
  for (int i = 0; i < 16; ++i) handler.last->send_text("x");
  handler.last->close();
  EXPECT_EQ(host.post(polling(sid), "4ignored").body(), "ok");
  EXPECT_EQ(handler.take(), (Log{"open", "closed forced close"}));
  EXPECT_EQ(host.get(polling(sid)).body().size(), 16U * 2 + 15);
  EXPECT_EQ(host.get(polling(sid)).body(), "1");
  EXPECT_EQ(host.get(polling(sid)).status(), 400);
}

TEST_F(PollingTest, AClosedSessionThatNobodyAsksForIsGivenUpAfter30Seconds) {
  open_polling();
  handler.last->close();
  host.pass(base::Duration(29'999), base::Duration(100));
  EXPECT_EQ(server->session_count(), 1U);
  host.pass(base::Duration(1));
  EXPECT_EQ(server->session_count(), 0U);
}

TEST_F(PollingTest, AnswersFrom1024BytesOnAreCompressedIfAccepted) {
  const std::string sid = open_polling();
  net::HttpRequest request = host.request("GET", polling(sid));
  request.headers.push_back({"Accept-Encoding", "gzip, deflate"});
  handler.last->send_text(std::string(1'022, 'x'));
  FakeExchange& small = host.send(request);
  host.turn();
  EXPECT_FALSE(small.header("Content-Encoding"));
  handler.last->send_text(std::string(1'023, 'x'));
  FakeExchange& large = host.send(request);
  host.turn();
  EXPECT_EQ(large.header("Content-Encoding"), "gzip");
  handler.last->send_text(std::string(2'000, 'x'), Compression::kOff);
  FakeExchange& off = host.send(request);
  host.turn();
  EXPECT_FALSE(off.header("Content-Encoding"));
  handler.last->send_text(std::string(2'000, 'x'));
  EXPECT_FALSE(host.get(polling(sid)).header("Content-Encoding"));
}

TEST_F(PollingTest, ASlowReaderIsClosedWithTransportError) {
  options.max_buffered = 1'000;
  start();
  handler.echo = false;
  open_polling();
  handler.last->send_text("w");
  handler.last->send_text(std::string(5'000, 'x'));  // one message always has room
  EXPECT_GE(handler.last->backlog(), 5'002U);
  handler.last->send_text(std::string(900, 'y'));  // and does not count
  host.turn();
  EXPECT_EQ(handler.take(), (Log{"open"}));
  handler.last->send_text(std::string(200, 'z'));
  host.turn();
  EXPECT_EQ(handler.take(), (Log{"closed transport error"}));
}

TEST_F(PollingTest, ASessionIsWritableWhileAGetWaits) {
  const std::string sid = open_polling();
  EXPECT_FALSE(handler.last->writable());
  host.get(polling(sid));
  EXPECT_TRUE(handler.last->writable());
}

TEST_F(PollingTest, DrainedIsToldWhenWhatHadToWaitIsTaken) {
  const std::string sid = open_polling();
  handler.last->send_text("a");
  host.get(polling(sid));
  host.get(polling(sid));
  handler.last->send_text("b");  // goes out at once
  host.turn();
  EXPECT_EQ(handler.take(), (Log{"open", "drained"}));
  handler.last->send_text("c");
  handler.last->want_drained();
  host.get(polling(sid));
  EXPECT_EQ(handler.take(), Log{"drained"});
  host.get(polling(sid));
  handler.last->send_text("d");
  handler.last->want_drained();
  host.turn();
  EXPECT_EQ(handler.take(), Log{"drained"});
}

}  // namespace
}  // namespace engineio

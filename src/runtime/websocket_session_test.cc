#include "runtime/websocket_session.h"

#include <gtest/gtest.h>

#include "runtime/test_client.h"
#include "runtime/test_server.h"

namespace runtime {
namespace {

using Frame = TestClient::Frame;
const std::string kNormalClose("\x03\xe8", 2);

TEST(WebSocketSession, Echoes) {
  TestServer server;
  TestClient client(server.port());
  EXPECT_NE(client.upgrade("/ws").head.find("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
            std::string::npos);
  client.send(TestClient::text("hello"));
  EXPECT_EQ(client.take_frame(), (Frame{0x81, "hello"}));
  client.send(TestClient::frame(0x82, "bin"));
  EXPECT_EQ(client.take_frame(), (Frame{0x82, "bin"}));
  const std::string large(900'000, 'l');
  client.send(TestClient::text(large));
  EXPECT_EQ(client.take_frame(), (Frame{0x81, large}));
}

TEST(WebSocketSession, TakesMessagesRightBehindTheHandshake) {
  TestServer server;
  for (const char* path : {"/ws", "/ws-late"}) {
    TestClient client(server.port());
    client.send(TestClient::upgrade_request(path) + TestClient::text("1") + TestClient::text("2"));
    client.send(TestClient::text("3"));
    EXPECT_EQ(client.response().status, 101);
    for (const char* expected : {"1", "2", "3"})
      EXPECT_EQ(client.take_frame(), (Frame{0x81, expected})) << path;
  }
}

TEST(WebSocketSession, AnswersABadHandshake) {
  TestServer server;
  TestClient client(server.port());
  EXPECT_EQ(client.get("/ws").status, 400);
  EXPECT_TRUE(client.closed_by_server());
}

// All that is sent in a turn leaves in one write, which one read of the peer sees as a whole.
TEST(WebSocketSession, SendsWhatCollectsInATurnWithOneWrite) {
  TestServer server;
  TestClient client(server.port());
  client.upgrade("/ws");
  std::string messages;
  for (int i = 0; i < 40; ++i) messages += TestClient::text("message");
  client.send(messages);
  ASSERT_TRUE(client.read_more());
  EXPECT_EQ(client.buffered(), 40 * std::string_view("..message").size());
}

TEST(WebSocketSession, AnswersPings) {
  TestServer server;
  TestClient client(server.port());
  client.upgrade("/ws");
  client.send(TestClient::frame(0x89, "are you there") + TestClient::frame(0x8a, "unasked"));
  EXPECT_EQ(client.take_frame(), (Frame{0x8a, "are you there"}));
}

TEST(WebSocketSession, AnswersTheClientsClose) {
  TestServer server;
  TestClient client(server.port());
  client.upgrade("/ws");
  client.send(TestClient::frame(0x88, kNormalClose + "bye") + TestClient::text("too late"));
  EXPECT_EQ(client.take_frame(), (Frame{0x88, kNormalClose}));
  EXPECT_TRUE(client.closed_by_server());
  EXPECT_TRUE(server.events().wait_for("closed 1000"));
  client.close();
  EXPECT_TRUE(server.has_connections(0));
}

TEST(WebSocketSession, ReportsACloseWithoutACode) {
  TestServer server;
  TestClient client(server.port());
  client.upgrade("/ws");
  client.send(TestClient::frame(0x88, ""));
  EXPECT_EQ(client.take_frame(), (Frame{0x88, ""}));
  EXPECT_TRUE(server.events().wait_for("closed 1005"));
}

TEST(WebSocketSession, ClosesFromInsideACallback) {
  TestServer server;
  TestClient client(server.port());
  client.upgrade("/ws");
  client.send(TestClient::text("before") + TestClient::text("close") + TestClient::text("after"));
  EXPECT_EQ(client.take_frame(), (Frame{0x81, "before"}));
  EXPECT_EQ(client.take_frame(), (Frame{0x88, kNormalClose + "asked to"}));
  EXPECT_EQ(server.events().count("closed 1000"), 0);
  client.send(TestClient::frame(0x88, kNormalClose));
  EXPECT_TRUE(client.closed_by_server());
  EXPECT_TRUE(server.events().wait_for("closed 1000"));
}

TEST(WebSocketSession, WaitsForTheAnswerToACloseOnlySoLong) {
  CoreOptions options;
  options.threads = 1;
  options.timeouts.websocket_close = base::Duration(100);
  TestServer server(options);
  TestClient client(server.port());
  client.upgrade("/ws");
  client.send(TestClient::text("close"));
  EXPECT_EQ(client.take_frame(), (Frame{0x88, kNormalClose + "asked to"}));
  EXPECT_TRUE(client.closed_by_server());
  EXPECT_TRUE(server.events().wait_for("closed 1000"));
}

TEST(WebSocketSession, TerminatesFromInsideACallback) {
  TestServer server;
  TestClient client(server.port());
  client.upgrade("/ws");
  client.send(TestClient::text("terminate") + TestClient::text("after"));
  EXPECT_TRUE(client.closed_by_server());
  EXPECT_TRUE(server.events().wait_for("closed 1006"));
}

TEST(WebSocketSession, TerminatesAfterWhatCanBeWritten) {
  TestServer server;
  TestClient client(server.port());
  client.upgrade("/ws");
  client.send(TestClient::text("echo and terminate"));
  EXPECT_EQ(client.take_frame(), (Frame{0x81, "echo and terminate"}));
  EXPECT_TRUE(client.closed_by_server());
}

TEST(WebSocketSession, ClosesOnProtocolErrors) {
  TestServer server;
  const auto close_code = [&](const std::string& bytes) {
    TestClient client(server.port());
    client.upgrade("/ws");
    client.send(bytes);
    const Frame frame = client.take_frame();
    EXPECT_EQ(frame.first, 0x88);
    EXPECT_TRUE(client.closed_by_server());
    return frame.payload.size() < 2 ? 0
                                    : static_cast<uint8_t>(frame.payload[0]) * 256 +
                                          static_cast<uint8_t>(frame.payload[1]);
  };
  EXPECT_EQ(close_code(std::string("\x81\x01x", 3)), 1002);
  EXPECT_EQ(close_code(TestClient::text("\xff")), 1007);
  EXPECT_EQ(close_code(TestClient::text(std::string(1'000'001, 'x')).substr(0, 100)), 1009);
  EXPECT_TRUE(server.events().wait_for("closed 1002"));
  EXPECT_TRUE(server.events().wait_for("closed 1007"));
  EXPECT_TRUE(server.events().wait_for("closed 1009"));
}

TEST(WebSocketSession, ReportsALostTransport) {
  TestServer server;
  for (void (TestClient::*end)() : {&TestClient::close, &TestClient::reset}) {
    TestClient client(server.port());
    client.upgrade("/ws");
    (client.*end)();
    EXPECT_TRUE(server.has_connections(0));
  }
  EXPECT_EQ(server.events().count("closed 1006"), 2);
}

TEST(WebSocketSession, ReadsTheMessagesBeforeTheEnd) {
  TestServer server;
  TestClient client(server.port());
  client.upgrade("/ws");
  client.send(TestClient::text("last words"));
  client.shut_writing();
  EXPECT_TRUE(server.events().wait_for("closed 1006"));
  EXPECT_EQ(client.take_frame(), (Frame{0x81, "last words"}));
}

// -- Slow peers

TEST(WebSocketSession, TellsWhenABacklogHasDrained) {
  TestServer server({.threads = 1}, std::nullopt, {.max_backlog = 64U << 20});
  TestClient client(server.port(), 4096);
  client.upgrade("/ws");
  client.send(TestClient::text("flood 200") + TestClient::text("backlog"));
  // A peer that reads while the server writes may keep up with it. Whoever comes later is answered
  // after the first attempt to write.
  EXPECT_EQ(TestClient(server.port()).get("/hello").status, 200);
  for (int i = 0; i < 200; ++i) ASSERT_EQ(client.take_frame().payload.size(), 65536U);
  EXPECT_GT(std::stoul(client.take_frame().payload), 1U << 20);
  EXPECT_TRUE(server.events().wait_for("drained"));
}

TEST(WebSocketSession, TellsThatWhatWaitsIsGoneAlsoWhenItGoesAtOnceIfThatIsWanted) {
  TestServer server({.threads = 1});
  TestClient client(server.port());
  client.upgrade("/ws");
  client.send(TestClient::text("first"));
  EXPECT_EQ(client.take_frame().payload, "first");
  EXPECT_EQ(server.events().count("drained"), 0);
  client.send(TestClient::text("want drained"));
  EXPECT_EQ(client.take_frame().payload, "want drained");
  EXPECT_TRUE(server.events().wait_for("drained"));
}

TEST(WebSocketSession, CutsOffAPeerWhoseBacklogGrowsTooLong) {
  TestServer server({.threads = 1}, std::nullopt, {.max_backlog = 1U << 20});
  TestClient client(server.port(), 4096);
  client.upgrade("/ws");
  client.send(TestClient::text("flood 500"));
  EXPECT_TRUE(server.events().wait_for("closed 1008"));
  EXPECT_TRUE(server.has_connections(0));
}

TEST(WebSocketSession, OneMessageMayBeLargerThanTheBacklogThatIsAllowed) {
  TestServer server({.threads = 1}, std::nullopt, {.max_backlog = 1U << 20});
  TestClient client(server.port(), 4096);
  client.upgrade("/ws");
  client.send(TestClient::text("large 8000000") + TestClient::text("flood 10"));
  EXPECT_EQ(client.take_frame().payload.size(), 8'000'000U);
  for (int i = 0; i < 10; ++i) ASSERT_EQ(client.take_frame().payload.size(), 65536U);
}

TEST(WebSocketSession, GivesUpOnAPeerThatTakesNothing) {
  CoreOptions options;
  options.threads = 1;
  options.timeouts.write_progress = base::Duration(100);
  TestServer server(options, std::nullopt, {.max_backlog = 64U << 20});
  TestClient client(server.port(), 4096);
  client.upgrade("/ws");
  client.send(TestClient::text("flood 200"));
  EXPECT_TRUE(server.events().wait_for("closed 1006"));
}

// -- Compression

TEST(WebSocketSession, CompressesWhenItWasAgreed) {
  TestServer server;
  TestClient client(server.port());
  const auto response = client.upgrade(
      "/ws-deflate",
      "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover\r\n");
  EXPECT_NE(response.head.find(
                "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover\r\n"),
            std::string::npos);
  client.send(TestClient::text("short"));
  EXPECT_EQ(client.take_frame(), (Frame{0x81, "short"}));
  const std::string text(1000, 'r');
  client.send(TestClient::text(text));
  const Frame frame = client.take_frame();
  EXPECT_EQ(frame.first, 0xc1);
  net::PermessageDeflate codec({});
  std::string inflated;
  EXPECT_EQ(codec.inflate(frame.payload, 1000, inflated), net::PermessageDeflate::Outcome::kOk);
  EXPECT_EQ(inflated, text);
  client.send(TestClient::frame(0xc1, frame.payload));
  EXPECT_EQ(client.take_frame().first, 0xc1);
}

// -- Memory

TEST(WebSocketSession, IsSmallWhenIdle) {
  EXPECT_LE(sizeof(Connection) + sizeof(WebSocketSession), 200U);
}

}  // namespace
}  // namespace runtime

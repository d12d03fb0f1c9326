// Engine.IO v4: the handshake, and how requests that are none are refused.
#include "engineio/engine_fixture.h"

namespace engineio {
namespace {

using HandshakeTest = EngineTest;

std::string error(int code, const std::string& message) {
  return R"({"code":)" + std::to_string(code) + R"(,"message":")" + message + R"("})";
}

TEST_F(HandshakeTest, PollingAnswersTheFirstGetAtOnceWithTheOpenPacket) {
  handler.greeting = "early";
  FakeExchange& exchange = host.get("EIO=4&transport=polling&t=abc");
  EXPECT_EQ(exchange.status(), 200);
  EXPECT_EQ(exchange.header("Content-Type"), "text/plain; charset=UTF-8");
  EXPECT_EQ(exchange.header("Cache-Control"), "no-store");
  EXPECT_EQ(exchange.header("Access-Control-Allow-Origin"), "*");
  const std::string sid = sid_of(exchange.body());
  EXPECT_EQ(exchange.body(), R"(0{"sid":")" + sid +
                                 R"(","upgrades":["websocket"],"pingInterval":300,)"
                                 R"("pingTimeout":200,"maxPayload":1000000})");
  EXPECT_EQ(host.get(polling(sid)).body(), "4early");
}

TEST_F(HandshakeTest, AWebSocketSessionAnnouncesNoUpgradesAndNeverTakesPolling) {
  FakeWebSocket& socket = open_websocket();
  EXPECT_NE(last_open_packet.find(R"("upgrades":[],)"), std::string::npos);
  const std::string sid = sid_of(last_open_packet);
  FakeExchange& exchange = host.get(polling(sid));
  EXPECT_EQ(exchange.status(), 400);
  EXPECT_EQ(exchange.body(), error(3, "Bad request"));
  EXPECT_FALSE(socket.close_code);
}

TEST_F(HandshakeTest, ParametersComeInAnyOrderAndEncoded) {
  EXPECT_EQ(host.get("foo=%20bar&transport=pol%6cing&EIO=4").status(), 200);
  ASSERT_NE(handler.last, nullptr);
  EXPECT_EQ(handler.last->handshake()->query()[0].second, " bar");
  EXPECT_EQ(handler.last->handshake()->peer_address, "192.0.2.7");
  handler.last->release_handshake();
  EXPECT_EQ(handler.last->handshake(), nullptr);
}

TEST_F(HandshakeTest, AnUnknownOrAbsentTransportIsCode0) {
  for (const char* query : {"", "EIO=4", "EIO=3", "EIO=4&transport=abc", "transport=__proto__"}) {
    FakeExchange& exchange = host.get(query);
    EXPECT_EQ(exchange.status(), 400) << query;
    EXPECT_EQ(exchange.body(), error(0, "Transport unknown")) << query;
    EXPECT_EQ(exchange.header("Content-Type"), "application/json");
    EXPECT_EQ(exchange.header("Access-Control-Allow-Origin"), "*");
  }
}

TEST_F(HandshakeTest, ATransportThatIsSwitchedOffIsUnknown) {
  options.polling = false;
  start();
  EXPECT_EQ(host.get("EIO=4&transport=polling").body(), error(0, "Transport unknown"));
}

TEST_F(HandshakeTest, BadOriginCharactersAreCode3BeforeTheSidIsLookedAt) {
  net::HttpRequest request = host.request("GET", "EIO=4&transport=polling&sid=unknown");
  request.headers.push_back({"Origin", "https://a\x01.example"});
  EXPECT_EQ(host.send(request).body(), error(3, "Bad request"));
}

TEST_F(HandshakeTest, AnUnknownSidIsCode1WithAnyMethod) {
  for (const char* sid : {"unknown", "__proto__", "AAAAAAAAAAAAAAAAAAAAAAAA"}) {
    EXPECT_EQ(host.get(polling(sid)).body(), error(1, "Session ID unknown"));
    EXPECT_EQ(host.post(polling(sid), "4a").body(), error(1, "Session ID unknown"));
  }
}

TEST_F(HandshakeTest, OpeningWithAnotherMethodThanGetIsCode2) {
  for (const char* method : {"POST", "PUT", "DELETE", "HEAD"}) {
    FakeExchange& exchange = host.send(host.request(method, "EIO=4&transport=polling"));
    EXPECT_EQ(exchange.status(), 400);
    EXPECT_EQ(exchange.body(), error(2, "Bad handshake method"));
  }
}

TEST_F(HandshakeTest, WebSocketWithoutUpgradeIsCode3) {
  EXPECT_EQ(host.get("EIO=4&transport=websocket").body(), error(3, "Bad request"));
}

TEST_F(HandshakeTest, AnUpgradeToSomethingElseIsAnOrdinaryRequest) {
  net::HttpRequest request = host.request("GET", "EIO=4&transport=polling");
  request.wants_upgrade = true;
  request.headers.push_back({"Upgrade", "h2c"});
  EXPECT_EQ(host.send(request).status(), 200);
}

TEST_F(HandshakeTest, AnotherProtocolVersionThan4IsCode5AndCheckedLast) {
  for (const char* query :
       {"transport=polling", "EIO=3&transport=polling", "EIO=abc&transport=polling"}) {
    FakeExchange& exchange = host.get(query);
    EXPECT_EQ(exchange.status(), 400);
    EXPECT_EQ(exchange.body(), error(5, "Unsupported protocol version"));
  }
  handler.refusal = Refusal{};
  EXPECT_EQ(host.get("EIO=3&transport=polling").body(), error(4, "Forbidden"));
}

TEST_F(HandshakeTest, ARefusalOfTheApplicationIs403Code4WithItsMessage) {
  handler.refusal = Refusal{403, 4, "not \"today\""};
  FakeExchange& exchange = host.get("EIO=4&transport=polling");
  EXPECT_EQ(exchange.status(), 403);
  EXPECT_EQ(exchange.body(), error(4, "not \\\"today\\\""));
  EXPECT_EQ(server->session_count(), 0U);
}

TEST_F(HandshakeTest, ARefusedUpgradeIsAPlainHttpAnswerAndNever101) {
  for (const char* query : {"EIO=3&transport=websocket", "transport=websocket", "EIO=4",
                            "EIO=4&transport=polling", "EIO=4&transport=websocket&sid=unknown"}) {
    FakeExchange& exchange = host.upgrade(query);
    EXPECT_FALSE(exchange.websocket) << query;
    EXPECT_EQ(exchange.status(), 400) << query;
    EXPECT_EQ(exchange.header("Content-Type"), "text/html");
    EXPECT_EQ(exchange.header("Sec-WebSocket-Version"), "13");
    EXPECT_TRUE(exchange.response->close);
  }
  EXPECT_EQ(host.upgrade("EIO=3&transport=websocket").body(), "Unsupported protocol version");
}

TEST_F(HandshakeTest, AnUpgradeWithoutKeyIsRefused) {
  net::HttpRequest request = host.request("GET", "EIO=4&transport=websocket");
  request.wants_upgrade = true;
  request.headers.push_back({"Upgrade", "websocket"});
  FakeExchange& exchange = host.send(request);
  EXPECT_EQ(exchange.status(), 400);
  EXPECT_FALSE(exchange.websocket);
}

TEST_F(HandshakeTest, AWebSocketOfAnotherOriginIsRefused) {
  options.cors.origins = {"https://a.example"};
  start();
  net::HttpRequest request = host.request("GET", "EIO=4&transport=websocket");
  FakeHost<Server>::make_upgrade(request);
  request.headers.push_back({"Origin", "https://evil.example"});
  EXPECT_EQ(host.send(request).body(), "Forbidden");
  request.headers.back().value = "https://a.example";
  EXPECT_TRUE(host.send(request).websocket);
}

TEST_F(HandshakeTest, PreflightIsAnsweredWithAnySidOrNone) {
  for (const char* query : {"EIO=4&transport=polling", "transport=polling&sid=unknown"}) {
    net::HttpRequest request = host.request("OPTIONS", query);
    request.headers.push_back({"Access-Control-Request-Headers", "x-token,content-type"});
    FakeExchange& exchange = host.send(request);
    EXPECT_EQ(exchange.status(), 204);
    EXPECT_EQ(exchange.header("Access-Control-Allow-Origin"), "*");
    EXPECT_EQ(exchange.header("Access-Control-Allow-Methods"), "GET,HEAD,PUT,PATCH,POST,DELETE");
    EXPECT_EQ(exchange.header("Access-Control-Allow-Headers"), "x-token,content-type");
    EXPECT_TRUE(exchange.header("Vary"));
  }
}

TEST_F(HandshakeTest, WithoutCorsThereAreNoHeadersAndNoPreflight) {
  options.cors.origins = {};
  start();
  EXPECT_FALSE(host.get("EIO=4&transport=polling").header("Access-Control-Allow-Origin"));
  EXPECT_EQ(host.send(host.request("OPTIONS", "EIO=4&transport=polling")).body(),
            error(2, "Bad handshake method"));
}

TEST_F(HandshakeTest, APathIsMatchedByPrefixWithItsSlash) {
  EXPECT_TRUE(server->matches("/engine.io/"));
  EXPECT_TRUE(server->matches("/engine.io/foo"));
  EXPECT_FALSE(server->matches("/engine.io"));
  EXPECT_FALSE(server->matches("/other/"));
}

TEST_F(HandshakeTest, ASidOfAnotherThreadMovesTheConnectionThere) {
  options.threads = 4;
  start();
  const std::string theirs = Sid::create(random, 0, 3).text();
  FakeExchange& exchange = host.get(polling(theirs));
  EXPECT_EQ(exchange.transferred, 3U);
  EXPECT_FALSE(exchange.response);
  const std::string nobodys = Sid::create(random, 0, 9).text();
  EXPECT_EQ(host.get(polling(nobodys)).body(), error(1, "Session ID unknown"));
}

TEST_F(HandshakeTest, ASidOfAnotherNodeIsOfferedToTheHandler) {
  const std::string theirs = Sid::create(random, 9, 0).text();
  EXPECT_EQ(host.get(polling(theirs)).body(), error(1, "Session ID unknown"));
  EXPECT_EQ(handler.foreign_node, 9);
  handler.takes_foreign = true;
  EXPECT_TRUE(host.get(polling(theirs)).waits());
}

// A node may get another number while it runs. The sessions of the earlier one stay where they are.
TEST_F(HandshakeTest, SessionsOfAnEarlierNodeNumberStayKnown) {
  const std::string before = open_polling();
  server->set_node(9);
  const std::string after = open_polling();
  EXPECT_EQ(Sid::parse(after)->node(), 9);
  EXPECT_EQ(host.post(polling(before), "4hello").status(), 200);
  EXPECT_EQ(host.post(polling(after), "4hello").status(), 200);
  server->set_node(0);
  EXPECT_EQ(host.post(polling(after), "4hello").status(), 200);
  EXPECT_EQ(handler.foreign_node, std::nullopt);
}

TEST_F(HandshakeTest, TooManySessionsThatNeverSaidAnythingAreRefused) {
  options.max_silent_sessions = 2;
  start();
  const std::string first = open_polling();
  open_polling();
  EXPECT_EQ(host.get("EIO=4&transport=polling").status(), 503);
  host.post(polling(first), "4hello");
  EXPECT_EQ(host.get("EIO=4&transport=polling").status(), 200);
  host.pass(options.ping_interval + options.ping_timeout);
  EXPECT_EQ(server->session_count(), 0U);
  EXPECT_EQ(host.get("EIO=4&transport=polling").status(), 200);
}

}  // namespace
}  // namespace engineio

#include "runtime/http_session.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "net/client_address.h"
#include "runtime/test_client.h"
#include "runtime/test_server.h"

namespace runtime {
namespace {

TEST(HttpSession, AnswersSeveralRequestsOnOneConnection) {
  TestServer server;
  TestClient client(server.port());
  EXPECT_EQ(client.get("/hello").body, "hello");
  EXPECT_EQ(client.post("/echo", "some text").body, "some text");
  EXPECT_EQ(client.get("/nothing").status, 404);
  EXPECT_EQ(client.get("/late").body, "late");
  EXPECT_EQ(client.post("/late-echo", "later text").body, "later text");
  EXPECT_EQ(client.post("/echo", "").body, "");
  EXPECT_EQ(client.get("/peer").body, "127.0.0.1");
}

TEST(HttpSession, AnswersCarryADate) {
  TestServer server;
  TestClient client(server.port());
  EXPECT_NE(client.get("/hello").head.find("\r\nDate: "), std::string::npos);
}

TEST(HttpSession, AnswersPipelinedRequestsInOrder) {
  TestServer server;
  TestClient client(server.port());
  std::string requests;
  for (const char* path : {"/late", "/hello", "/late", "/nothing", "/thread"})
    requests += std::string("GET ") + path + " HTTP/1.1\r\nHost: h\r\n\r\n";
  client.send(requests);
  EXPECT_EQ(client.response().body, "late");
  EXPECT_EQ(client.response().body, "hello");
  EXPECT_EQ(client.response().body, "late");
  EXPECT_EQ(client.response().status, 404);
  EXPECT_EQ(client.response().body, "0");
}

TEST(HttpSession, ReadsBodiesThatComeInPieces) {
  TestServer server;
  TestClient client(server.port());
  const std::string body(90'000, 'b');
  client.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 90000\r\n\r\n" +
              body.substr(0, 10));
  client.send(body.substr(10));
  EXPECT_EQ(client.response().body, body);
  client.send("POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
  client.send("2\r\nde\r\n0\r\n\r\nGET /hello HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(client.response().body, "abcde");
  EXPECT_EQ(client.response().body, "hello");
}

TEST(HttpSession, RefusesABodyThatIsAnnouncedTooLarge) {
  TestServer server;
  TestClient client(server.port());
  client.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 100001\r\n\r\n");
  const auto response = client.response();
  EXPECT_EQ(response.status, 413);
  EXPECT_NE(response.head.find("Connection: close"), std::string::npos);
  EXPECT_TRUE(client.closed_by_server());
}

TEST(HttpSession, RefusesABodyThatTurnsOutTooLarge) {
  TestServer server;
  TestClient client(server.port());
  client.send("POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
  const std::string chunk = "ffff\r\n" + std::string(0xffff, 'x') + "\r\n";
  // The answer must reach a client that goes on sending for a while.
  for (int i = 0; i < 10 && client.try_send(chunk); ++i) {
  }
  EXPECT_EQ(client.response().status, 413);
}

TEST(HttpSession, KeepsTheConnectionAfterAShortBodyThatNobodyRead) {
  TestServer server;
  TestClient client(server.port());
  EXPECT_EQ(client.post("/hello", "ignored").body, "hello");
  client.send("POST /hello HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\n");
  EXPECT_EQ(client.response().body, "hello");
  client.send("bodyGET /late HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(client.response().body, "late");
}

TEST(HttpSession, ClosesAfterALongBodyThatNobodyRead) {
  TestServer server;
  TestClient client(server.port());
  client.send("POST /hello HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n");
  const auto response = client.response();
  EXPECT_EQ(response.body, "hello");
  EXPECT_NE(response.head.find("Connection: close"), std::string::npos);
  EXPECT_TRUE(client.closed_by_server());
}

TEST(HttpSession, AsksForABodyThatIsHeldBack) {
  TestServer server;
  TestClient client(server.port());
  const std::string rest =
      " HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n";
  client.send("POST /echo" + rest);
  EXPECT_EQ(client.take_through("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("abc");
  EXPECT_EQ(client.response().body, "abc");
  client.send("POST /nothing" + rest);
  EXPECT_EQ(client.response().status, 404);
  EXPECT_TRUE(client.closed_by_server());
}

TEST(HttpSession, AnswersGarbageWith400AndCloses) {
  TestServer server;
  TestClient client(server.port());
  client.send("\x16\x03\x01 this is no HTTP\r\n\r\n");
  EXPECT_EQ(client.response().status, 400);
  EXPECT_TRUE(client.closed_by_server());
}

TEST(HttpSession, AnswersHeadWithoutABody) {
  TestServer server;
  TestClient client(server.port());
  client.send("HEAD /hello HTTP/1.1\r\nHost: h\r\n\r\nGET /thread HTTP/1.1\r\nHost: h\r\n\r\n");
  const std::string head = client.take_through("\r\n\r\n");
  EXPECT_NE(head.find("Content-Length: 5\r\n"), std::string::npos);
  EXPECT_EQ(client.response().body, "0");
}

TEST(HttpSession, ClosesWhenTheClientWantsIt) {
  TestServer server;
  TestClient old(server.port());
  old.send("GET /hello HTTP/1.0\r\n\r\n");
  EXPECT_EQ(old.response().body, "hello");
  EXPECT_TRUE(old.closed_by_server());
  TestClient modern(server.port());
  modern.send("GET /late HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(modern.response().body, "late");
  EXPECT_TRUE(modern.closed_by_server());
  EXPECT_TRUE(server.has_connections(0));
}

TEST(HttpSession, AnswersAClientThatShutItsSideAtOnce) {
  TestServer server;
  TestClient client(server.port());
  client.send("GET /big HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(client.take(1), "H");  // the answer is under way
  client.shut_writing();
  EXPECT_GT(client.take_rest().size(), 4U << 20);
}

// -- Waiting requests

TEST(HttpSession, TellsOfAnAbortAtOnce) {
  TestServer server;
  const auto aborts = [&](void (TestClient::*end)()) {
    TestClient client(server.port());
    const std::ptrdiff_t waiting = server.events().count("waiting");
    client.send("GET /never HTTP/1.1\r\nHost: h\r\n\r\n");
    while (server.events().count("waiting") == waiting) std::this_thread::yield();
    (client.*end)();
    EXPECT_TRUE(server.has_connections(0));
  };
  aborts(&TestClient::close);
  aborts(&TestClient::reset);
  aborts(&TestClient::shut_writing);
  EXPECT_EQ(server.events().count("aborted"), 3);
}

TEST(HttpSession, TellsOfAnAbortWithUnreadRequestsBehind) {
  TestServer server;
  TestClient client(server.port());
  client.send("GET /never HTTP/1.1\r\nHost: h\r\n\r\nGET /hello HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_TRUE(server.events().wait_for("waiting"));
  client.send("GET /hello HTTP/1.1\r\nHost: h\r\n\r\n");
  client.close();
  EXPECT_TRUE(server.events().wait_for("aborted"));
}

TEST(HttpSession, TellsOfABodyThatBreaksOff) {
  TestServer server;
  TestClient client(server.port());
  client.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhalf");
  client.close();
  EXPECT_TRUE(server.events().wait_for("aborted"));
  EXPECT_TRUE(server.has_connections(0));
}

TEST(HttpSession, TellsOfABrokenChunkAsAnAbort) {
  TestServer server;
  TestClient client(server.port());
  client.send("POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n");
  EXPECT_TRUE(server.events().wait_for("aborted"));
  EXPECT_TRUE(client.closed_by_server());
}

// -- Streams

TEST(HttpSession, StreamsInChunks) {
  TestServer server;
  TestClient client(server.port());
  client.send("GET /stream/2 HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_NE(client.take_through("\r\n\r\n").find("Transfer-Encoding: chunked"), std::string::npos);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(client.take_through("\r\n"), "10000\r\n");
    EXPECT_EQ(client.take(65538), std::string(65536, 'c') + "\r\n");
  }
  EXPECT_EQ(client.take(5), "0\r\n\r\n");
  EXPECT_EQ(client.get("/hello").body, "hello");
}

TEST(HttpSession, StreamsToTheEndOfTheConnectionForHttp10) {
  TestServer server;
  TestClient client(server.port());
  client.send("GET /stream/3 HTTP/1.0\r\n\r\n");
  client.take_through("\r\n\r\n");
  EXPECT_EQ(client.take_rest(), std::string(3 * 65536, 'c'));
}

TEST(HttpSession, HoldsAStreamBackUntilItDrains) {
  TestServer server;
  TestClient client(server.port());
  client.send("GET /stream/200 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  client.take_through("\r\n\r\n");
  const std::string rest = client.take_rest();
  EXPECT_EQ(static_cast<int>(std::count(rest.begin(), rest.end(), 'c')), 200 * 65536);
  EXPECT_GT(server.events().count("writable"), 1);
}

TEST(HttpSession, TellsAStreamOfAnAbort) {
  TestServer server;
  TestClient client(server.port());
  client.send("GET /stream/1000 HTTP/1.1\r\nHost: h\r\n\r\n");
  client.take(1000);
  client.reset();
  EXPECT_TRUE(server.events().wait_for("aborted"));
  EXPECT_TRUE(server.has_connections(0));
}

TEST(HttpSession, AStreamThatIsAbortedHasNoEnd) {
  TestServer server;
  TestClient client(server.port());
  client.send("GET /broken HTTP/1.1\r\nHost: h\r\n\r\n");
  const std::string answer = client.take_rest();
  EXPECT_NE(answer.find("4\r\nhalf\r\n"), std::string::npos) << answer;
  EXPECT_EQ(answer.find("0\r\n\r\n"), std::string::npos) << answer;
  EXPECT_TRUE(server.events().wait_for("aborted"));
  EXPECT_TRUE(server.has_connections(0));
}

// -- Limits and deadlines

CoreOptions impatient() {
  CoreOptions options;
  options.threads = 1;
  options.timeouts.request_head = base::Duration(100);
  options.timeouts.body_progress = base::Duration(100);
  options.timeouts.keep_alive = base::Duration(100);
  options.timeouts.write_progress = base::Duration(100);
  return options;
}

TEST(HttpSession, WaitsForAHeadOnlySoLong) {
  TestServer server(impatient());
  TestClient silent(server.port());
  EXPECT_TRUE(silent.closed_by_server());
  TestClient slow(server.port());
  slow.send("GET / HTT");
  EXPECT_EQ(slow.response().status, 408);
  EXPECT_TRUE(slow.closed_by_server());
}

TEST(HttpSession, WaitsForABodyOnlySoLong) {
  TestServer server(impatient());
  TestClient client(server.port());
  client.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhalf");
  EXPECT_TRUE(client.closed_by_server());
  EXPECT_TRUE(server.events().wait_for("aborted"));
}

TEST(HttpSession, KeepsAnIdleConnectionOnlySoLong) {
  TestServer server(impatient());
  TestClient client(server.port());
  EXPECT_EQ(client.get("/hello").body, "hello");
  EXPECT_TRUE(client.closed_by_server());
}

TEST(HttpSession, KeepsAWaitingRequestForLonger) {
  TestServer server(impatient());
  TestClient waiting(server.port());
  waiting.send("GET /never HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_TRUE(server.events().wait_for("waiting"));
  // An idle connection that comes later is closed, by its deadline, before.
  TestClient idle(server.port());
  EXPECT_EQ(idle.get("/hello").body, "hello");
  EXPECT_TRUE(idle.closed_by_server());
  EXPECT_EQ(server.events().count("aborted"), 0);
  EXPECT_TRUE(server.has_connections(1));
}

TEST(HttpSession, GivesUpOnAClientThatTakesNothing) {
  TestServer server(impatient());
  TestClient client(server.port(), 4096);
  for (int i = 0; i < 4; ++i) client.send("GET /big HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_TRUE(server.has_connections(0));
}

TEST(HttpSession, AnswersOneConnectionTooManyWith429) {
  CoreOptions options;
  options.threads = 1;
  options.connections_per_address = 1;
  TestServer server(options);
  {
    TestClient first(server.port());
    EXPECT_EQ(first.get("/hello").status, 200);
    TestClient second(server.port());
    EXPECT_EQ(second.get("/hello").status, 429);
    EXPECT_TRUE(second.closed_by_server());
  }
  EXPECT_TRUE(server.has_connections(0));
  TestClient third(server.port());
  EXPECT_EQ(third.get("/hello").status, 200);
}

TEST(HttpSession, CountsTheClientsOfAProxyByTheirRequests) {
  CoreOptions options;
  options.threads = 2;
  options.connections_per_address = 1;
  options.trusted_proxies = {*net::parse_address_range("127.0.0.0/8")};
  TestServer server(options);
  const auto request = [](std::string_view path, std::string_view client) {
    return fmt::format("GET {} HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: {}\r\n\r\n", path, client);
  };
  auto waiting = std::make_unique<TestClient>(server.port());
  waiting->send(request("/never", "192.0.2.1"));
  ASSERT_TRUE(server.events().wait_for("waiting"));
  TestClient pooled(server.port());
  for (const char* client : {"192.0.2.2", "192.0.2.3", "192.0.2.2"}) {
    pooled.send(request("/move/0", client) + request("/move/1", client));
    EXPECT_EQ(pooled.response().status, 200) << client;
    EXPECT_EQ(pooled.response().status, 200) << client;
  }
  {
    TestClient second(server.port());
    second.send(request("/hello", "192.0.2.1"));
    EXPECT_EQ(second.response().status, 429);
    EXPECT_TRUE(second.closed_by_server());
  }
  waiting.reset();
  EXPECT_TRUE(server.has_connections(1));  // the pooled one
  pooled.send(request("/hello", "192.0.2.1"));
  EXPECT_EQ(pooled.response().status, 200);
}

}  // namespace
}  // namespace runtime

#include "relay/message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace relay {
namespace {

net::HttpRequest sample() {
  net::HttpRequest request;
  request.method = "POST";
  request.target = "/socket.io/?sid=abc";
  request.headers = {{"Host", "example.org"},
                     {"Cookie", "a=b"},
                     {"Connection", "keep-alive, X-Private"},
                     {"x-private", "1"},
                     {"Keep-Alive", "timeout=5"},
                     {"Transfer-Encoding", "chunked"},
                     {"Content-Length", "9"},
                     {"Expect", "100-continue"},
                     {"Upgrade", "h2c"},
                     {"x-presenced-relay", "forged"},
                     {"X-Forwarded-For", "192.0.2.1"}};
  return request;
}

TEST(RequestHead, LeavesBehindWhatConcernsTheConnection) {
  EXPECT_EQ(request_head(sample(), "mark", 3),
            "POST /socket.io/?sid=abc HTTP/1.1\r\nHost: example.org\r\nCookie: a=b\r\n"
            "X-Forwarded-For: 192.0.2.1\r\nContent-Length: 3\r\nX-Presenced-Relay: mark\r\n\r\n");
}

TEST(RequestHead, NamesALengthWhereABodyIsExpected) {
  net::HttpRequest request = sample();
  EXPECT_THAT(request_head(request, "mark", 0), testing::HasSubstr("Content-Length: 0\r\n"));
  request.method = "GET";
  EXPECT_THAT(request_head(request, "mark", 0), testing::Not(testing::HasSubstr("Content-Length")));
}

TEST(RequestHead, AsksForAWebSocketAnew) {
  net::HttpRequest request = sample();
  request.method = "GET";
  request.headers = {{"Connection", "keep-alive, upgrade"},
                     {"Upgrade", "WebSocket"},
                     {"Sec-WebSocket-Key", "key"}};
  request.wants_upgrade = true;
  // HTTP/1.0 needs no Host; this does.
  EXPECT_EQ(request_head(request, "mark", 0),
            "GET /socket.io/?sid=abc HTTP/1.1\r\nSec-WebSocket-Key: key\r\nHost: presenced\r\n"
            "Connection: Upgrade\r\nUpgrade: websocket\r\nX-Presenced-Relay: mark\r\n\r\n");
}

TEST(ResponseHead, IsReadAndStrippedOfTheConnection) {
  const auto head = parse_response_head(
      "HTTP/1.1 200 OK\r\nContent-Type:  text/plain \r\ncontent-length: 12\r\nConnection: close, "
      "X-A\r\nX-A: 1\r\nSet-Cookie: a=b\r\n",
      "GET");
  ASSERT_TRUE(head);
  EXPECT_EQ(head->status, 200);
  EXPECT_EQ(head->body_size, 12U);
  EXPECT_FALSE(head->keep_alive);
  ASSERT_EQ(head->headers.size(), 2U);
  EXPECT_EQ(head->headers[0].value, "text/plain");
  EXPECT_EQ(head->headers[1].name, "Set-Cookie");
}

TEST(ResponseHead, KnowsWhichAnswersHaveNoBody) {
  EXPECT_EQ(parse_response_head("HTTP/1.1 204 No Content\r\n", "OPTIONS")->body_size, 0U);
  EXPECT_EQ(parse_response_head("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n", "HEAD")->body_size, 0U);
  EXPECT_EQ(parse_response_head("HTTP/1.1 101 Switching Protocols\r\n", "GET")->body_size, 0U);
  EXPECT_FALSE(parse_response_head("HTTP/1.1 200 OK\r\n", "GET"));
}

TEST(ResponseHead, RefusesWhatTwoReadersCouldReadDifferently) {
  for (const char* text :
       {"", "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n", "HTTP/1.1 abc\r\nContent-Length: 0\r\n",
        "HTTP/1.1 600 x\r\nContent-Length: 0\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n", "HTTP/1.1 200 OK\r\nContent-Length:\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nno colon\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n: empty\r\n"})
    EXPECT_FALSE(parse_response_head(text, "GET")) << text;
}

}  // namespace
}  // namespace relay

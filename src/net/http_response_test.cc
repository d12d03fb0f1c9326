#include "net/http_response.h"

#include <gtest/gtest.h>

namespace net {
namespace {

TEST(HttpResponse, WritesAHead) {
  HttpResponse response;
  response.headers = {{"Content-Type", "text/plain"}, {"content-length", "999"}};
  response.body = "hello";
  ResponseFraming framing;
  framing.date = "now";
  EXPECT_EQ(
      response_head(response, framing),
      "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\nDate: now\r\n\r\n");
}

TEST(HttpResponse, SaysWhetherTheConnectionStays) {
  ResponseFraming framing;
  framing.keep_alive = false;
  EXPECT_NE(response_head({}, framing).find("Connection: close\r\n"), std::string::npos);
  framing = {};
  framing.minor_version = 0;
  EXPECT_NE(response_head({}, framing).find("Connection: keep-alive\r\n"), std::string::npos);
}

TEST(HttpResponse, FramesStreams) {
  ResponseFraming framing;
  framing.body = ResponseFraming::Body::kChunked;
  EXPECT_EQ(response_head({}, framing), "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
  framing.body = ResponseFraming::Body::kToClose;
  framing.keep_alive = false;
  EXPECT_EQ(response_head({}, framing), "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(chunk_head(255), "ff\r\n");
}

TEST(HttpResponse, LeavesOutWhatWouldBreakTheFraming) {
  HttpResponse response;
  response.headers = {{"X", "a\r\nSet-Cookie: b"}, {"Y\n", "b"}, {"", "c"}, {"Z:", "d"}};
  EXPECT_EQ(response_head(response, {}), "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
}

TEST(HttpResponse, KnowsWhatHasNoBody) {
  EXPECT_TRUE(response_has_body("GET", 200));
  EXPECT_FALSE(response_has_body("HEAD", 200));
  EXPECT_FALSE(response_has_body("GET", 204));
  EXPECT_FALSE(response_has_body("GET", 304));
  HttpResponse response;
  response.status = 204;
  EXPECT_EQ(response_head(response, {}), "HTTP/1.1 204 No Content\r\n\r\n");
}

TEST(HttpResponse, FormatsTheDate) {
  EXPECT_EQ(http_date(base::wall_from_millis(784'111'777'999)), "Sun, 06 Nov 1994 08:49:37 GMT");
}

}  // namespace
}  // namespace net

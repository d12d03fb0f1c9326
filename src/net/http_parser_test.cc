#include "net/http_parser.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <string>

namespace net {
namespace {

using Event = HttpParser::Event;

// What a whole input gives: "method target body" per request, then the error's status if any.
std::vector<std::string> parse(const std::vector<std::string>& pieces) {
  HttpParser parser;
  std::vector<std::string> out;
  std::string waiting;
  std::string body;
  for (const std::string& piece : pieces) {
    waiting += piece;
    for (bool more = true; more;) {
      const HttpParser::Step step = parser.next(waiting);
      body += step.body;
      waiting.erase(0, step.consumed);
      switch (step.event) {
        case Event::kNeedMore: more = false; break;
        case Event::kHead:
        case Event::kBody: break;
        case Event::kComplete:
          out.push_back(parser.request().method + " " + parser.request().target + " " + body);
          body.clear();
          parser.reset();
          break;
        case Event::kError: out.push_back(std::to_string(step.status)); return out;
      }
    }
  }
  return out;
}

std::vector<std::string> parse(const std::string& whole) {
  return parse(std::vector<std::string>{whole});
}
using Parsed = std::vector<std::string>;

TEST(HttpParser, ReadsAHead) {
  HttpParser parser;
  const auto step = parser.next(
      "GET /a?b=c HTTP/1.1\r\nHost: h\r\nX-Some:  v w \r\nConnection: keep-alive, Upgrade\r\n\r\n");
  ASSERT_EQ(step.event, Event::kHead);
  const HttpRequest& request = parser.request();
  EXPECT_EQ(request.method, "GET");
  EXPECT_EQ(request.target, "/a?b=c");
  EXPECT_EQ(request.header("x-some"), "v w");
  EXPECT_EQ(request.minor_version, 1U);
  EXPECT_TRUE(request.keep_alive);
  EXPECT_TRUE(request.wants_upgrade);
  EXPECT_EQ(parser.content_length(), 0U);
}

TEST(HttpParser, ReadsBodies) {
  EXPECT_EQ(parse("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello"),
            Parsed{"POST / hello"});
  EXPECT_EQ(parse("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
                  "3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\nTrailer: t\r\n\r\n"),
            Parsed{"POST / hello"});
}

TEST(HttpParser, ReadsPipelinedRequestsAndSkipsEmptyLinesBefore) {
  EXPECT_EQ(parse("\r\n\r\nGET /1 HTTP/1.1\r\nHost: h\r\n\r\n\r\n"
                  "POST /2 HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nxGET /3 HTTP/1.1\r\n"
                  "Host: h\r\n\r\n"),
            (Parsed{"GET /1 ", "POST /2 x", "GET /3 "}));
}

TEST(HttpParser, KnowsWhetherTheConnectionStays) {
  const auto keeps = [](const std::string& head) {
    HttpParser parser;
    EXPECT_EQ(parser.next(head + "\r\n").event, Event::kHead);
    return parser.request().keep_alive;
  };
  EXPECT_TRUE(keeps("GET / HTTP/1.1\r\nHost: h\r\n"));
  EXPECT_FALSE(keeps("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n"));
  EXPECT_FALSE(keeps("GET / HTTP/1.0\r\n"));
  EXPECT_TRUE(keeps("GET / HTTP/1.0\r\nConnection: keep-alive\r\n"));
}

TEST(HttpParser, TakesAbsoluteTargets) {
  EXPECT_EQ(parse("GET http://h/a?b HTTP/1.1\r\nHost: h\r\n\r\n"), Parsed{"GET /a?b "});
  EXPECT_EQ(parse("GET http://h HTTP/1.1\r\nHost: h\r\n\r\n"), Parsed{"GET / "});
  EXPECT_EQ(parse("GET https://h?a/b HTTP/1.1\r\nHost: h\r\n\r\n"), Parsed{"GET /?a/b "});
  EXPECT_EQ(parse("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n"), Parsed{"OPTIONS * "});
}

TEST(HttpParser, RefusesOtherTargets) {
  EXPECT_EQ(parse("CONNECT h:80 HTTP/1.1\r\nHost: h\r\n\r\n"), Parsed{"400"});
  EXPECT_EQ(parse("GET * HTTP/1.1\r\nHost: h\r\n\r\n"), Parsed{"400"});
  EXPECT_EQ(parse("GET a HTTP/1.1\r\nHost: h\r\n\r\n"), Parsed{"400"});
}

TEST(HttpParser, WantsExactlyOneHost) {
  EXPECT_EQ(parse("GET / HTTP/1.1\r\n\r\n"), Parsed{"400"});
  EXPECT_EQ(parse("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"), Parsed{"400"});
  EXPECT_EQ(parse("GET / HTTP/1.0\r\n\r\n"), Parsed{"GET / "});
}

TEST(HttpParser, RefusesAmbiguousBodies) {
  const std::string head = "POST / HTTP/1.1\r\nHost: h\r\n";
  for (const char* headers : {
           "Content-Length: 1\r\nContent-Length: 2\r\n",
           "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n",
           "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n",
           "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
           "Content-Length: -1\r\n",
           "Content-Length: +1\r\n",
           "Content-Length: 0x1\r\n",
           "Content-Length: 99999999999999999999\r\n",
           "Content-Length : 1\r\n",
       })
    EXPECT_EQ(parse(head + headers + "\r\nx"), Parsed{"400"}) << headers;
  for (const char* headers : {"Transfer-Encoding: gzip\r\n", "Transfer-Encoding: gzip, chunked\r\n",
                              "Transfer-Encoding: chunked, gzip\r\n", "Transfer-Encoding: \r\n"})
    EXPECT_EQ(parse(head + headers + "\r\nx"), Parsed{"501"}) << headers;
  EXPECT_EQ(parse("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), Parsed{"400"});
}

TEST(HttpParser, RefusesBrokenChunks) {
  const std::string head = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const char* body : {"x\r\n", "-1\r\nx", "1\r\nxyz\r\n", "fffffffffffffffff\r\n", "\r\n"})
    EXPECT_EQ(parse(head + body), Parsed{"400"}) << body;
}

TEST(HttpParser, RefusesGarbage) {
  EXPECT_EQ(parse("\x16\x03\x01 garbage\r\n\r\n"), Parsed{"400"});
  EXPECT_EQ(parse("GET /\r\n\r\n"), Parsed{"400"});
  EXPECT_EQ(parse("GET / HTTP/2.0\r\nHost: h\r\n\r\n"), Parsed{"505"});
  EXPECT_EQ(parse("GET / HTTP/1.1\nHost: h\n\n\r\n\r\n"), Parsed{"505"});
  EXPECT_EQ(parse("GET / HTTP/1.1\r\nHost: h\r\nbad name: v\r\n\r\n"), Parsed{"400"});
  const std::string nul(1, '\0');
  EXPECT_EQ(parse("GET / HTTP/1.1\r\nHost: h\r\nA: x" + nul + "y\r\n\r\n"), Parsed{"400"});
}

TEST(HttpParser, BoundsTheHead) {
  const std::string start = "GET / HTTP/1.1\r\nHost: h\r\nX: ";
  EXPECT_EQ(parse(start + std::string(17'000, 'x')), Parsed{"431"});
  EXPECT_EQ(parse(start + std::string(17'000, 'x') + "\r\n\r\n"), Parsed{"431"});
  EXPECT_EQ(parse(start + std::string(16'000, 'x') + "\r\n\r\n"), Parsed{"GET / "});
  std::string many = "GET / HTTP/1.1\r\nHost: h\r\n";
  for (std::size_t i = 0; i < HttpParser::kMaxHeaders; ++i) many += "a: b\r\n";
  EXPECT_EQ(parse(many + "\r\n"), Parsed{"431"});
}

TEST(HttpParser, BoundsAHeadThatComesLineByLine) {
  std::vector<std::string> pieces{"GET / HTTP/1.1\r\nHost: h\r\n"};
  for (int i = 0; i < 20; ++i) pieces.push_back("X: " + std::string(1000, 'x') + "\r\n");
  EXPECT_EQ(parse(pieces), Parsed{"431"});
}

TEST(HttpParser, BoundsChunkExtensionsAndTrailers) {
  const std::string head = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_EQ(parse(head + "1;" + std::string(17'000, 'x')), Parsed{"431"});
  EXPECT_EQ(parse(head + "0\r\nX: " + std::string(17'000, 'x')), Parsed{"431"});
}

TEST(HttpParser, KnowsExpectations) {
  HttpParser parser;
  const std::string head = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nExpect: ";
  EXPECT_EQ(parser.next(head + "100-Continue\r\n\r\n").event, Event::kHead);
  EXPECT_TRUE(parser.expects_continue());
  EXPECT_EQ(parser.content_length(), 3U);
  EXPECT_EQ(parse(head + "more\r\n\r\n"), Parsed{"417"});
}

RC_GTEST_PROP(HttpParserProperty, TheSameHoweverTheInputIsCut, ()) {
  static const std::string kInput =
      "GET /1?x HTTP/1.1\r\nHost: h\r\n\r\n\r\nPOST /2 HTTP/1.1\r\nHost: h\r\n"
      "Content-Length: 10\r\n\r\n0123456789POST /3 HTTP/1.1\r\nHost: h\r\n"
      "Transfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n10;e=\"v\"\r\n0123456789abcdef\r\n0\r\n"
      "T: v\r\n\r\nGET bad HTTP/1.1\r\n\r\n";
  std::vector<std::string> pieces;
  for (std::size_t at = 0; at < kInput.size();) {
    const auto n = *rc::gen::inRange<std::size_t>(1, 40);
    pieces.push_back(kInput.substr(at, n));
    at += n;
  }
  RC_ASSERT(parse(pieces) ==
            (Parsed{"GET /1?x ", "POST /2 0123456789", "POST /3 abcd0123456789abcdef", "400"}));
}

TEST(HttpParser, ByteByByte) {
  const std::string input =
      "POST /3 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
      "1\r\na\r\n2\r\nbc\r\n0\r\n\r\n"
      "POST /4 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
      "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
  std::vector<std::string> pieces;
  for (const char c : input) pieces.emplace_back(1, c);
  EXPECT_EQ(parse(pieces), (Parsed{"POST /3 abc", "POST /4 ", "GET / "}));
}

}  // namespace
}  // namespace net

// The small pure parts: ids, CORS, compression, deadlines.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <zlib.h>

#include <set>
#include <string>

#include "engineio/compression.h"
#include "engineio/cors.h"
#include "engineio/deadlines.h"
#include "engineio/fake_transport.h"
#include "engineio/sid.h"

namespace engineio {
namespace {

TEST(Sid, NamesItsNodeAndThread) {
  SeededRandom random;
  const Sid sid = Sid::create(random, 0xabcd, 7);
  EXPECT_EQ(sid.text().size(), Sid::kTextLength);
  const auto parsed = Sid::parse(sid.text());
  ASSERT_TRUE(parsed);
  EXPECT_EQ(*parsed, sid);
  EXPECT_EQ(parsed->node(), 0xabcd);
  EXPECT_EQ(parsed->thread(), 7);
}

TEST(Sid, IsDifferentEachTime) {
  SeededRandom random;
  std::set<std::string> seen;
  for (int i = 0; i < 1'000; ++i) seen.insert(Sid::create(random, 0, 0).text());
  EXPECT_EQ(seen.size(), 1'000U);
}

TEST(Sid, RefusesWhatIsNoIdOfOurs) {
  EXPECT_FALSE(Sid::parse(""));
  EXPECT_FALSE(Sid::parse("__proto__"));
  EXPECT_FALSE(Sid::parse(std::string(23, 'A')));
  EXPECT_FALSE(Sid::parse(std::string(25, 'A')));
  EXPECT_FALSE(Sid::parse("AAAAAAAAAAAAAAAAAAAAAA+/"));
}

RC_GTEST_PROP(SidProperty, AnyTextIsAnIdOnlyIfItReadsBack, (const std::string& text)) {
  const auto sid = Sid::parse(text);
  if (sid) RC_ASSERT(sid->text() == text);
}

net::HttpRequest from(std::string origin) {
  net::HttpRequest request;
  if (!origin.empty()) request.headers.push_back({"Origin", std::move(origin)});
  return request;
}

TEST(Cors, AStarAllowsAnyoneAndIsSaidAsSuch) {
  const CorsOptions cors{{"*"}, false};
  EXPECT_TRUE(origin_allowed(cors, from("https://a.example")));
  net::HttpResponse response;
  add_cors_headers(cors, from("https://a.example"), response);
  ASSERT_EQ(response.headers.size(), 1U);
  EXPECT_EQ(response.headers[0].value, "*");
}

TEST(Cors, WithCredentialsTheOriginIsEchoedAndNeverAStar) {
  const CorsOptions cors{{"*"}, true};
  net::HttpResponse response;
  add_cors_headers(cors, from("https://a.example"), response);
  bool echoed = false;
  for (const auto& header : response.headers) {
    EXPECT_NE(header.value, "*");
    echoed |= header.name == "Access-Control-Allow-Origin" && header.value == "https://a.example";
  }
  EXPECT_TRUE(echoed);
}

TEST(Cors, AListAllowsWhatItNamesAndRequestsOfNoPage) {
  const CorsOptions cors{{"https://a.example", "https://b.example"}, false};
  EXPECT_TRUE(origin_allowed(cors, from("https://b.example")));
  EXPECT_TRUE(origin_allowed(cors, from("")));
  EXPECT_FALSE(origin_allowed(cors, from("https://c.example")));
  net::HttpResponse response;
  add_cors_headers(cors, from("https://c.example"), response);
  for (const auto& header : response.headers) {
    EXPECT_NE(header.name, "Access-Control-Allow-Origin");
  }
}

TEST(Compression, TheCodingIsNegotiated) {
  EXPECT_EQ(choose_coding(""), ContentCoding::kIdentity);
  EXPECT_EQ(choose_coding("gzip, deflate"), ContentCoding::kGzip);
  EXPECT_EQ(choose_coding("deflate"), ContentCoding::kDeflate);
  EXPECT_EQ(choose_coding("gzip;q=0.2, deflate;q=0.8"), ContentCoding::kDeflate);
  EXPECT_EQ(choose_coding("gzip;q=0, deflate;q=0"), ContentCoding::kIdentity);
  EXPECT_EQ(choose_coding("br"), ContentCoding::kIdentity);
  EXPECT_EQ(choose_coding("*"), ContentCoding::kGzip);
  EXPECT_EQ(choose_coding("gzip;q=0, *"), ContentCoding::kDeflate);
  EXPECT_EQ(choose_coding("gzip;q=, ;;,,deflate;q=x"), ContentCoding::kGzip);
}

std::string inflate_all(const std::string& bytes, int window) {
  z_stream stream{};
  inflateInit2(&stream, window);
  std::string out(1 << 20, '\0');
  std::string in = bytes;
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  inflateEnd(&stream);
  return out;
}

TEST(Compression, WhatIsCompressedReadsBack) {
  const std::string text(5'000, 'a');
  for (const auto& [coding, window] :
       {std::pair(ContentCoding::kGzip, 31), std::pair(ContentCoding::kDeflate, 15)}) {
    net::HttpResponse response;
    response.body = text;
    compress_body(coding, response);
    EXPECT_LT(response.body.size(), 200U);
    EXPECT_EQ(inflate_all(response.body, window), text);
  }
}

TEST(Deadlines, KnowsWhatIsNextAfterEachAdvance) {
  const base::SteadyTime start(base::Duration(5'000));
  Deadlines deadlines(base::Duration(100), start);
  base::TimerNode early;
  base::TimerNode late;
  EXPECT_FALSE(deadlines.next_due());
  deadlines.arm(late, start + base::Duration(900));
  deadlines.arm(early, start + base::Duration(10));
  EXPECT_EQ(deadlines.next_due(), start + base::Duration(10));
  int due = 0;
  deadlines.advance(start + base::Duration(9), [&](base::TimerNode&) { ++due; });
  EXPECT_EQ(due, 0);
  deadlines.advance(start + base::Duration(10), [&](base::TimerNode&) { ++due; });
  EXPECT_EQ(due, 1);
  EXPECT_EQ(deadlines.next_due(), start + base::Duration(900));
  Deadlines::cancel(late);
  deadlines.advance(start + base::Duration(901), [&](base::TimerNode&) { ++due; });
  EXPECT_EQ(due, 1);
  EXPECT_FALSE(deadlines.next_due());
}

}  // namespace
}  // namespace engineio

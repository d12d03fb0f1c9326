#include "relay/mark.h"

#include <gtest/gtest.h>

#include "relay/peers.h"

namespace relay {
namespace {

const base::WallTime kNow = base::wall_from_millis(1'800'000'000'000);

net::HttpRequest sample() {
  net::HttpRequest request;
  request.method = "GET";
  request.target = "/socket.io/?EIO=4&transport=polling&sid=abc";
  request.headers = {{"Host", "example.org"}, {"X-Forwarded-For", "192.0.2.9"}};
  request.peer_address = "203.0.113.5";
  return request;
}

net::HttpRequest marked(std::string_view secret = "secret") {
  net::HttpRequest request = sample();
  request.headers.push_back({std::string(kMarkHeader), make_mark(request, secret, kNow)});
  request.peer_address = "10.0.0.2";  // of the node that relays it
  return request;
}

TEST(Mark, ProvesTheAddressThatTheRequestCameFrom) {
  EXPECT_EQ(check_mark(marked(), "secret", kNow), "203.0.113.5");
}

TEST(Mark, IsWorthNothingWithAnotherSecretOrNone) {
  EXPECT_EQ(check_mark(marked("guess"), "secret", kNow), std::nullopt);
  EXPECT_EQ(check_mark(marked(""), "", kNow), std::nullopt);
  EXPECT_EQ(check_mark(sample(), "secret", kNow), std::nullopt);
}

TEST(Mark, CoversWhatItIsFor) {
  const auto with = [](auto change) {
    net::HttpRequest request = marked();
    change(request);
    return check_mark(request, "secret", kNow);
  };
  EXPECT_NE(with([](net::HttpRequest&) {}), std::nullopt);
  EXPECT_EQ(with([](net::HttpRequest& r) { r.method = "POST"; }), std::nullopt);
  EXPECT_EQ(with([](net::HttpRequest& r) { r.target += "d"; }), std::nullopt);
  EXPECT_EQ(with([](net::HttpRequest& r) { r.headers[1].value = "192.0.2.10"; }), std::nullopt);
  EXPECT_EQ(with([](net::HttpRequest& r) {
              std::string& mark = r.headers.back().value;
              mark.replace(mark.find("203.0.113.5"), 11, "203.0.113.6");
            }),
            std::nullopt);
}

TEST(Mark, HoldsForAMinute) {
  for (const int sign : {-1, 1}) {
    EXPECT_NE(check_mark(marked(), "secret", kNow + sign * base::Duration(60'000)), std::nullopt);
    EXPECT_EQ(check_mark(marked(), "secret", kNow + sign * base::Duration(60'001)), std::nullopt);
  }
}

TEST(Mark, IsOfOneForm) {
  const std::string good = marked().headers.back().value;
  net::HttpRequest request = sample();
  request.headers.push_back({std::string(kMarkHeader), ""});
  const auto check = [&](std::string text) {
    request.headers.back().value = std::move(text);
    return check_mark(request, "secret", kNow);
  };
  EXPECT_NE(check(good), std::nullopt);
  for (std::size_t size = 0; size < good.size(); ++size)
    EXPECT_EQ(check(good.substr(0, size)), std::nullopt) << size;
  EXPECT_EQ(check(good + ","), std::nullopt);
  EXPECT_EQ(check(good + ",x=1"), std::nullopt);
  EXPECT_EQ(check(" " + good), std::nullopt);
  EXPECT_EQ(check("t=99999999999999999999,for=a,v1=b"), std::nullopt);
}

TEST(Mark, IsNoticedHoweverItIsWritten) {
  net::HttpRequest request = sample();
  EXPECT_FALSE(has_mark(request));
  request.headers.push_back({"x-presenced-RELAY", ""});
  EXPECT_TRUE(has_mark(request));
}

TEST(Peers, AreReadFromWhatTheyAnnounce) {
  EXPECT_EQ(parse_peer("10.0.0.1:8080", "s"), (Peer{"10.0.0.1", 8080, false, "s"}));
  EXPECT_EQ(parse_peer("tls:[2001:db8::1]:443", "s"), (Peer{"2001:db8::1", 443, true, "s"}));
  for (const char* text : {"", "10.0.0.1", "10.0.0.1:0", "0.0.0.0:1", "[::]:1", ":8080",
                           "example.org:80", "10.0.0.1:65536", "tls:", "http:10.0.0.1:1"})
    EXPECT_EQ(parse_peer(text, "s"), std::nullopt) << text;
}

}  // namespace
}  // namespace relay

#include "net/websocket_deflate.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>

namespace net {
namespace {

std::optional<DeflateAgreement> offer(std::string value) {
  HttpRequest request;
  request.headers = {{"sec-websocket-extensions", std::move(value)}};
  return negotiate_deflate(request);
}

std::string answer(std::string value) {
  const auto agreement = offer(std::move(value));
  return agreement ? agreement->header : "declined";
}

TEST(NegotiateDeflate, AgreesToWhatWasOffered) {
  EXPECT_EQ(answer("permessage-deflate"), "permessage-deflate");
  EXPECT_EQ(answer("permessage-deflate; client_max_window_bits"), "permessage-deflate");
  EXPECT_EQ(answer("Permessage-Deflate ;server_no_context_takeover;  client_no_context_takeover"),
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover");
  EXPECT_EQ(answer("permessage-deflate; server_max_window_bits=10; client_max_window_bits=\"12\""),
            "permessage-deflate; server_max_window_bits=10; client_max_window_bits=12");
  const auto agreement =
      offer("permessage-deflate; server_max_window_bits=9; client_no_context_takeover");
  EXPECT_EQ(agreement->parameters, (DeflateParameters{false, true, 9, 15}));
}

TEST(NegotiateDeflate, DeclinesWhatItCannotMeet) {
  for (const char* value :
       {"", "x-webkit-deflate-frame", "permessage-deflate; server_max_window_bits=8",
        "permessage-deflate; server_max_window_bits", "permessage-deflate; unknown",
        "permessage-deflate; server_max_window_bits=16",
        "permessage-deflate; server_max_window_bits=09",
        "permessage-deflate; client_max_window_bits=7",
        "permessage-deflate; client_max_window_bits=",
        "permessage-deflate; server_no_context_takeover=1",
        "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
        "permessage-deflate; client_max_window_bits; client_max_window_bits=10"})
    EXPECT_EQ(answer(value), "declined") << value;
}

TEST(NegotiateDeflate, TakesTheFirstOfferThatItCanMeet) {
  EXPECT_EQ(answer("other; a=\"x,y\", permessage-deflate; server_max_window_bits=8, "
                   "permessage-deflate; server_max_window_bits=11, permessage-deflate"),
            "permessage-deflate; server_max_window_bits=11");
}

RC_GTEST_PROP(PermessageDeflateProperty, MessagesComeBack,
              (const std::vector<std::string>& messages)) {
  const DeflateParameters parameters{*rc::gen::arbitrary<bool>(), false, *rc::gen::inRange(9, 16)};
  PermessageDeflate server(parameters);
  PermessageDeflate client(
      {false, parameters.server_no_context_takeover, 15, parameters.server_max_window_bits});
  for (const std::string& message : messages) {
    std::string compressed;
    server.deflate(message, compressed);
    std::string inflated;
    RC_ASSERT(client.inflate(compressed, message.size(), inflated) ==
              PermessageDeflate::Outcome::kOk);
    RC_ASSERT(inflated == message);
  }
}

// The examples of RFC 7692, section 7.2.3.
TEST(PermessageDeflate, InflatesTheExamplesOfTheStandard) {
  const auto inflated = [](std::string_view bytes) {
    PermessageDeflate codec({});
    std::string out;
    EXPECT_EQ(codec.inflate(bytes, 100, out), PermessageDeflate::Outcome::kOk);
    return out;
  };
  EXPECT_EQ(inflated(std::string_view("\xf2\x48\xcd\xc9\xc9\x07\x00", 7)), "Hello");
  EXPECT_EQ(inflated(std::string_view("\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00", 11)),
            "Hello");  // a block without compression
  EXPECT_EQ(inflated(std::string_view("\xf3\x48\xcd\xc9\xc9\x07\x00\x00", 8)),
            "Hello");  // a block with BFINAL
  EXPECT_EQ(inflated(std::string_view("\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00", 13)),
            "Hello");  // two blocks
  EXPECT_EQ(inflated(std::string_view("\0", 1)), "");
}

TEST(PermessageDeflate, UsesTheWindowOfEarlierMessages) {
  PermessageDeflate codec({});
  std::string out;
  ASSERT_EQ(codec.inflate(std::string_view("\xf2\x48\xcd\xc9\xc9\x07\x00", 7), 100, out),
            PermessageDeflate::Outcome::kOk);
  out.clear();
  ASSERT_EQ(codec.inflate(std::string_view("\xf2\x00\x11\x00\x00", 5), 100, out),
            PermessageDeflate::Outcome::kOk);
  EXPECT_EQ(out, "Hello");
}

TEST(PermessageDeflate, BoundsWhatItInflates) {
  PermessageDeflate client({});
  std::string compressed;
  client.deflate(std::string(100'000, 'x'), compressed);
  PermessageDeflate server({});
  std::string out;
  EXPECT_EQ(server.inflate(compressed, 99'999, out), PermessageDeflate::Outcome::kTooBig);
  EXPECT_LE(out.size(), 99'999U);
}

}  // namespace
}  // namespace net

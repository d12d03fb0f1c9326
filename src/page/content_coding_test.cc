#include "page/content_coding.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <string>
#include <vector>

namespace page {
namespace {

constexpr std::array kAll = {Coding::br, Coding::gzip, Coding::deflate};

Coding best(std::string_view accept_encoding) { return negotiate(accept_encoding, kAll); }

TEST(Negotiate, NothingAskedForIsIdentity) {
  EXPECT_EQ(best(""), Coding::identity);
  EXPECT_EQ(best("zstd"), Coding::identity);
  EXPECT_EQ(best("identity"), Coding::identity);
}

TEST(Negotiate, TakesTheFirstHeldOfEqualRatings) {
  EXPECT_EQ(best("gzip, deflate, br, zstd"), Coding::br);
  EXPECT_EQ(best("deflate,gzip"), Coding::gzip);
  EXPECT_EQ(negotiate("gzip, br", std::array{Coding::gzip}), Coding::gzip);
}

TEST(Negotiate, TheHighestRatingWins) {
  EXPECT_EQ(best("br;q=0.5, gzip;q=0.8"), Coding::gzip);
  EXPECT_EQ(best("br;q=0.001, deflate;q=0.002"), Coding::deflate);
  EXPECT_EQ(best("br ; Q=0.5 , deflate ; q=1.000"), Coding::deflate);
}

TEST(Negotiate, ARatingOfZeroRefuses) {
  EXPECT_EQ(best("br;q=0, gzip;q=0.0, deflate"), Coding::deflate);
  EXPECT_EQ(best("br;q=0"), Coding::identity);
}

TEST(Negotiate, IdentityWinsOnlyWhenRatedHigher) {
  EXPECT_EQ(best("gzip;q=0.5, identity"), Coding::identity);
  EXPECT_EQ(best("gzip;q=0.5, identity;q=0.5"), Coding::gzip);
  EXPECT_EQ(best("gzip;q=0.5"), Coding::gzip);
}

TEST(Negotiate, TheStarStandsForWhatIsNotMentioned) {
  EXPECT_EQ(best("*"), Coding::br);
  EXPECT_EQ(best("br;q=0, *"), Coding::gzip);
  EXPECT_EQ(best("gzip;q=0.4, *;q=0.2"), Coding::gzip);
  EXPECT_EQ(best("*;q=0"), Coding::identity);
}

TEST(Negotiate, WhoRefusesEverythingGetsIdentity) {
  EXPECT_EQ(best("identity;q=0, *;q=0"), Coding::identity);
}

TEST(Negotiate, NamesAreCaseInsensitive) { EXPECT_EQ(best("GZip"), Coding::gzip); }

TEST(Negotiate, UnreadableElementsAreIgnored) {
  EXPECT_EQ(best("br;q=2, gzip;q=x, deflate;q="), Coding::identity);
  EXPECT_EQ(best("br;q=1.5, gzip;q=0.12345, deflate;q=1"), Coding::deflate);
  EXPECT_EQ(best(",,;;,=,gzip"), Coding::gzip);
}

RC_GTEST_PROP(Negotiate, AnyTextGivesACodingThatIsHeld, ()) {
  const auto pieces = *rc::gen::container<std::vector<std::string>>(rc::gen::element<std::string>(
      "br", "gzip", "deflate", "identity", "*", ",", ";", "q=", "0", "1", ".", "5", " ", "\t"));
  std::string header;
  for (const auto& piece : pieces) header += piece;
  const std::array held = {Coding::gzip};
  const Coding coding = negotiate(header, held);
  RC_ASSERT(coding == Coding::gzip || coding == Coding::identity);
}

TEST(EtagMatches, ItselfAndItsWeakForm) {
  EXPECT_TRUE(etag_matches("\"4.8.4\"", "\"4.8.4\""));
  EXPECT_TRUE(etag_matches("W/\"4.8.4\"", "\"4.8.4\""));
  EXPECT_TRUE(etag_matches("\"1\", W/\"4.8.4\" ,\"2\"", "\"4.8.4\""));
  EXPECT_TRUE(etag_matches("*", "\"4.8.4\""));
}

TEST(EtagMatches, NothingElse) {
  EXPECT_FALSE(etag_matches("", "\"4.8.4\""));
  EXPECT_FALSE(etag_matches("4.8.4", "\"4.8.4\""));
  EXPECT_FALSE(etag_matches("\"4.8.40\"", "\"4.8.4\""));
  EXPECT_FALSE(etag_matches("w/\"4.8.4\"", "\"4.8.4\""));
}

}  // namespace
}  // namespace page

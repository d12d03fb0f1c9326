// What a token with a right signature has to say to be believed.

#include "auth/verifier_expectations.h"

namespace auth {
namespace {

using base::ErrorCode;
using testing::base64url;
using ::testing::HasSubstr;
using testing::hmac_token;
using ::testing::Not;

TEST(ClaimChecks, ExpiryWithLeeway) {
  const TokenVerifier verifier = with_secret();
  const auto at = [&](int64_t exp) {
    return verifier.verify(hs256(alice(R"(,"exp":)" + std::to_string(exp))), kNow);
  };
  const auto later = at(kNowSeconds + 60);
  expect_user(later, "alice");
  EXPECT_EQ(later->expires_at, kNow + std::chrono::seconds(60));
  const auto just = at(kNowSeconds - 4);
  expect_user(just, "alice");
  EXPECT_EQ(just->expires_at, kNow - std::chrono::seconds(4));
  expect_refused(at(kNowSeconds - 5), "expired", ErrorCode::kTokenExpired);
  expect_refused(at(0), "expired", ErrorCode::kTokenExpired);
  expect_refused(at(-1), "expired", ErrorCode::kTokenExpired);
  expect_refused(verifier.verify(hs256(alice(R"(,"exp":)" + std::to_string(kNowSeconds))), kNow,
                                 base::Duration(0)),
                 "expired", ErrorCode::kTokenExpired);
}

TEST(ClaimChecks, NoExpiryNeverExpires) {
  const auto claims = with_secret().verify(hs256(alice()), kNow);
  expect_user(claims, "alice");
  EXPECT_EQ(claims->expires_at, std::nullopt);
}

TEST(ClaimChecks, TimesMayHaveFractions) {
  const auto claims =
      with_secret().verify(hs256(alice(R"(,"exp":1700000060.5,"nbf":1.7e9)")), kNow);
  expect_user(claims, "alice");
  EXPECT_EQ(claims->expires_at, kNow + base::Duration(60'500));
}

TEST(ClaimChecks, TimesThatAreNone) {
  for (const char* value : {R"("1700000060")", "null", "true", "[1700000060]", "{}", "1e300",
                            "-1e300", "1e400", "9223372036854775807", "18446744073709551615"}) {
    for (const char* name : {"exp", "nbf"}) {
      const std::string claim = ",\"" + std::string(name) + "\":" + value;
      const auto claims = with_secret().verify(hs256(alice(claim)), kNow);
      ASSERT_FALSE(claims) << claim;
      EXPECT_EQ(claims.error().code, ErrorCode::kUnauthorized) << claim;
    }
  }
}

TEST(ClaimChecks, NotBeforeWithLeeway) {
  const auto at = [](int64_t nbf) {
    return with_secret().verify(hs256(alice(R"(,"nbf":)" + std::to_string(nbf))), kNow);
  };
  expect_user(at(kNowSeconds), "alice");
  expect_user(at(kNowSeconds + 5), "alice");
  expect_refused(at(kNowSeconds + 6), "not valid yet");
}

TEST(ClaimChecks, Issuer) {
  const TokenVerifier verifier = make({.secret = kSecret, .issuer = "https://login.example"});
  expect_user(verifier.verify(hs256(alice(R"(,"iss":"https://login.example")")), kNow), "alice");
  for (const char* more : {"", R"(,"iss":"https://login.example/")", R"(,"iss":null)",
                           R"(,"iss":["https://login.example"])", R"(,"iss":"")"})
    expect_refused(verifier.verify(hs256(alice(more)), kNow), "issuer");
  expect_user(with_secret().verify(hs256(alice(R"(,"iss":"anybody")")), kNow), "alice");
}

TEST(ClaimChecks, Audience) {
  const TokenVerifier verifier = make({.secret = kSecret, .audience = "presence"});
  for (const char* more : {R"(,"aud":"presence")", R"(,"aud":["a","presence"])"})
    expect_user(verifier.verify(hs256(alice(more)), kNow), "alice");
  for (const char* more :
       {"", R"(,"aud":"a")", R"(,"aud":[])", R"(,"aud":["a"])", R"(,"aud":null)", R"(,"aud":"")",
        R"(,"aud":[["presence"]])", R"(,"aud":["presence",1])", R"(,"aud":{"presence":true})",
        R"(,"aud":"presence2")", R"(,"aud":{"a":["presence"]})", R"(,"aud":[{"a":"presence"}])"})
    expect_refused(verifier.verify(hs256(alice(more)), kNow), "audience");
}

// RFC 7519, 4.1.3: who is not named by an `aud` that is there must refuse the token.
TEST(ClaimChecks, AudienceWithoutOneConfigured) {
  for (const char* more : {R"(,"aud":"billing")", R"(,"aud":[])"})
    expect_refused(with_secret().verify(hs256(alice(more)), kNow), "none configured");
}

TEST(ClaimChecks, UserIsANonEmptyString) {
  for (const char* payload :
       {"{}", R"({"sub":""})", R"({"sub":1})", R"({"sub":null})", R"({"sub":["alice"]})",
        R"({"sub":{"sub":"alice"}})", R"({"x":{"sub":"alice"}})", R"({"SUB":"alice"})"})
    expect_refused(with_secret().verify(hs256(payload), kNow), "no user");
  expect_user(with_secret().verify(hs256(R"({"sub":"\u00e4\ud83d\ude00"})"), kNow), "ä😀");
}

TEST(ClaimChecks, UserClaimIsConfigurable) {
  const TokenVerifier verifier =
      make({.secret = kSecret, .user_claim = "https://example.com/user"});
  expect_user(verifier.verify(hs256(R"({"sub":"x","https://example.com/user":"alice"})"), kNow),
              "alice");
  expect_refused(verifier.verify(hs256(alice()), kNow), "`https://example.com/user`");
}

TEST(ClaimChecks, ClaimsGivenTwiceAreRefused) {
  for (const char* more :
       {R"(,"sub":"bob")", R"(,"s\u0075b":"bob")", R"(,"exp":1700000060,"exp":1800000000)",
        R"(,"aud":"a","aud":"presence")"})
    expect_refused(with_secret().verify(hs256(alice(more)), kNow), "twice");
}

TEST(ClaimChecks, PayloadMustBeExactlyOneJsonObject) {
  for (const std::string& payload :
       {std::string(), std::string("[]"), std::string("\"alice\""), alice() + 'x',
        alice() + alice(), alice().substr(1), std::string("{\"sub\":\"al\xFFice\"}"),
        std::string("{\"sub\":\"alice\"}\0", 16)})
    expect_refused(with_secret().verify(hs256(payload), kNow), "payload is not a JSON object");
}

TEST(ClaimChecks, ExpiredIsSaidOnlyWhenAllElseIsRight) {
  const TokenVerifier verifier = make({.secret = kSecret, .issuer = "a"});
  expect_refused(verifier.verify(hs256(alice(R"(,"exp":1,"iss":"b")")), kNow), "issuer");
  expect_refused(
      verifier.verify(hmac_token("HS256", "guess", kHs256Header, alice(R"(,"exp":1)")), kNow),
      "signature");
}

TEST(ClaimChecks, RefusalsShowNeitherTokenNorSecret) {
  const std::string token =
      hmac_token("HS256", "guess", R"({"alg":"HS256","kid":"k1234"})", alice());
  const auto claims = with_secret().verify(token, kNow);
  ASSERT_FALSE(claims);
  for (const std::string& word : {std::string("alice"), kSecret, std::string("k1234"), token})
    EXPECT_THAT(claims.error().message, Not(HasSubstr(word)));
}

}  // namespace
}  // namespace auth

#include "auth/authenticator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "auth/constant_time.h"
#include "auth/token_signer.h"

namespace auth {
namespace {

using base::ErrorCode;

const std::string kSecret = "0123456789abcdef0123456789abcdef";
const base::WallTime kNow = base::wall_from_millis(1'700'000'000'500);

Authenticator jwt() { return Authenticator(*TokenVerifier::create({.secret = kSecret})); }

std::string token_of(const std::string& user, base::Duration ttl = std::chrono::hours(1)) {
  return *sign_hs256({.secret = kSecret, .user_id = user, .ttl = ttl}, kNow);
}

TEST(Jwt, TheTokenDecides) {
  const auto identity =
      jwt().authenticate({.token = token_of("alice"), .user_id = "mallory"}, kNow);
  ASSERT_TRUE(identity) << identity.error().message;
  EXPECT_EQ(identity->user_id, "alice");
  EXPECT_EQ(identity->expires_at, base::wall_from_millis(1'700'003'600'000));
}

TEST(Jwt, NoTokenIsUnauthorized) {
  const auto identity = jwt().authenticate({.token = "", .user_id = "alice"}, kNow);
  ASSERT_FALSE(identity);
  EXPECT_EQ(identity.error().code, ErrorCode::kUnauthorized);
  EXPECT_EQ(identity.error().message, "a token is needed");
}

TEST(Jwt, RefusalsOfTheVerifierArePassedOn) {
  const std::string old = token_of("alice", std::chrono::seconds(-60));
  EXPECT_EQ(jwt().authenticate({.token = old, .user_id = {}}, kNow).error().code,
            ErrorCode::kTokenExpired);
  EXPECT_EQ(jwt().authenticate({.token = "x", .user_id = {}}, kNow).error().code,
            ErrorCode::kUnauthorized);
}

TEST(Jwt, RefreshIsForTheSameUser) {
  EXPECT_EQ(jwt().refresh(token_of("alice"), "alice", kNow)->user_id, "alice");
  EXPECT_EQ(jwt().refresh(token_of("bob"), "alice", kNow).error().code, ErrorCode::kUnauthorized);
  EXPECT_EQ(jwt().refresh("", "alice", kNow).error().code, ErrorCode::kUnauthorized);
  EXPECT_EQ(jwt().refresh(token_of("alice", std::chrono::seconds(-60)), "alice", kNow).error().code,
            ErrorCode::kTokenExpired);
}

TEST(Insecure, TheUserIdIsBelieved) {
  const auto identity =
      Authenticator::insecure().authenticate({.token = "x", .user_id = "alice"}, kNow);
  ASSERT_TRUE(identity);
  EXPECT_EQ(identity->user_id, "alice");
  EXPECT_EQ(identity->expires_at, std::nullopt);
}

TEST(Insecure, NoUserIdIsUnauthorized) {
  const auto identity = Authenticator::insecure().authenticate({.token = "x", .user_id = ""}, kNow);
  ASSERT_FALSE(identity);
  EXPECT_EQ(identity.error().code, ErrorCode::kUnauthorized);
}

TEST(Insecure, ThereIsNothingToRefresh) {
  EXPECT_EQ(Authenticator::insecure().refresh("x", "alice", kNow).error().code,
            ErrorCode::kInvalidArgument);
}

TEST(Signer, Refusals) {
  EXPECT_FALSE(sign_hs256({.secret = "", .user_id = "alice"}, kNow));
  EXPECT_FALSE(sign_hs256({.secret = "s", .user_id = ""}, kNow));
  for (const char* claim : {"iss", "aud", "exp", "nbf", "iat"})
    EXPECT_FALSE(sign_hs256({.secret = "s", .user_id = "alice", .user_claim = claim}, kNow))
        << claim;
}

TEST(Signer, WithoutALifetimeThereIsNoExpiry) {
  const auto token = sign_hs256({.secret = kSecret, .user_id = "alice", .user_claim = "uid"}, kNow);
  const auto verifier = TokenVerifier::create({.secret = kSecret, .user_claim = "uid"});
  const auto claims = verifier->verify(*token, kNow + std::chrono::hours(1'000'000));
  ASSERT_TRUE(claims);
  EXPECT_EQ(claims->user_id, "alice");
}

TEST(Options, AreChecked) {
  EXPECT_FALSE(TokenVerifier::create({}));
  EXPECT_FALSE(TokenVerifier::create({.secret = "s", .user_claim = ""}));
}

TEST(ConstantTime, Equals) {
  EXPECT_TRUE(constant_time_equals("", ""));
  EXPECT_TRUE(constant_time_equals("abc", "abc"));
  EXPECT_FALSE(constant_time_equals("abc", "abd"));
  EXPECT_FALSE(constant_time_equals("abc", "ab"));
  EXPECT_FALSE(constant_time_equals("", "a"));
  EXPECT_FALSE(constant_time_equals(std::string_view("a\0b", 3), std::string_view("a\0c", 3)));
}

}  // namespace
}  // namespace auth

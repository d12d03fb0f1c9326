// What the tests of the token verifier share: verifiers, tokens of alice, and what is expected.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "auth/test_tokens.h"
#include "auth/token_verifier.h"

namespace auth {

inline const std::string kSecret = "0123456789abcdef0123456789abcdef";
constexpr std::string_view kHs256Header = R"({"alg":"HS256","typ":"JWT"})";
constexpr int64_t kNowSeconds = 1'700'000'000;
inline const base::WallTime kNow = base::wall_from_millis(kNowSeconds * 1000);

inline TokenVerifier make(const TokenVerifier::Options& options) {
  auto verifier = TokenVerifier::create(options);
  if (!verifier) throw std::runtime_error(verifier.error().message);
  return std::move(*verifier);
}

inline TokenVerifier with_secret() { return make({.secret = kSecret}); }
inline TokenVerifier with_keys(const std::string& material) {
  return make({.key_material = material});
}

inline std::string hs256(std::string_view payload, std::string_view header = kHs256Header) {
  return testing::hmac_token("HS256", kSecret, header, payload);
}

// `{"sub":"alice", more}`
inline std::string alice(std::string_view more = "") {
  return R"({"sub":"alice")" + std::string(more) + '}';
}

inline void expect_user(const base::Result<Claims>& claims, std::string_view user) {
  ASSERT_TRUE(claims) << claims.error().message;
  EXPECT_EQ(claims->user_id, user);
}

inline void expect_refused(const base::Result<Claims>& claims, std::string_view why,
                           base::ErrorCode code = base::ErrorCode::kUnauthorized) {
  ASSERT_FALSE(claims) << "believed: " << claims->user_id;
  EXPECT_EQ(claims.error().code, code);
  EXPECT_THAT(claims.error().message, ::testing::HasSubstr(std::string(why)));
}

}  // namespace auth

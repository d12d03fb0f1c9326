#include "auth/authenticator.h"

#include <utility>

namespace auth {

Authenticator::Authenticator(TokenVerifier verifier) : verifier_(std::move(verifier)) {}

Authenticator Authenticator::insecure() { return Authenticator(); }

base::Result<Identity> Authenticator::authenticate(const Credentials& credentials,
                                                   base::WallTime now) const {
  if (!verifier_) {
    if (credentials.user_id.empty())
      return base::fail(base::ErrorCode::kUnauthorized, "a userId is needed");
    return Identity{std::string(credentials.user_id), std::nullopt};
  }
  if (credentials.token.empty())
    return base::fail(base::ErrorCode::kUnauthorized, "a token is needed");
  auto claims = verifier_->verify(credentials.token, now);
  if (!claims) return tl::unexpected(std::move(claims.error()));
  return Identity{std::move(claims->user_id), claims->expires_at};
}

base::Result<Identity> Authenticator::refresh(std::string_view token, std::string_view user_id,
                                              base::WallTime now) const {
  if (!verifier_) {
    return base::fail(base::ErrorCode::kInvalidArgument,
                      "there are no tokens to refresh in auth.mode insecure");
  }
  auto identity = authenticate({token, {}}, now);
  if (identity && identity->user_id != user_id)
    return base::fail(base::ErrorCode::kUnauthorized, "the token is another user's");
  // The leeway is for connecting: here the token would expire again at once.
  if (identity && identity->expires_at && *identity->expires_at <= now)
    return base::fail(base::ErrorCode::kTokenExpired, "the token has expired");
  return identity;
}

}  // namespace auth

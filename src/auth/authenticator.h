// Authenticator: who a connecting device belongs to, by the mode the operator chose (contract,
// section 2).
//
//   jwt       the token proves the user; a `userId` beside it is not read
//   insecure  the `userId` is believed; for development
//
// Immutable: shared read-only by all core threads. No call blocks.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "auth/token_verifier.h"
#include "base/result.h"
#include "base/time.h"

namespace auth {

// What a handshake brought; empty when it brought none. The views are borrowed for the call.
struct Credentials {
  std::string_view token = {};
  std::string_view user_id = {};
};

struct Identity {
  std::string user_id;  // not empty; whether it is a valid id is for the caller
  std::optional<base::WallTime> expires_at;  // when the proof ends; none: never
};

class Authenticator {
 public:
  explicit Authenticator(TokenVerifier verifier);  // mode jwt
  static Authenticator insecure();

  // Mode jwt.
  [[nodiscard]] bool uses_tokens() const { return verifier_.has_value(); }

  // kUnauthorized or kTokenExpired, with one sentence for the client. An absent and an empty token
  // (mode jwt) or user id (mode insecure) are the same refusal.
  [[nodiscard]] base::Result<Identity> authenticate(const Credentials& credentials,
                                                    base::WallTime now) const;

  // For `refresh_token`: the identity a newer token proves, which must be the same user's. In mode
  // insecure there is nothing to refresh (kInvalidArgument).
  [[nodiscard]] base::Result<Identity> refresh(std::string_view token, std::string_view user_id,
                                               base::WallTime now) const;

 private:
  Authenticator() = default;

  std::optional<TokenVerifier> verifier_;  // none: insecure
};

}  // namespace auth

// Makes tokens for trying the server out (`presenced token`) and for tests; a deployment's tokens
// come from its own login service.
//
// Pure; any thread.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "base/time.h"

namespace auth {

struct TokenRequest {
  std::string secret = {};         // the HMAC key, as bytes; not empty
  std::string user_id = {};        // not empty
  std::string user_claim = "sub";  // the claim that holds the user id
  std::optional<base::Duration> ttl =
      {};                     // `exp` is `now` and this, in whole seconds; none: no `exp`
  std::string issuer = {};    // `iss`; empty: none
  std::string audience = {};  // `aud`; empty: none
};

// A JWT (HS256) with `iat` of `now`. Refuses (kInvalidArgument) an empty secret or user id, and a
// user claim that is one of the claims set here.
base::Result<std::string> sign_hs256(const TokenRequest& request, base::WallTime now);

}  // namespace auth

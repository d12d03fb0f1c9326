// TokenVerifier: who a JSON Web Token says its bearer is, if its signature and its times hold.
//
// The keys are given once, by the operator; a token never brings its own (`jwk`, `jku`, `x5u` and
// `x5c` in its header are not read). Every key accepts the algorithms of its kind and no other, so
// a token cannot choose how it is checked:
//
//     secret, JWK `oct`                    HS256 HS384 HS512
//     RSA, at least 2048 bits              RS256 PS256   (an RSA-PSS key: PS256)
//     EC P-256                             ES256
//     Ed25519                              EdDSA
//
// A JWK's own `alg` narrows that further. Of several keys a token's `kid` selects the one of that
// name and those without a name; without `kid` every key of the right kind is tried.
//
// A token is refused unless it is in the one canonical form: three parts in base64url without
// padding and without stray bits, header and payload JSON objects in UTF-8 with nothing behind
// them, none of the members that are read given twice, no `crit`, a `typ` of `JWT` or `at+jwt` if
// there is one (a logout token or a security event is no proof of who connects).
//
// Immutable after create(): any number of threads may call verify() at once. It owns its keys. What
// verify() says about a token never contains a part of the token or of a key.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace auth {

// Contract, section 2: a longer token is refused before it is looked at.
constexpr std::size_t kMaxTokenBytes = 8192;
// How far the clocks of the token's issuer and of this server may be apart.
constexpr base::Duration kDefaultLeeway = std::chrono::seconds(5);

// What a token that was believed says.
struct Claims {
  std::string user_id;  // not empty; whether it is a valid id is for the caller
  std::optional<base::WallTime> expires_at;  // `exp` itself, without leeway; none: never expires
};

class TokenVerifier {
 public:
  struct Options {
    std::string secret = {};        // the HMAC key, as bytes; empty: none
    std::string key_material = {};  // content of a key file: PEM blocks (public keys or
                                    // certificates), a JWK or a JWK Set; empty: none
    std::string issuer = {};        // `iss` must be this; empty: not checked
    std::string audience = {};  // `aud` must be or contain this; empty: a token with an `aud` is
                                // refused, since it is meant for somebody else (RFC 7519, 4.1.3)
    std::string user_claim = "sub";  // the claim, a string, that holds the user id
  };

  // Refuses (kInvalidArgument) when there is no usable key, or when a key is broken, private or too
  // weak. The message names the setting (`jwt.secret`, `jwt.key_file`) and the key at fault.
  static base::Result<TokenVerifier> create(const Options& options);

  TokenVerifier(TokenVerifier&&) noexcept;
  TokenVerifier& operator=(TokenVerifier&&) noexcept;
  ~TokenVerifier();

  // kTokenExpired for a token in which everything is right but `exp`; kUnauthorized otherwise, with
  // one sentence that says why.
  [[nodiscard]] base::Result<Claims> verify(std::string_view token, base::WallTime now,
                                            base::Duration leeway = kDefaultLeeway) const;

  // What the operator should know about the key file, one sentence each: keys of a JWK Set that
  // were left out, secrets in it that are too short.
  [[nodiscard]] const std::vector<std::string>& warnings() const;

 private:
  struct State;
  explicit TokenVerifier(std::unique_ptr<const State> state);

  std::unique_ptr<const State> state_;
};

}  // namespace auth

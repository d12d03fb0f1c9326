// One key that can check signatures, bound to the algorithms of its kind. Internal to auth.
//
// Immutable; any number of threads may call verify() at once: OpenSSL's key objects may be read by
// several threads, and each call works on a context of its own.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "auth/algorithm.h"
#include "auth/openssl_handles.h"
#include "base/result.h"

namespace auth {

class VerificationKey {
 public:
  // An HMAC key, any bytes but none. Refusals of both makers (kInvalidArgument) say only what is
  // wrong, for a message that begins with which key it is.
  static base::Result<VerificationKey> from_secret(std::string_view secret);
  // A public key: RSA of 2048 to 16384 bits, RSA-PSS likewise, EC P-256, Ed25519.
  static base::Result<VerificationKey> from_public_key(KeyHandle key);

  // The name a token may select it by; empty: none.
  [[nodiscard]] const std::string& id() const { return id_; }
  void set_id(std::string id) { id_ = std::move(id); }

  [[nodiscard]] bool accepts(Algorithm algorithm) const { return algorithms_.contains(algorithm); }
  // False, and no change, when the key's kind has no such algorithm.
  bool narrow_to(Algorithm algorithm);

  // Whether `signature` (as in a JWS: for ES256 r and s, 32 bytes each) is this key's for
  // `message`. False for an algorithm that accepts() denies.
  [[nodiscard]] bool verify(Algorithm algorithm, std::string_view message,
                            std::string_view signature) const;

 private:
  VerificationKey() = default;
  [[nodiscard]] bool verify_mac(Algorithm algorithm, std::string_view message,
                                std::string_view signature) const;
  [[nodiscard]] DigestContextHandle begin_verify(Algorithm algorithm) const;

  std::string id_;
  AlgorithmSet algorithms_;
  KeyHandle key_;  // none for an HMAC key
  // HS256, HS384, HS512: keyed and then only copied, which is twice as fast as keying each time.
  std::array<MacContextHandle, 3> mac_templates_;
};

}  // namespace auth

// Reads what an operator puts into `jwt.key_file`: PEM blocks, a JWK or a JWK Set (RFC 7517).
// Internal to auth; pure, used at start.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "auth/verification_key.h"
#include "base/result.h"

namespace auth {

// So that a token without `kid` cannot make the server try without end.
constexpr std::size_t kMaxKeys = 32;

struct KeyFile {
  std::vector<VerificationKey> keys;  // at least one
  std::vector<std::string> warnings;  // keys of a set that are of no use here, one sentence each
};

// Refuses (kInvalidArgument) broken, weak and private keys; the message names the key at fault.
// Of a JWK Set, keys of other kinds and uses are left out (RFC 7517, section 5), with a warning.
// A certificate is only the wrapping of its key: neither its dates nor its issuer are looked at.
base::Result<KeyFile> read_key_file(std::string_view content);

// The two formats.
base::Result<KeyFile> read_pem_keys(std::string_view content);
base::Result<KeyFile> read_jwk_keys(std::string_view content);

}  // namespace auth

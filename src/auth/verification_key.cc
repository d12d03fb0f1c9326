#include "auth/verification_key.h"

#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "auth/constant_time.h"

namespace auth {
namespace {

constexpr int kMinRsaBits = 2048;
constexpr int kMaxRsaBits = OPENSSL_RSA_MAX_MODULUS_BITS;
constexpr std::size_t kEs256SignatureBytes = 64;
constexpr std::size_t kEd25519SignatureBytes = 64;

tl::unexpected<base::Error> refuse(std::string message) {
  return base::fail(base::ErrorCode::kInvalidArgument, std::move(message));
}

MacContextHandle keyed_mac(EVP_MAC* mac, std::string_view secret, const char* digest) {
  MacContextHandle context(EVP_MAC_CTX_new(mac));
  const std::array<OSSL_PARAM, 2> parameters{
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, const_cast<char*>(digest), 0),
      OSSL_PARAM_construct_end()};
  if (!context ||
      EVP_MAC_init(context.get(), as_bytes(secret), secret.size(), parameters.data()) != 1) {
    return nullptr;
  }
  return context;
}

bool is_p256(const EVP_PKEY* key) {
  std::array<char, 64> group{};
  std::size_t size = 0;
  if (EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, group.data(), group.size(),
                                     &size) != 1) {
    return false;  // a curve spelled out in parameters has no name, and is not to be trusted
  }
  const std::string_view name(group.data(), size);
  return name == "prime256v1" || name == "P-256";
}

base::Result<AlgorithmSet> algorithms_of(const EVP_PKEY* key) {
  const int type = EVP_PKEY_get_base_id(key);
  if (type == EVP_PKEY_RSA || type == EVP_PKEY_RSA_PSS) {
    const int bits = EVP_PKEY_get_bits(key);
    if (bits < kMinRsaBits || bits > kMaxRsaBits) {
      return refuse("an RSA key must have 2048 to 16384 bits, and this one has " +
                    std::to_string(bits));
    }
    return type == EVP_PKEY_RSA ? AlgorithmSet(Algorithm::kRs256, Algorithm::kPs256)
                                : AlgorithmSet(Algorithm::kPs256);
  }
  if (type == EVP_PKEY_EC) {
    if (!is_p256(key)) return refuse("of the elliptic curves only P-256 is supported");
    return AlgorithmSet(Algorithm::kEs256);
  }
  if (type == EVP_PKEY_ED25519) return AlgorithmSet(Algorithm::kEdDsa);
  return refuse("keys of this kind are not supported (RSA, EC P-256 and Ed25519 are)");
}

// ECDSA signatures are r and s side by side in a JWS (RFC 7518, 3.4) and an ASN.1 sequence in
// OpenSSL, which refuses an r or s of zero or beyond the curve's order.
std::optional<std::string> ecdsa_to_asn1(std::string_view signature) {
  if (signature.size() != kEs256SignatureBytes) return std::nullopt;
  constexpr int kHalf = kEs256SignatureBytes / 2;
  OpensslHandle<ECDSA_SIG, ECDSA_SIG_free> parsed(ECDSA_SIG_new());
  BIGNUM* r = BN_bin2bn(as_bytes(signature), kHalf, nullptr);
  BIGNUM* s = BN_bin2bn(as_bytes(signature) + kHalf, kHalf, nullptr);
  if (!parsed || ECDSA_SIG_set0(parsed.get(), r, s) != 1) {
    BN_free(r);
    BN_free(s);
    return std::nullopt;
  }
  std::array<unsigned char, kEs256SignatureBytes + 16> buffer{};
  unsigned char* end = buffer.data();
  const int size = i2d_ECDSA_SIG(parsed.get(), nullptr);
  if (size <= 0 || static_cast<std::size_t>(size) > buffer.size()) return std::nullopt;
  i2d_ECDSA_SIG(parsed.get(), &end);
  return std::string(buffer.data(), end);
}

}  // namespace

base::Result<VerificationKey> VerificationKey::from_secret(std::string_view secret) {
  const ErrorQueueGuard guard;
  if (secret.empty()) return refuse("the secret is empty");
  const MacHandle mac(EVP_MAC_fetch(nullptr, "HMAC", nullptr));
  if (!mac) return refuse("this build of OpenSSL has no HMAC");
  VerificationKey key;
  key.algorithms_ = AlgorithmSet(Algorithm::kHs256, Algorithm::kHs384, Algorithm::kHs512);
  static constexpr std::array kDigests{"SHA256", "SHA384", "SHA512"};
  for (std::size_t i = 0; i < kDigests.size(); ++i) {
    key.mac_templates_[i] = keyed_mac(mac.get(), secret, kDigests[i]);
    if (!key.mac_templates_[i]) return refuse("OpenSSL refuses the secret");
  }
  return key;
}

base::Result<VerificationKey> VerificationKey::from_public_key(KeyHandle public_key) {
  const ErrorQueueGuard guard;
  const auto algorithms = algorithms_of(public_key.get());
  if (!algorithms) return tl::unexpected(algorithms.error());
  const KeyContextHandle check(EVP_PKEY_CTX_new_from_pkey(nullptr, public_key.get(), nullptr));
  if (!check || EVP_PKEY_public_check(check.get()) != 1) return refuse("it is not a valid key");
  VerificationKey key;
  key.algorithms_ = *algorithms;
  key.key_ = std::move(public_key);
  for (const Algorithm algorithm :
       {Algorithm::kRs256, Algorithm::kPs256, Algorithm::kEs256, Algorithm::kEdDsa}) {
    if (key.accepts(algorithm) && !key.begin_verify(algorithm))
      return refuse("the key's own parameters exclude the use of SHA-256");
  }
  return key;
}

bool VerificationKey::narrow_to(Algorithm algorithm) {
  if (!accepts(algorithm)) return false;
  algorithms_ = AlgorithmSet(algorithm);
  return true;
}

bool VerificationKey::verify(Algorithm algorithm, std::string_view message,
                             std::string_view signature) const {
  if (!accepts(algorithm)) return false;
  const ErrorQueueGuard guard;
  if (!key_) return verify_mac(algorithm, message, signature);
  std::string asn1;
  if (algorithm == Algorithm::kEs256) {
    auto converted = ecdsa_to_asn1(signature);
    if (!converted) return false;
    asn1 = std::move(*converted);
    signature = asn1;
  } else if (algorithm == Algorithm::kEdDsa) {
    if (signature.size() != kEd25519SignatureBytes) return false;
  } else if (signature.size() != static_cast<std::size_t>(EVP_PKEY_get_size(key_.get()))) {
    return false;  // RFC 8017, 8.1.2 and 8.2.2: exactly as long as the modulus
  }
  const DigestContextHandle context = begin_verify(algorithm);
  // 1 is valid; 0 is invalid, and so is every negative value.
  return context && EVP_DigestVerify(context.get(), as_bytes(signature), signature.size(),
                                     as_bytes(message), message.size()) == 1;
}

bool VerificationKey::verify_mac(Algorithm algorithm, std::string_view message,
                                 std::string_view signature) const {
  const std::size_t index =
      static_cast<std::size_t>(algorithm) - static_cast<std::size_t>(Algorithm::kHs256);
  const MacContextHandle context(EVP_MAC_CTX_dup(mac_templates_[index].get()));
  std::array<unsigned char, EVP_MAX_MD_SIZE> expected{};
  std::size_t size = 0;
  if (!context || EVP_MAC_update(context.get(), as_bytes(message), message.size()) != 1 ||
      EVP_MAC_final(context.get(), expected.data(), &size, expected.size()) != 1) {
    return false;
  }
  return constant_time_equals({reinterpret_cast<const char*>(expected.data()), size}, signature);
}

DigestContextHandle VerificationKey::begin_verify(Algorithm algorithm) const {
  DigestContextHandle context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* parameters = nullptr;  // belongs to `context`
  const char* digest = algorithm == Algorithm::kEdDsa ? nullptr : "SHA256";
  if (!context || EVP_DigestVerifyInit_ex(context.get(), &parameters, digest, nullptr, nullptr,
                                          key_.get(), nullptr) != 1) {
    return nullptr;
  }
  // RFC 7518, 3.5: MGF1 with the same hash (the default), and a salt as long as the hash.
  if (algorithm == Algorithm::kPs256 &&
      (EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING) != 1 ||
       EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, RSA_PSS_SALTLEN_DIGEST) != 1)) {
    return nullptr;
  }
  return context;
}

}  // namespace auth

// Keys and tokens made on the spot, for the tests of this folder only: a signer for every
// algorithm, with a free hand over header and payload, so that a test can make what no honest
// issuer would.
#pragma once

#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "auth/openssl_handles.h"
#include "base/text.h"

namespace auth::testing {

inline std::string base64url(std::string_view bytes) {
  return base::base64url_encode({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
}

inline std::string hmac(std::string_view algorithm, std::string_view secret,
                        std::string_view message) {
  const EVP_MD* digest = algorithm == "HS512"   ? EVP_sha512()
                         : algorithm == "HS384" ? EVP_sha384()
                                                : EVP_sha256();
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  unsigned int size = 0;
  HMAC(digest, secret.data(), static_cast<int>(secret.size()), as_bytes(message), message.size(),
       out.data(), &size);
  return {reinterpret_cast<const char*>(out.data()), size};
}

// A compact JWS with an HMAC signature, whatever the header says.
inline std::string hmac_token(std::string_view algorithm, std::string_view secret,
                              std::string_view header, std::string_view payload) {
  const std::string text = base64url(header) + '.' + base64url(payload);
  return text + '.' + base64url(hmac(algorithm, secret, text));
}

// A private key of any kind, and what it can make.
class SigningKey {
 public:
  explicit SigningKey(KeyHandle key) : key_(std::move(key)) {}
  static SigningKey rsa(std::size_t bits = 2048) {
    return SigningKey(KeyHandle(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", bits)));
  }
  static SigningKey rsa_pss() {
    const KeyContextHandle context(EVP_PKEY_CTX_new_from_name(nullptr, "RSA-PSS", nullptr));
    EVP_PKEY* key = nullptr;
    EVP_PKEY_keygen_init(context.get());
    EVP_PKEY_CTX_set_rsa_keygen_bits(context.get(), 2048);
    EVP_PKEY_generate(context.get(), &key);
    return SigningKey(KeyHandle(key));
  }
  static SigningKey ec(const char* curve = "P-256") {
    return SigningKey(KeyHandle(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", curve)));
  }
  static SigningKey ed25519() {
    return SigningKey(KeyHandle(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")));
  }

  [[nodiscard]] EVP_PKEY* get() const { return key_.get(); }

  // ES256 as the ASN.1 sequence that OpenSSL makes.
  [[nodiscard]] std::string sign_raw(std::string_view algorithm, std::string_view message) const {
    const DigestContextHandle context(EVP_MD_CTX_new());
    EVP_PKEY_CTX* parameters = nullptr;
    const char* digest = algorithm == "EdDSA" ? nullptr : "SHA256";
    EVP_DigestSignInit_ex(context.get(), &parameters, digest, nullptr, nullptr, key_.get(),
                          nullptr);
    if (algorithm == "PS256") {
      EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING);
      EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, RSA_PSS_SALTLEN_DIGEST);
    }
    std::size_t size = 0;
    EVP_DigestSign(context.get(), nullptr, &size, as_bytes(message), message.size());
    std::string signature(size, '\0');
    EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                   as_bytes(message), message.size());
    signature.resize(size);
    return signature;
  }

  // As a JWS carries it.
  [[nodiscard]] std::string sign(std::string_view algorithm, std::string_view message) const {
    std::string raw = sign_raw(algorithm, message);
    if (algorithm != "ES256") return raw;
    const unsigned char* position = as_bytes(raw);
    const OpensslHandle<ECDSA_SIG, ECDSA_SIG_free> parsed(
        d2i_ECDSA_SIG(nullptr, &position, static_cast<long>(raw.size())));
    std::array<unsigned char, 64> out{};
    BN_bn2binpad(ECDSA_SIG_get0_r(parsed.get()), out.data(), 32);
    BN_bn2binpad(ECDSA_SIG_get0_s(parsed.get()), out.data() + 32, 32);
    return {reinterpret_cast<const char*>(out.data()), out.size()};
  }

  [[nodiscard]] std::string token(std::string_view algorithm, std::string_view payload,
                                  std::string_view more_header = "") const {
    const std::string header =
        R"({"alg":")" + std::string(algorithm) + '"' + std::string(more_header) + '}';
    const std::string text = base64url(header) + '.' + base64url(payload);
    return text + '.' + base64url(sign(algorithm, text));
  }

  [[nodiscard]] std::string public_pem() const {
    const BioHandle bio(BIO_new(BIO_s_mem()));
    PEM_write_bio_PUBKEY(bio.get(), key_.get());
    return content(bio.get());
  }
  [[nodiscard]] std::string private_pem() const {
    const BioHandle bio(BIO_new(BIO_s_mem()));
    PEM_write_bio_PrivateKey(bio.get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr);
    return content(bio.get());
  }
  // Signed by itself, and long expired.
  [[nodiscard]] std::string certificate_pem() const {
    const CertificateHandle certificate(X509_new());
    ASN1_TIME_set(X509_getm_notBefore(certificate.get()), 0);
    ASN1_TIME_set(X509_getm_notAfter(certificate.get()), 1);
    X509_set_pubkey(certificate.get(), key_.get());
    const bool edwards = EVP_PKEY_get_base_id(key_.get()) == EVP_PKEY_ED25519;
    X509_sign(certificate.get(), key_.get(), edwards ? nullptr : EVP_sha256());
    const BioHandle bio(BIO_new(BIO_s_mem()));
    PEM_write_bio_X509(bio.get(), certificate.get());
    return content(bio.get());
  }

  // The public key as a JWK; `more` is appended to its members, such as `,"kid":"a"`.
  [[nodiscard]] std::string jwk(std::string_view more = "") const {
    std::string members;
    switch (EVP_PKEY_get_base_id(key_.get())) {
      case EVP_PKEY_RSA:
        members = R"("kty":"RSA","n":")" + number(OSSL_PKEY_PARAM_RSA_N) + R"(","e":")" +
                  number(OSSL_PKEY_PARAM_RSA_E) + '"';
        break;
      case EVP_PKEY_EC:
        members = R"("kty":"EC","crv":"P-256","x":")" + number(OSSL_PKEY_PARAM_EC_PUB_X, 32) +
                  R"(","y":")" + number(OSSL_PKEY_PARAM_EC_PUB_Y, 32) + '"';
        break;
      default: {
        std::array<unsigned char, 32> raw{};
        std::size_t size = raw.size();
        EVP_PKEY_get_raw_public_key(key_.get(), raw.data(), &size);
        members = R"("kty":"OKP","crv":"Ed25519","x":")" + base::base64url_encode(raw) + '"';
      }
    }
    return '{' + members + std::string(more) + '}';
  }

 private:
  static std::string content(BIO* bio) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    return {data, static_cast<std::size_t>(size)};
  }
  [[nodiscard]] std::string number(const char* name, int size = 0) const {
    BIGNUM* value = nullptr;
    EVP_PKEY_get_bn_param(key_.get(), name, &value);
    const OpensslHandle<BIGNUM, BN_free> owner(value);
    const int bytes = size == 0 ? BN_num_bytes(value) : size;
    std::vector<uint8_t> out(static_cast<std::size_t>(bytes));
    BN_bn2binpad(value, out.data(), bytes);
    return base::base64url_encode(out);
  }

  KeyHandle key_;
};

// Keys that all tests share, because RSA keys take a while to make.
inline const SigningKey& rsa_key() {
  static const SigningKey key = SigningKey::rsa();
  return key;
}
inline const SigningKey& other_rsa_key() {
  static const SigningKey key = SigningKey::rsa();
  return key;
}
inline const SigningKey& ec_key() {
  static const SigningKey key = SigningKey::ec();
  return key;
}
inline const SigningKey& ed_key() {
  static const SigningKey key = SigningKey::ed25519();
  return key;
}

}  // namespace auth::testing

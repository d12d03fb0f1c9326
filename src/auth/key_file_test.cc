#include "auth/key_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "auth/test_tokens.h"
#include "auth/token_verifier.h"

namespace auth {
namespace {

using testing::ec_key;
using testing::ed_key;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::rsa_key;
using testing::SigningKey;
using ::testing::SizeIs;

void expect_refused(const std::string& content, std::string_view why) {
  const auto file = read_key_file(content);
  ASSERT_FALSE(file) << "accepted: " << content;
  EXPECT_EQ(file.error().code, base::ErrorCode::kInvalidArgument);
  EXPECT_THAT(file.error().message, HasSubstr(std::string(why)));
}

TEST(Pem, SeveralBlocksWithTextBetween) {
  const auto file = read_key_file("# keys of 2026\n" + rsa_key().public_pem() + "\nnext\n" +
                                  ec_key().certificate_pem() + ed_key().public_pem());
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_THAT(file->keys, SizeIs(3));
  EXPECT_TRUE(file->keys[0].accepts(Algorithm::kRs256));
  EXPECT_FALSE(file->keys[0].accepts(Algorithm::kHs256));
  EXPECT_TRUE(file->keys[1].accepts(Algorithm::kEs256));
  EXPECT_TRUE(file->keys[2].accepts(Algorithm::kEdDsa));
}

TEST(Pem, TraditionalRsaPublicKey) {
  const BioHandle bio(BIO_new(BIO_s_mem()));
  unsigned char* der = nullptr;
  const int size = i2d_PublicKey(rsa_key().get(), &der);
  PEM_write_bio(bio.get(), "RSA PUBLIC KEY", "", der, size);
  OPENSSL_free(der);
  char* data = nullptr;
  const long length = BIO_get_mem_data(bio.get(), &data);
  const auto file = read_key_file(std::string(data, static_cast<std::size_t>(length)));
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_TRUE(file->keys[0].accepts(Algorithm::kPs256));
}

TEST(Pem, RefusalsNameTheBlock) {
  expect_refused(rsa_key().public_pem() + ec_key().private_pem(),
                 "PEM block 2: it is a private key");
  expect_refused(SigningKey::rsa(1024).public_pem(), "PEM block 1: an RSA key must have 2048");
  expect_refused(SigningKey::ec("P-384").public_pem(), "only P-256");
  expect_refused(SigningKey::ec("secp256k1").public_pem(), "only P-256");
  expect_refused(SigningKey(KeyHandle(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED448"))).public_pem(),
                 "not supported");
  expect_refused(SigningKey(KeyHandle(EVP_PKEY_Q_keygen(nullptr, nullptr, "X25519"))).public_pem(),
                 "not supported");
  expect_refused("-----BEGIN DH PARAMETERS-----\nAAAA\n-----END DH PARAMETERS-----\n",
                 "neither a PUBLIC KEY nor a CERTIFICATE");
  expect_refused("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
                 "cannot be decoded");
  expect_refused("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
                 "cannot be decoded");
}

TEST(Pem, CutAndGarbledBlocks) {
  const std::string pem = rsa_key().public_pem();
  expect_refused(pem + pem.substr(0, pem.size() - 10), "PEM block 2 is malformed");
  expect_refused(pem + pem.substr(0, 100), "PEM block 2 is malformed");
  std::string garbled = pem;
  garbled[60] = '!';
  expect_refused(garbled, "malformed");
  expect_refused("", "neither a PEM block nor a JWK");
  expect_refused("secret", "neither a PEM block nor a JWK");
}

TEST(Pem, TooManyKeys) {
  std::string all;
  for (std::size_t i = 0; i <= kMaxKeys; ++i) all += ed_key().public_pem();
  expect_refused(all, "more than 32 keys");
}

TEST(Jwk, OneKeyWithItsName) {
  const auto file =
      read_key_file("\n " + rsa_key().jwk(R"(,"kid":"k1","alg":"RS256","use":"sig")"));
  ASSERT_TRUE(file) << file.error().message;
  ASSERT_THAT(file->keys, SizeIs(1));
  EXPECT_EQ(file->keys[0].id(), "k1");
  EXPECT_TRUE(file->keys[0].accepts(Algorithm::kRs256));
  EXPECT_FALSE(file->keys[0].accepts(Algorithm::kPs256));
}

TEST(Jwk, ASetLeavesOutWhatIsForOthersAndSaysSo) {
  const auto file = read_key_file(
      R"({"keys":[{"kty":"EC","crv":"P-521","x":"AA","y":"AA"},{"kty":"new"},)" +
      rsa_key().jwk(R"(,"use":"enc")") + ',' + rsa_key().jwk(R"(,"alg":"RSA-OAEP")") + ',' +
      rsa_key().jwk(R"(,"key_ops":["encrypt"])") + ',' + ec_key().jwk(R"(,"kid":"e")") + "]}");
  ASSERT_TRUE(file) << file.error().message;
  ASSERT_THAT(file->keys, SizeIs(1));
  EXPECT_EQ(file->keys[0].id(), "e");
  ASSERT_THAT(file->warnings, SizeIs(5));
  EXPECT_THAT(file->warnings[0], HasSubstr("key 1 of the set is not used: its kind"));
  EXPECT_THAT(file->warnings[2], HasSubstr("key 3 of the set is not used: its `use`"));
  EXPECT_THAT(file->warnings[3], HasSubstr("`alg`"));
  EXPECT_THAT(file->warnings[4], HasSubstr("`key_ops`"));
}

TEST(Jwk, SecretsShorterThanTheHashAreWarnedAbout) {
  const auto one = read_key_file(R"({"kty":"oct","k":"c2hvcnQ"})");
  ASSERT_TRUE(one);
  ASSERT_THAT(one->warnings, SizeIs(1));
  EXPECT_THAT(one->warnings[0], HasSubstr("shorter than 32 bytes"));
  const auto set = read_key_file(R"({"keys":[{"kty":"oct","k":"c2hvcnQ"}]})");
  ASSERT_TRUE(set);
  EXPECT_THAT(set->warnings, SizeIs(1));
  const auto verifier = TokenVerifier::create({.key_material = R"({"kty":"oct","k":"c2hvcnQ"})"});
  ASSERT_TRUE(verifier);
  EXPECT_THAT(verifier->warnings()[0], HasSubstr("jwt.key_file: the JWK"));
}

TEST(Jwk, Refusals) {
  expect_refused("{", "not a JSON object");
  expect_refused("{}", "its kind is not supported");
  expect_refused(R"({"keys":{}})", "`keys` is not an array");
  expect_refused(R"({"keys":[]})", "holds no key that can be used");
  expect_refused(R"({"keys":[1]})", "key 1 of the set: it is not a JSON object");
  expect_refused(R"({"keys":[{"kty":"oct","k":""}]})", "key 1 of the set: `k` is missing");
  expect_refused(R"({"kty":"oct"})", "`k` is missing");
  expect_refused(R"({"kty":"oct","k":"a="})", "not base64url");
  expect_refused(R"({"kty":"RSA","e":"AQAB"})", "`n` is missing");
  expect_refused(R"({"kty":"RSA","n":"AQAB"})", "`e` is missing");
  expect_refused(R"({"kty":"EC","crv":"P-256","x":"AQAB","y":"AQAB"})", "32 bytes each");
  expect_refused(R"({"kty":"EC","crv":"P-256","x":"AQAB"})", "`y` is missing");
  expect_refused(R"({"kty":"OKP","crv":"Ed25519","x":"AQAB"})", "32 bytes");
  expect_refused(R"({"kty":"OKP","crv":"X25519","x":"AQAB"})", "its kind is not supported");
  expect_refused(SigningKey::rsa(1024).jwk(), "2048 to 16384 bits");
  expect_refused(rsa_key().jwk(R"(,"alg":"ES256")"), "does not fit");
  expect_refused(rsa_key().jwk(R"(,"alg":"RS512")"), "`alg` is not supported");
  expect_refused(rsa_key().jwk(R"(,"kid":7)"), "`kid` is not a string");
  expect_refused(rsa_key().jwk(R"(,"d":"AQAB")"), "private key");
  expect_refused(ec_key().jwk(R"(,"d":"AQAB")"), "private key");
  expect_refused(ed_key().jwk(R"(,"d":"AQAB")"), "private key");
  expect_refused(rsa_key().jwk(R"(,"use":"enc")"), "its `use` is not `sig`");
}

// (1, 1) is not on the curve.
TEST(Jwk, PointsOffTheCurveAreRefused) {
  const std::string one = testing::base64url(std::string(31, '\0') + '\x01');
  expect_refused(R"({"kty":"EC","crv":"P-256","x":")" + one + R"(","y":")" + one + R"("})",
                 "cannot be used");
}

TEST(Jwk, RsaExponentOfOneIsRefused) {
  std::string jwk = rsa_key().jwk();
  const std::size_t exponent = jwk.find("AQAB", jwk.find("\"e\""));
  expect_refused(jwk.replace(exponent, 4, "AQ"), "not a valid key");
}

TEST(KeyFileProperties, AnyContentEndsInAResult) {
  rc::check("noise is refused", [](const std::string& noise) {
    RC_ASSERT(!read_key_file(noise));
    RC_ASSERT(!read_key_file('{' + noise));
  });
}

}  // namespace
}  // namespace auth

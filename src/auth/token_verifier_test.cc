#include "auth/token_verifier.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/err.h>
#include <rapidcheck.h>

#include <atomic>
#include <thread>

#include "auth/test_tokens.h"
#include "auth/token_signer.h"
#include "auth/verifier_expectations.h"

namespace auth {
namespace {

using base::ErrorCode;
using testing::base64url;
using testing::ec_key;
using testing::ed_key;
using ::testing::HasSubstr;
using testing::hmac_token;
using ::testing::Not;
using testing::rsa_key;

// --- The examples of RFC 7515, appendix A; their user is in `iss`, their time in 2011. ---

constexpr std::string_view kRfcPayload =
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlf"
    "Q";
const base::WallTime kRfcTime = base::wall_from_millis(1'300'819'000'000);

base::Result<Claims> verify_rfc(const std::string& jwk, std::string_view header,
                                std::string_view signature) {
  const TokenVerifier verifier = make({.key_material = jwk, .user_claim = "iss"});
  return verifier.verify(
      std::string(header) + '.' + std::string(kRfcPayload) + '.' + std::string(signature),
      kRfcTime);
}

TEST(RfcVectors, Rfc7515AppendixA1Hs256) {
  expect_user(verify_rfc(R"({"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH)"
                         R"(75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"})",
                         "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9",
                         "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
              "joe");
}

TEST(RfcVectors, Rfc7515AppendixA2Rs256) {
  expect_user(
      verify_rfc(
          R"({"kty":"RSA","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHm)"
          R"(fHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2)"
          R"(jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2)"
          R"(CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h)"
          R"(9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ","e":"AQAB"})",
          "eyJhbGciOiJSUzI1NiJ9",
          "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5Y"
          "Kt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6x"
          "BArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6"
          "BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_I"
          "oypGlUPQGe77Rw"),
      "joe");
}

TEST(RfcVectors, Rfc7515AppendixA3Es256) {
  expect_user(
      verify_rfc(R"({"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHv)"
                 R"(RVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"})",
                 "eyJhbGciOiJFUzI1NiJ9",
                 "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJ"
                 "qPP3-Kg6NU1Q"),
      "joe");
}

// An unsecured JWS (RFC 7515, appendix A.5).
TEST(RfcVectors, Rfc7515AppendixA5NoneIsRefused) {
  expect_refused(
      with_secret().verify("eyJhbGciOiJub25lIn0." + std::string(kRfcPayload) + '.', kNow),
      "algorithm");
}

// The payload of this example is no JSON: getting so far means that its signature was right.
TEST(RfcVectors, Rfc8037AppendixA4EdDsa) {
  const TokenVerifier verifier = with_keys(
      R"({"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})");
  const std::string text = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.";
  const std::string signature =
      "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
  expect_refused(verifier.verify(text + signature, kNow), "payload is not a JSON object");
  expect_refused(verifier.verify(text + 'i' + signature.substr(1), kNow), "signature is not valid");
}

// --- Every algorithm, with keys in every form. ---

TEST(Algorithms, Hmac) {
  const TokenVerifier verifier = with_secret();
  for (const char* name : {"HS256", "HS384", "HS512"}) {
    const std::string header = R"({"alg":")" + std::string(name) + R"("})";
    expect_user(verifier.verify(hmac_token(name, kSecret, header, alice()), kNow), "alice");
    expect_refused(verifier.verify(hmac_token(name, "another", header, alice()), kNow),
                   "signature is not valid");
  }
}

struct Case {
  const char* algorithm;
  const testing::SigningKey& (*key)();
};
const Case kAsymmetric[] = {
    {"RS256", rsa_key}, {"PS256", rsa_key}, {"ES256", ec_key}, {"EdDSA", ed_key}};

TEST(Algorithms, AsymmetricWithEveryFormOfKey) {
  for (const Case& c : kAsymmetric) {
    SCOPED_TRACE(c.algorithm);
    const auto& key = c.key();
    for (const std::string& material :
         {key.public_pem(), key.certificate_pem(), key.jwk(), R"({"keys":[)" + key.jwk() + "]}"}) {
      const TokenVerifier verifier = with_keys(material);
      expect_user(verifier.verify(key.token(c.algorithm, alice()), kNow), "alice");
      EXPECT_TRUE(verifier.warnings().empty());
    }
  }
}

TEST(Algorithms, AnotherKeyOfTheSameKindIsRefused) {
  expect_refused(with_keys(testing::other_rsa_key().public_pem())
                     .verify(rsa_key().token("RS256", alice()), kNow),
                 "signature is not valid");
  expect_refused(with_keys(testing::SigningKey::ec().public_pem())
                     .verify(ec_key().token("ES256", alice()), kNow),
                 "signature is not valid");
  expect_refused(with_keys(testing::SigningKey::ed25519().public_pem())
                     .verify(ed_key().token("EdDSA", alice()), kNow),
                 "signature is not valid");
}

TEST(Algorithms, RsaPssKeyAcceptsPs256Only) {
  const auto key = testing::SigningKey::rsa_pss();
  const TokenVerifier verifier = with_keys(key.public_pem());
  expect_user(verifier.verify(key.token("PS256", alice()), kNow), "alice");
  expect_refused(verifier.verify(rsa_key().token("RS256", alice()), kNow), "there is no key");
}

TEST(Algorithms, SeveralPemBlocksAndASecretTogether) {
  const TokenVerifier verifier =
      make({.secret = kSecret,
            .key_material = rsa_key().public_pem() + "a comment\n" + ec_key().certificate_pem() +
                            ed_key().public_pem()});
  expect_user(verifier.verify(hs256(alice()), kNow), "alice");
  for (const Case& c : kAsymmetric)
    expect_user(verifier.verify(c.key().token(c.algorithm, alice()), kNow), "alice");
}

// --- Confusion. ---

TEST(Confusion, NoneInAnySpelling) {
  const TokenVerifier verifier = make({.secret = kSecret, .key_material = rsa_key().public_pem()});
  for (const char* name : {"none", "None", "NONE", "nOnE", "", "hs256", "HS256 ", "RS384", "HS1"}) {
    const std::string text =
        base64url(R"({"alg":")" + std::string(name) + R"("})") + '.' + base64url(alice()) + '.';
    expect_refused(verifier.verify(text, kNow), "algorithm is not accepted");
    expect_refused(verifier.verify(text + "AAAA", kNow), "algorithm is not accepted");
  }
  for (const char* header : {"{}", R"({"alg":null})", R"({"alg":["HS256"]})", R"({"alg":256})"})
    expect_refused(verifier.verify(hs256(alice(), header), kNow), "algorithm is not accepted");
}

TEST(Confusion, PublicKeyIsNoHmacSecret) {
  for (const Case& c : kAsymmetric) {
    const std::string pem = c.key().public_pem();
    const TokenVerifier verifier = with_keys(pem);
    for (const std::string& secret : {pem, pem.substr(0, pem.size() - 1), c.key().jwk()})
      expect_refused(verifier.verify(hmac_token("HS256", secret, kHs256Header, alice()), kNow),
                     "there is no key");
  }
}

TEST(Confusion, SecretIsNoPublicKey) {
  for (const Case& c : kAsymmetric)
    expect_refused(with_secret().verify(c.key().token(c.algorithm, alice()), kNow),
                   "there is no key");
}

TEST(Confusion, PemAsSecretIsRefusedAtStart) {
  const auto verifier = TokenVerifier::create({.secret = rsa_key().public_pem()});
  ASSERT_FALSE(verifier);
  EXPECT_THAT(verifier.error().message, HasSubstr("jwt.key_file"));
}

TEST(Confusion, KeysInTheHeaderAreNotRead) {
  const auto attacker = testing::SigningKey::ec();
  const TokenVerifier verifier = with_keys(ec_key().public_pem());
  expect_refused(
      verifier.verify(attacker.token("ES256", alice(), R"(,"jwk":)" + attacker.jwk()), kNow),
      "signature is not valid");
}

TEST(Confusion, RsaPaddingsAreNotInterchangeable) {
  const TokenVerifier verifier = with_keys(rsa_key().public_pem());
  const std::string text = base64url(R"({"alg":"PS256"})") + '.' + base64url(alice());
  expect_refused(verifier.verify(text + '.' + base64url(rsa_key().sign("RS256", text)), kNow),
                 "signature is not valid");
}

TEST(Confusion, JwkAlgNarrowsTheKey) {
  const TokenVerifier verifier = with_keys(rsa_key().jwk(R"(,"alg":"PS256")"));
  expect_user(verifier.verify(rsa_key().token("PS256", alice()), kNow), "alice");
  expect_refused(verifier.verify(rsa_key().token("RS256", alice()), kNow), "there is no key");
}

// --- Signatures. ---

TEST(Signatures, Es256IsRAndSOf32BytesEach) {
  const TokenVerifier verifier = with_keys(ec_key().public_pem());
  const std::string text = base64url(R"({"alg":"ES256"})") + '.' + base64url(alice());
  const std::string good = ec_key().sign("ES256", text);
  const auto verify = [&](const std::string& signature) {
    return verifier.verify(text + '.' + base64url(signature), kNow);
  };
  expect_user(verify(good), "alice");
  const std::string order(
      "\xFF\xFF\xFF\xFF\x00\x00\x00\x00\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xBC\xE6\xFA\xAD\xA7\x17\x9E"
      "\x84"
      "\xF3\xB9\xCA\xC2\xFC\x63\x25\x51",
      32);
  const std::string zero(32, '\0');
  for (const std::string& bad :
       {std::string(), zero + zero, good.substr(0, 32) + zero, zero + good.substr(32),
        order + order, order + zero, good.substr(0, 63), good + '\0', '\0' + good,
        std::string(64, '\xFF'), good.substr(32) + good.substr(0, 32),
        ec_key().sign_raw("ES256", text), std::string("\x30\x06\x02\x01\x00\x02\x01\x00", 8)}) {
    expect_refused(verify(bad), "signature is not valid");
  }
}

TEST(Signatures, LengthsAreExact) {
  const TokenVerifier verifier =
      make({.secret = kSecret, .key_material = rsa_key().public_pem() + ed_key().public_pem()});
  for (const Case& c : {Case{"RS256", rsa_key}, Case{"PS256", rsa_key}, Case{"EdDSA", ed_key}}) {
    const std::string text =
        base64url(R"({"alg":")" + std::string(c.algorithm) + R"("})") + '.' + base64url(alice());
    const std::string good = c.key().sign(c.algorithm, text);
    for (const std::string& bad :
         {std::string(), good.substr(1), good.substr(0, good.size() - 1), '\0' + good, good + '\0',
          good + good, std::string(good.size(), '\0'), std::string("x")})
      expect_refused(verifier.verify(text + '.' + base64url(bad), kNow), "signature is not valid");
  }
  const std::string text = base64url(kHs256Header) + '.' + base64url(alice());
  const std::string good = testing::hmac("HS256", kSecret, text);
  for (const std::string& bad : {std::string(), good.substr(0, 1), good.substr(0, 16), good + '\0'})
    expect_refused(verifier.verify(text + '.' + base64url(bad), kNow), "signature is not valid");
}

TEST(Signatures, RefusalsLeaveNothingInTheErrorQueue) {
  ERR_clear_error();
  const TokenVerifier verifier = with_keys(rsa_key().public_pem() + ec_key().public_pem());
  const std::string text = base64url(R"({"alg":"RS256"})") + '.' + base64url(alice());
  (void)verifier.verify(text + '.' + base64url(std::string(256, 'x')), kNow);
  const std::string ec_text = base64url(R"({"alg":"ES256"})") + '.' + base64url(alice());
  (void)verifier.verify(ec_text + '.' + base64url(std::string(64, '\xFF')), kNow);
  EXPECT_EQ(ERR_peek_error(), 0UL);
}

// --- kid. ---

TEST(KeyId, SelectsAmongKeysOfASet) {
  const auto second = testing::SigningKey::ec();
  const TokenVerifier verifier =
      with_keys(R"({"keys":[)" + ec_key().jwk(R"(,"kid":"one")") + ',' +
                second.jwk(R"(,"kid":"two","use":"sig","key_ops":["verify"])") + "]}");
  expect_user(verifier.verify(ec_key().token("ES256", alice(), R"(,"kid":"one")"), kNow), "alice");
  expect_user(verifier.verify(second.token("ES256", alice(), R"(,"kid":"two")"), kNow), "alice");
  expect_user(verifier.verify(second.token("ES256", alice()), kNow), "alice");
  expect_refused(verifier.verify(second.token("ES256", alice(), R"(,"kid":"one")"), kNow),
                 "signature is not valid");
  expect_refused(verifier.verify(second.token("ES256", alice(), R"(,"kid":"three")"), kNow),
                 "there is no key");
  expect_refused(verifier.verify(second.token("ES256", alice(), R"(,"kid":2)"), kNow),
                 "`kid` is not a string");
}

TEST(KeyId, KeysWithoutOneAcceptAny) {
  const TokenVerifier verifier = with_keys(ec_key().public_pem());
  expect_user(verifier.verify(ec_key().token("ES256", alice(), R"(,"kid":"x")"), kNow), "alice");
}

// --- Header. ---

TEST(Header, CriticalExtensionsAreRefused) {
  for (const char* more : {R"(,"crit":["b64"],"b64":false)", R"(,"crit":[])", R"(,"crit":null)",
                           R"(,"crit":["exp"],"exp":1)"})
    expect_refused(
        with_secret().verify(hs256(alice(), R"({"alg":"HS256")" + std::string(more) + '}'), kNow),
        "critical");
}

TEST(Header, Types) {
  for (const char* type : {"JWT", "jwt", "application/jwt", "at+jwt", "application/at+JWT"})
    expect_user(
        with_secret().verify(
            hs256(alice(), R"({"alg":"HS256","typ":")" + std::string(type) + R"("})"), kNow),
        "alice");
  for (const char* type : {R"("logout+jwt")", R"("secevent+jwt")", R"("dpop+jwt")", R"("")", "null",
                           R"(["JWT"])", R"("application/")", R"("JWE")"})
    expect_refused(with_secret().verify(
                       hs256(alice(), R"({"alg":"HS256","typ":)" + std::string(type) + '}'), kNow),
                   "type");
}

TEST(Header, MembersGivenTwiceAreRefused) {
  for (const char* header :
       {R"({"alg":"none","alg":"HS256"})", R"({"alg":"HS256","\u0061lg":"HS256"})",
        R"({"alg":"HS256","kid":"a","kid":"a"})", R"({"alg":"HS256","typ":"JWT","typ":"JWT"})"})
    expect_refused(with_secret().verify(hs256(alice(), header), kNow), "twice");
}

TEST(Header, MustBeExactlyOneJsonObject) {
  for (const std::string& header :
       {std::string(), std::string("[]"), std::string("\"HS256\""), std::string("null"),
        std::string(R"({"alg":"HS256")"), std::string(R"({"alg":"HS256"}x)"),
        std::string(R"({"alg":"HS256"}{"alg":"HS256"})"), std::string(R"({"alg":"HS256",})"),
        std::string(R"({alg:"HS256"})"), std::string("{\"alg\":\"HS256\"}\0", 16),
        std::string("\xEF\xBB\xBF{\"alg\":\"HS256\"}"),
        std::string("{\"alg\":\"HS256\",\"x\":\"\xC0\x80\"}"),
        R"({"alg":"HS256","x":)" + std::string(100, '[') + std::string(100, ']') + '}'})
    expect_refused(with_secret().verify(hs256(alice(), header), kNow),
                   "header is not a JSON object");
  expect_user(with_secret().verify(hs256(alice(), "\r\n {\"alg\" : \"HS256\" } \n"), kNow),
              "alice");
}

// --- Form of the whole token. ---

TEST(Form, PartsAndLength) {
  const TokenVerifier verifier = with_secret();
  const std::string good = hs256(alice());
  for (const std::string& bad : {std::string(), std::string("."), std::string("a.b"), good + '.',
                                 '.' + good, good + ".a.b", "a" + std::string(5000, '.')})
    expect_refused(verifier.verify(bad, kNow), "three parts");
  expect_refused(verifier.verify("..", kNow), "header is not a JSON object");
  expect_refused(verifier.verify(std::string(kMaxTokenBytes + 1, 'a'), kNow), "longer than 8192");
  expect_refused(verifier.verify(std::string(10'000'000, '.'), kNow), "longer than 8192");
}

// Not every length is that of a token, so the limit is met by the two nearest ones.
TEST(Form, TheLongestToken) {
  const TokenVerifier verifier = with_secret();
  std::size_t longest = 0;
  for (std::size_t pad = 6050; longest == 0; ++pad) {
    const std::string token = hs256(alice(R"(,"x":")" + std::string(pad, 'x') + '"'));
    if (token.size() <= kMaxTokenBytes) {
      expect_user(verifier.verify(token, kNow), "alice");
    } else {
      expect_refused(verifier.verify(token, kNow), "longer than 8192");
      longest = pad;
    }
  }
  EXPECT_GT(longest, 6050U);
}

TEST(Form, Base64UrlIsCanonical) {
  const TokenVerifier verifier = with_secret();
  const std::string good = hs256(alice());
  expect_user(verifier.verify(good, kNow), "alice");
  for (const std::string& bad :
       {good + '=', good + "==", good + '\n', ' ' + good, good + ' ', good + '\0'})
    expect_refused(verifier.verify(bad, kNow), "base64url");
  // The last character of a signature of 32 bytes carries two bits that belong to no byte.
  std::string stray = good;
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  stray.back() = kAlphabet[kAlphabet.find(stray.back()) + 1];
  expect_refused(verifier.verify(stray, kNow), "base64url");
}

// --- Properties. ---

TEST(Properties, AnyChangedByteIsRefused) {
  const TokenVerifier verifier = make(
      {.secret = kSecret,
       .key_material = rsa_key().public_pem() + ec_key().public_pem() + ed_key().public_pem()});
  std::vector<std::string> tokens{hs256(alice(R"(,"exp":1800000000)"))};
  for (const Case& c : kAsymmetric) tokens.push_back(c.key().token(c.algorithm, alice()));
  rc::check("a token with one byte changed is refused", [&] {
    std::string token = *rc::gen::elementOf(tokens);
    const auto position = *rc::gen::inRange<std::size_t>(0, token.size());
    const auto byte = static_cast<char>(*rc::gen::inRange(0, 256));
    RC_PRE(token[position] != byte);
    token[position] = byte;
    RC_ASSERT(!verifier.verify(token, kNow));
  });
}

TEST(Properties, EveryBitOfAnHmacTokenMatters) {
  const TokenVerifier verifier = with_secret();
  const std::string good = hs256(alice());
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string bad = good;
      bad[i] = static_cast<char>(bad[i] ^ (1 << bit));
      ASSERT_FALSE(verifier.verify(bad, kNow)) << "byte " << i << " bit " << bit;
    }
  }
}

TEST(Properties, AnyTruncationIsRefused) {
  const TokenVerifier verifier = with_secret();
  const std::string good = hs256(alice());
  for (std::size_t size = 0; size < good.size(); ++size)
    ASSERT_FALSE(verifier.verify(good.substr(0, size), kNow)) << size;
}

TEST(Properties, ArbitraryBytesAreRefused) {
  const TokenVerifier verifier = with_secret();
  rc::check("noise is refused",
            [&](const std::string& noise) { RC_ASSERT(!verifier.verify(noise, kNow)); });
  rc::check("noise in three parts is refused", [&](const std::string& a, const std::string& b,
                                                   const std::string& c) {
    RC_ASSERT(!verifier.verify(base64url(a) + '.' + base64url(b) + '.' + base64url(c), kNow));
  });
}

TEST(Properties, WhatTheSignerMakesIsBelieved) {
  rc::check("signed tokens verify", [] {
    const auto secret = *rc::gen::nonEmpty<std::string>();
    RC_PRE(secret.find("-----BEGIN ") == std::string::npos);
    const auto user =
        *rc::gen::nonEmpty(rc::gen::container<std::string>(rc::gen::inRange('\x01', '\x7f')));
    const TokenVerifier verifier = make({.secret = secret, .issuer = "i", .audience = "a"});
    const auto token = sign_hs256({.secret = secret,
                                   .user_id = user,
                                   .ttl = std::chrono::seconds(60),
                                   .issuer = "i",
                                   .audience = "a"},
                                  kNow);
    RC_ASSERT(token.has_value());
    const auto claims = verifier.verify(*token, kNow);
    RC_ASSERT(claims.has_value());
    RC_ASSERT(claims->user_id == user);
    RC_ASSERT(claims->expires_at == kNow + std::chrono::seconds(60));
  });
}

TEST(Threads, OneVerifierServesAll) {
  const TokenVerifier verifier = make(
      {.secret = kSecret,
       .key_material = rsa_key().public_pem() + ec_key().public_pem() + ed_key().public_pem()});
  std::vector<std::string> tokens{hs256(alice())};
  for (const Case& c : kAsymmetric) tokens.push_back(c.key().token(c.algorithm, alice()));
  std::atomic<int> believed{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 20; ++round)
        for (const std::string& token : tokens)
          if (verifier.verify(token, kNow)) ++believed;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(believed, 4 * 20 * 5);
}

}  // namespace
}  // namespace auth

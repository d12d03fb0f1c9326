#include <openssl/param_build.h>

#include <algorithm>
#include <boost/json.hpp>
#include <optional>
#include <utility>

#include "auth/algorithm.h"
#include "auth/key_file.h"
#include "auth/openssl_handles.h"
#include "base/text.h"

namespace auth {
namespace {

namespace json = boost::json;

constexpr std::size_t kP256CoordinateBytes = 32;
constexpr std::size_t kEd25519KeyBytes = 32;
constexpr std::size_t kShortestHash = 32;

using ParameterBuilderHandle = OpensslHandle<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free>;
using ParametersHandle = OpensslHandle<OSSL_PARAM, OSSL_PARAM_free>;
using NumberHandle = OpensslHandle<BIGNUM, BN_free>;

tl::unexpected<base::Error> refuse(std::string message) {
  return base::fail(base::ErrorCode::kInvalidArgument, std::move(message));
}

// A string member; nothing when it is absent or something else.
std::optional<std::string_view> text_member(const json::object& jwk, std::string_view name) {
  const json::value* value = jwk.if_contains(name);
  if (value == nullptr || !value->is_string()) return std::nullopt;
  return std::string_view(value->get_string());
}

base::Result<std::string> bytes_member(const json::object& jwk, std::string_view name) {
  const auto text = text_member(jwk, name);
  auto bytes = text ? base::base64url_decode(*text) : std::nullopt;
  if (!bytes || bytes->empty())
    return refuse("`" + std::string(name) + "` is missing or is not base64url");
  return std::move(*bytes);
}

KeyHandle key_from(const char* type, OSSL_PARAM_BLD* builder) {
  const ParametersHandle parameters(OSSL_PARAM_BLD_to_param(builder));
  const KeyContextHandle context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* key = nullptr;
  if (!parameters || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.get()) != 1) {
    return nullptr;
  }
  return KeyHandle(key);
}

NumberHandle number_from(const std::string& bytes) {
  return NumberHandle(BN_bin2bn(as_bytes(bytes), static_cast<int>(bytes.size()), nullptr));
}

base::Result<VerificationKey> from_handle(KeyHandle key) {
  if (!key) return refuse("its members do not make a key");
  return VerificationKey::from_public_key(std::move(key));
}

base::Result<VerificationKey> read_rsa(const json::object& jwk) {
  const auto modulus = bytes_member(jwk, "n");
  if (!modulus) return tl::unexpected(modulus.error());
  const auto exponent = bytes_member(jwk, "e");
  if (!exponent) return tl::unexpected(exponent.error());
  const NumberHandle n = number_from(*modulus);
  const NumberHandle e = number_from(*exponent);
  const ParameterBuilderHandle builder(OSSL_PARAM_BLD_new());
  if (!n || !e || !builder ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) != 1 ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) != 1) {
    return refuse("its members do not make a key");
  }
  return from_handle(key_from("RSA", builder.get()));
}

base::Result<VerificationKey> read_ec(const json::object& jwk) {
  const auto x = bytes_member(jwk, "x");
  if (!x) return tl::unexpected(x.error());
  const auto y = bytes_member(jwk, "y");
  if (!y) return tl::unexpected(y.error());
  if (x->size() != kP256CoordinateBytes || y->size() != kP256CoordinateBytes)
    return refuse("the coordinates of a P-256 key have 32 bytes each");
  const std::string point = '\x04' + *x + *y;  // uncompressed (SEC 1, 2.3.3)
  const ParameterBuilderHandle builder(OSSL_PARAM_BLD_new());
  if (!builder ||
      OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0) != 1 ||
      OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                       point.size()) != 1) {
    return refuse("its members do not make a key");
  }
  return from_handle(key_from("EC", builder.get()));
}

base::Result<VerificationKey> read_okp(const json::object& jwk) {
  const auto x = bytes_member(jwk, "x");
  if (!x) return tl::unexpected(x.error());
  if (x->size() != kEd25519KeyBytes) return refuse("an Ed25519 key has 32 bytes");
  return from_handle(KeyHandle(
      EVP_PKEY_new_raw_public_key_ex(nullptr, "ED25519", nullptr, as_bytes(*x), x->size())));
}

// Why a well-formed key is of no use here; a JWK Set may hold such keys for others.
std::optional<std::string> unsuitable(const json::object& jwk) {
  const auto type = text_member(jwk, "kty");
  const auto curve = text_member(jwk, "crv");
  const bool known = type == "RSA" || type == "oct" || (type == "EC" && curve == "P-256") ||
                     (type == "OKP" && curve == "Ed25519");
  if (!known) return "its kind is not supported (RSA, EC P-256, OKP Ed25519 and oct are)";
  if (jwk.contains("use") && text_member(jwk, "use") != "sig") return "its `use` is not `sig`";
  if (const json::value* operations = jwk.if_contains("key_ops")) {
    const json::array* list = operations->if_array();
    if (list == nullptr ||
        std::find(list->begin(), list->end(), json::value("verify")) == list->end())
      return "its `key_ops` do not name `verify`";
  }
  if (jwk.contains("alg") && !parse_algorithm(text_member(jwk, "alg").value_or("")))
    return "its `alg` is not supported (HS256, HS384, HS512, RS256, PS256, ES256 and EdDSA are)";
  return std::nullopt;
}

base::Result<VerificationKey> read_by_type(const json::object& jwk) {
  const auto type = text_member(jwk, "kty");
  if (type == "oct") {
    const auto secret = bytes_member(jwk, "k");
    if (!secret) return tl::unexpected(secret.error());
    return VerificationKey::from_secret(*secret);
  }
  if (jwk.contains("d")) return refuse("it is a private key; the server needs only the public one");
  if (type == "RSA") return read_rsa(jwk);
  return type == "EC" ? read_ec(jwk) : read_okp(jwk);
}

base::Result<VerificationKey> read_jwk(const json::object& jwk) {
  auto key = read_by_type(jwk);
  if (!key) return key;
  if (const auto name = text_member(jwk, "alg")) {
    const auto algorithm = parse_algorithm(*name);
    if (!algorithm || !key->narrow_to(*algorithm))
      return refuse("its `alg` does not fit the kind of key");
  }
  if (jwk.contains("kid")) {
    const auto id = text_member(jwk, "kid");
    if (!id) return refuse("its `kid` is not a string");
    key->set_id(std::string(*id));
  }
  return key;
}

void warn_if_short(const json::object& jwk, const std::string& label, KeyFile& file) {
  if (text_member(jwk, "kty") != "oct") return;
  const auto secret = bytes_member(jwk, "k");
  if (secret && secret->size() < kShortestHash)
    file.warnings.push_back(label + " is a secret shorter than 32 bytes, which can be guessed");
}

base::Result<KeyFile> read_set(const json::array& keys) {
  if (keys.size() > kMaxKeys)
    return refuse("it holds more than " + std::to_string(kMaxKeys) + " keys");
  KeyFile file;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const std::string label = "key " + std::to_string(i + 1) + " of the set";
    const json::object* jwk = keys[i].if_object();
    if (jwk == nullptr) return refuse(label + ": it is not a JSON object");
    if (const auto why = unsuitable(*jwk)) {
      file.warnings.push_back(label + " is not used: " + *why);
      continue;
    }
    auto key = read_jwk(*jwk);
    if (!key) return refuse(label + ": " + key.error().message);
    file.keys.push_back(std::move(*key));
    warn_if_short(*jwk, label, file);
  }
  if (file.keys.empty()) return refuse("the JWK Set holds no key that can be used");
  return file;
}

}  // namespace

base::Result<KeyFile> read_jwk_keys(std::string_view content) {
  const ErrorQueueGuard guard;
  boost::system::error_code ec;
  const json::value document = json::parse(content, ec);
  const json::object* object = ec ? nullptr : document.if_object();
  if (object == nullptr) return refuse("it is not a JSON object");
  if (const json::value* keys = object->if_contains("keys")) {
    if (!keys->is_array()) return refuse("`keys` is not an array");
    return read_set(keys->get_array());
  }
  if (const auto why = unsuitable(*object)) return refuse("the JWK cannot be used: " + *why);
  auto key = read_jwk(*object);
  if (!key) return refuse("the JWK cannot be used: " + key.error().message);
  KeyFile file;
  file.keys.push_back(std::move(*key));
  warn_if_short(*object, "the JWK", file);
  return file;
}

base::Result<KeyFile> read_key_file(std::string_view content) {
  const std::size_t first = content.find_first_not_of(" \t\r\n");
  const bool is_json = first != std::string_view::npos && content[first] == '{';
  return is_json ? read_jwk_keys(content) : read_pem_keys(content);
}

}  // namespace auth

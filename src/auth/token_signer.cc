#include "auth/token_signer.h"

#include <openssl/hmac.h>

#include <array>
#include <boost/json.hpp>
#include <chrono>
#include <span>
#include <string_view>

#include "base/text.h"

namespace auth {
namespace {

std::string encode(std::string_view text) {
  return base::base64url_encode({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
}

tl::unexpected<base::Error> refuse(std::string message) {
  return base::fail(base::ErrorCode::kInvalidArgument, std::move(message));
}

}  // namespace

base::Result<std::string> sign_hs256(const TokenRequest& request, base::WallTime now) {
  if (request.secret.empty()) return refuse("the secret is empty");
  if (request.user_id.empty()) return refuse("the user id is empty");
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch());
  boost::json::object claims;
  if (!request.issuer.empty()) claims["iss"] = request.issuer;
  if (!request.audience.empty()) claims["aud"] = request.audience;
  claims["iat"] = seconds.count();
  if (request.ttl)
    claims["exp"] = (seconds + std::chrono::floor<std::chrono::seconds>(*request.ttl)).count();
  for (const std::string_view reserved : {"iss", "aud", "iat", "exp", "nbf"})
    if (request.user_claim == reserved)
      return refuse("the user claim `" + request.user_claim + "` has another meaning");
  claims[request.user_claim] = request.user_id;

  std::string token =
      encode(R"({"alg":"HS256","typ":"JWT"})") + '.' + encode(boost::json::serialize(claims));
  std::array<unsigned char, EVP_MAX_MD_SIZE> signature{};
  unsigned int size = 0;
  if (HMAC(EVP_sha256(), request.secret.data(), static_cast<int>(request.secret.size()),
           reinterpret_cast<const unsigned char*>(token.data()), token.size(), signature.data(),
           &size) == nullptr) {
    return base::fail(base::ErrorCode::kInternal, "OpenSSL cannot sign with this secret");
  }
  token += '.';
  token += base::base64url_encode(std::span(signature.data(), size));
  return token;
}

}  // namespace auth

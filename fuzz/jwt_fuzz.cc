// TokenVerifier::verify() against keys of every kind. The first byte of the input chooses:
//   even  the rest is a token as it came
//   odd   the rest, cut at the first 0xFF, is a header and a payload, which are encoded and signed
//         here with the right secret, so that what lies behind the signature is reached too
// Whatever comes, there is a result, and a believed token has a user.
#include <openssl/hmac.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>

#include "auth/token_verifier.h"
#include "base/text.h"

namespace {

constexpr std::string_view kSecret = "0123456789abcdef0123456789abcdef";

const auth::TokenVerifier& verifier() {
  static const auth::TokenVerifier kVerifier = *auth::TokenVerifier::create(
      {.secret = std::string(kSecret),
       .key_material =
           R"({"keys":[{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",)"
           R"("y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"},)"
           R"({"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},)"
           R"({"kty":"RSA","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw)"
           R"(-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb)"
           R"(_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uD)"
           R"(Zlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW)"
           R"(9gb54h4FRWyuXpoQ","e":"AQAB"}]})",
       .audience = "presence"});
  return kVerifier;
}

std::string signed_token(std::span<const uint8_t> header, std::span<const uint8_t> payload) {
  std::string token = base::base64url_encode(header) + '.' + base::base64url_encode(payload);
  std::array<unsigned char, EVP_MAX_MD_SIZE> signature{};
  unsigned int size = 0;
  HMAC(EVP_sha256(), kSecret.data(), static_cast<int>(kSecret.size()),
       reinterpret_cast<const unsigned char*>(token.data()), token.size(), signature.data(), &size);
  return token + '.' + base::base64url_encode(std::span(signature.data(), size));
}

std::string make_token(std::span<const uint8_t> input) {
  const std::span<const uint8_t> rest = input.subspan(1);
  if (input.front() % 2 == 0) return {rest.begin(), rest.end()};
  std::size_t cut = 0;
  while (cut < rest.size() && rest[cut] != 0xFF) ++cut;
  return signed_token(rest.first(cut), rest.subspan(cut == rest.size() ? cut : cut + 1));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string token = make_token({data, size});
  const auto claims = verifier().verify(token, base::wall_from_millis(1'700'000'000'000));
  if (claims ? claims->user_id.empty() : claims.error().message.empty()) std::abort();
  return 0;
}

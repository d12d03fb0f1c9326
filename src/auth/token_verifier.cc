#include "auth/token_verifier.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "auth/algorithm.h"
#include "auth/json_members.h"
#include "auth/key_file.h"
#include "auth/verification_key.h"
#include "base/text.h"

namespace auth {
namespace {

using Members = std::vector<JsonMember>;

// Times are counted in JavaScript's exact integers of milliseconds on the wire.
constexpr double kMaxMillis = 9007199254740991.0;

tl::unexpected<base::Error> unauthorized(std::string message) {
  return base::fail(base::ErrorCode::kUnauthorized, std::move(message));
}

tl::unexpected<base::Error> bad_options(std::string message) {
  return base::fail(base::ErrorCode::kInvalidArgument, std::move(message));
}

// The three parts of a compact JWS (RFC 7515, 3.1), still encoded.
struct Parts {
  std::string_view header;
  std::string_view payload;
  std::string_view signature;
  std::string_view signed_text;  // header and payload with the dot between them
};

base::Result<Parts> split(std::string_view token) {
  if (token.size() > kMaxTokenBytes)
    return unauthorized("the token is longer than " + std::to_string(kMaxTokenBytes) + " bytes");
  if (std::count(token.begin(), token.end(), '.') != 2)
    return unauthorized("the token is not a signed JWT of three parts");
  const std::size_t first = token.find('.');
  const std::size_t second = token.rfind('.');
  return Parts{token.substr(0, first), token.substr(first + 1, second - first - 1),
               token.substr(second + 1), token.substr(0, second)};
}

base::Result<Members> read_part(std::string_view part, std::string_view encoded,
                                std::span<const std::string_view> wanted) {
  const auto text = base::base64url_decode(encoded);
  if (!text) return unauthorized(std::string(part) + " is not base64url");
  return read_json_members(part, *text, wanted);
}

// What the header of a token asks for.
struct Header {
  Algorithm algorithm{};
  std::optional<std::string> key_id;
};

// RFC 8725, 3.11: a token that says it is something else than an identity or access token (RFC
// 9068) is not taken for one. The prefix is optional (RFC 7515, 4.1.9).
bool is_accepted_type(std::string_view type) {
  constexpr std::string_view kPrefix = "application/";
  if (base::iequals(type.substr(0, kPrefix.size()), kPrefix)) type.remove_prefix(kPrefix.size());
  return base::iequals(type, "JWT") || base::iequals(type, "at+jwt");
}

base::Result<Header> read_header(std::string_view encoded) {
  static constexpr std::array<std::string_view, 4> kWanted{"alg", "kid", "typ", "crit"};
  const auto members = read_part("the token's header", encoded, kWanted);
  if (!members) return tl::unexpected(members.error());
  // RFC 7515, 4.1.11: what is marked as critical must be understood, and nothing is.
  if (find_member(*members, "crit") != nullptr)
    return unauthorized("the token has a critical extension that is not supported");
  const JsonMember* type = find_member(*members, "typ");
  if (type != nullptr && !is_accepted_type(type->text))
    return unauthorized("the token is of another type than JWT");
  const JsonMember* name = find_member(*members, "alg");
  const auto algorithm = name != nullptr ? parse_algorithm(name->text) : std::nullopt;
  if (!algorithm) return unauthorized("the token's algorithm is not accepted");
  Header header{*algorithm, std::nullopt};
  if (const JsonMember* id = find_member(*members, "kid")) {
    if (id->kind != JsonMember::Kind::kString)
      return unauthorized("the token's `kid` is not a string");
    header.key_id = id->text;
  }
  return header;
}

// A NumericDate (RFC 7519, 2): seconds, perhaps with a fraction. Nothing when absent.
base::Result<std::optional<base::WallTime>> read_time(const Members& claims,
                                                      std::string_view name) {
  const JsonMember* claim = find_member(claims, name);
  if (claim == nullptr) return std::nullopt;
  const double millis = std::floor(claim->number * 1000);
  if (claim->kind != JsonMember::Kind::kNumber || !(std::abs(millis) <= kMaxMillis))
    return unauthorized("the token's `" + std::string(name) + "` is not a time in seconds");
  return base::wall_from_millis(static_cast<int64_t>(millis));
}

bool names_audience(const JsonMember& claim, std::string_view audience) {
  if (claim.kind == JsonMember::Kind::kString) return claim.text == audience;
  return claim.kind == JsonMember::Kind::kStrings &&
         std::find(claim.texts.begin(), claim.texts.end(), audience) != claim.texts.end();
}

}  // namespace

struct TokenVerifier::State {
  std::vector<VerificationKey> keys;
  std::vector<std::string> warnings;
  std::string issuer;
  std::string audience;
  std::string user_claim;

  [[nodiscard]] base::Result<void> check_signature(const Header& header, const Parts& parts) const;
  [[nodiscard]] base::Result<void> check_parties(const Members& claims) const;
  [[nodiscard]] base::Result<Claims> check_claims(const Members& claims, base::WallTime now,
                                                  base::Duration leeway) const;
};

base::Result<void> TokenVerifier::State::check_signature(const Header& header,
                                                         const Parts& parts) const {
  const auto signature = base::base64url_decode(parts.signature);
  if (!signature) return unauthorized("the token's signature is not base64url");
  bool found = false;
  for (const VerificationKey& key : keys) {
    if (!key.accepts(header.algorithm)) continue;
    if (header.key_id && !key.id().empty() && *header.key_id != key.id()) continue;
    found = true;
    if (key.verify(header.algorithm, parts.signed_text, *signature)) return {};
  }
  return unauthorized(found ? "the token's signature is not valid"
                            : "there is no key for the token's algorithm and `kid`");
}

base::Result<void> TokenVerifier::State::check_parties(const Members& claims) const {
  const JsonMember* by = find_member(claims, "iss");
  if (!issuer.empty() &&
      (by == nullptr || by->kind != JsonMember::Kind::kString || by->text != issuer)) {
    return unauthorized("the token is from another issuer");
  }
  const JsonMember* audiences = find_member(claims, "aud");
  if (audience.empty()) {
    if (audiences != nullptr)
      return unauthorized("the token is for an audience, and this server has none configured");
  } else if (audiences == nullptr || !names_audience(*audiences, audience)) {
    return unauthorized("the token is for another audience");
  }
  return {};
}

base::Result<Claims> TokenVerifier::State::check_claims(const Members& claims, base::WallTime now,
                                                        base::Duration leeway) const {
  if (auto parties = check_parties(claims); !parties) return tl::unexpected(parties.error());
  const auto not_before = read_time(claims, "nbf");
  if (!not_before) return tl::unexpected(not_before.error());
  if (*not_before && now + leeway < **not_before) return unauthorized("the token is not valid yet");
  const JsonMember* user = find_member(claims, user_claim);
  if (user == nullptr || user->kind != JsonMember::Kind::kString || user->text.empty())
    return unauthorized("the token has no user: `" + user_claim + "` must be a string");
  const auto expires_at = read_time(claims, "exp");
  if (!expires_at) return tl::unexpected(expires_at.error());
  // Last, so that 'expired' means that nothing else is wrong.
  if (*expires_at && now >= **expires_at + leeway)
    return base::fail(base::ErrorCode::kTokenExpired, "the token has expired");
  return Claims{user->text, *expires_at};
}

base::Result<TokenVerifier> TokenVerifier::create(const Options& options) {
  auto state = std::make_unique<State>();
  state->issuer = options.issuer;
  state->audience = options.audience;
  state->user_claim = options.user_claim;
  if (options.user_claim.empty()) return bad_options("jwt.user_claim is empty");
  if (options.secret.empty() && options.key_material.empty())
    return bad_options("there is neither a jwt.secret nor a jwt.key_file");
  if (!options.secret.empty()) {
    // Whoever has the public key could sign with it: the classic confusion, by configuration.
    if (options.secret.find("-----BEGIN ") != std::string::npos)
      return bad_options("jwt.secret holds a PEM block; a key belongs into jwt.key_file");
    auto key = VerificationKey::from_secret(options.secret);
    if (!key) return bad_options("jwt.secret: " + key.error().message);
    state->keys.push_back(std::move(*key));
  }
  if (!options.key_material.empty()) {
    auto file = read_key_file(options.key_material);
    if (!file) return bad_options("jwt.key_file: " + file.error().message);
    std::move(file->keys.begin(), file->keys.end(), std::back_inserter(state->keys));
    for (const std::string& warning : file->warnings)
      state->warnings.push_back("jwt.key_file: " + warning);
  }
  return TokenVerifier(std::move(state));
}

base::Result<Claims> TokenVerifier::verify(std::string_view token, base::WallTime now,
                                           base::Duration leeway) const {
  const auto parts = split(token);
  if (!parts) return tl::unexpected(parts.error());
  const auto header = read_header(parts->header);
  if (!header) return tl::unexpected(header.error());
  if (auto signature = state_->check_signature(*header, *parts); !signature)
    return tl::unexpected(signature.error());
  const std::array<std::string_view, 5> wanted{"iss", "aud", "nbf", "exp", state_->user_claim};
  const auto claims = read_part("the token's payload", parts->payload, wanted);
  if (!claims) return tl::unexpected(claims.error());
  return state_->check_claims(*claims, now, leeway);
}

const std::vector<std::string>& TokenVerifier::warnings() const { return state_->warnings; }

TokenVerifier::TokenVerifier(std::unique_ptr<const State> state) : state_(std::move(state)) {}
TokenVerifier::TokenVerifier(TokenVerifier&&) noexcept = default;
TokenVerifier& TokenVerifier::operator=(TokenVerifier&&) noexcept = default;
TokenVerifier::~TokenVerifier() = default;

}  // namespace auth

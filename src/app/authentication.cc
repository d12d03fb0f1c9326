#include "app/authentication.h"

#include <spdlog/spdlog.h>

namespace app {

base::Result<auth::Authenticator> make_authenticator(const config::Loaded& loaded) {
  const config::Settings& settings = loaded.settings;
  if (settings.auth.mode == config::AuthMode::kInsecure) return auth::Authenticator::insecure();
  auth::TokenVerifier::Options options;
  options.secret = settings.jwt.secret;
  options.issuer = settings.jwt.issuer;
  options.audience = settings.jwt.audience;
  options.user_claim = settings.jwt.user_claim;
  if (!settings.jwt.key_file.empty()) {
    auto content = config::read_file(settings.jwt.key_file);
    if (!content) return tl::unexpected(content.error());
    options.key_material = *std::move(content);
  }
  auto verifier = auth::TokenVerifier::create(options);
  if (!verifier) {
    std::string message = verifier.error().message;
    if (!settings.jwt.key_file.empty())
      message += " (jwt.key_file is " + settings.jwt.key_file + ")";
    return base::fail(verifier.error().code, std::move(message));
  }
  for (const std::string& warning : verifier->warnings()) spdlog::warn("{}", warning);
  return auth::Authenticator(*std::move(verifier));
}

}  // namespace app

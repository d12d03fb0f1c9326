#include "app/commands.h"

#include <fmt/format.h>

#include <cstdio>
#include <string>

#include "app/authentication.h"
#include "app/contacts_commands.h"
#include "app/logging.h"
#include "app/serve.h"
#include "auth/token_signer.h"
#include "presence/ids.h"
#include "redis/url.h"
#include "runtime/clock.h"

namespace app {
namespace {

int refuse(const base::Error& error) {
  fmt::print(stderr, "presenced: {}\n", error.message);
  return 2;
}

int execute(const config::ServeCommand& command) {
  set_up_logging(command.loaded.settings.log);
  const auto served = serve(command.loaded);
  return served ? 0 : refuse(served.error());
}

int execute(const config::TokenCommand& command) {
  if (const auto valid = presence::check_user_id(command.user_id, "--sub"); !valid)
    return refuse(valid.error());
  auth::TokenRequest request;
  request.secret = command.secret;
  request.user_id = command.user_id;
  request.user_claim = command.user_claim;
  request.ttl = command.ttl;
  request.issuer = command.issuer;
  request.audience = command.audience;
  const auto token = auth::sign_hs256(request, runtime::read_clocks().wall);
  if (!token) return refuse(token.error());
  fmt::print("{}\n", *token);
  return 0;
}

int execute(const config::ContactsImportCommand& command) {
  const auto imported = import_contacts(command);
  return imported ? 0 : refuse(imported.error());
}

int execute(const config::ContactsExportCommand& command) {
  const auto exported = export_contacts(command);
  return exported ? 0 : refuse(exported.error());
}

int execute(const config::CheckConfigCommand& command) {
  if (const auto authenticator = make_authenticator(command.loaded); !authenticator)
    return refuse(authenticator.error());
  if (const std::string& url = command.loaded.settings.redis.url; !url.empty()) {
    if (const auto read = redis::Url::parse(url); !read)
      return refuse(
          {read.error().code, command.loaded.label("redis.url") + ": " + read.error().message});
  }
  for (const std::string& warning : command.loaded.warnings)
    fmt::print(stderr, "presenced: warning: {}\n", warning);
  fmt::print("{}", command.toml);
  return 0;
}

int execute(const config::PrintCommand& command) {
  fmt::print("{}", command.text);
  return 0;
}

}  // namespace

int run(const config::CommandLine& command) {
  return std::visit([](const auto& alternative) { return execute(alternative); }, command);
}

}  // namespace app

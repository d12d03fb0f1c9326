#include "redis/environment.h"

#include <utility>

namespace redis {

base::Result<std::unique_ptr<Environment>> Environment::create(runtime::EventLoop& loop,
                                                               base::RandomSource& random,
                                                               Options options) {
  auto environment = std::make_unique<Environment>(loop, random, std::move(options));
  const Url& url = environment->options.url;
  if (!url.tls) return environment;
  auto tls = runtime::TlsContext::for_client({.ca_file = url.ca_file, .verify = !url.insecure});
  if (!tls)
    return base::fail(base::ErrorCode::kInvalidArgument, "redis URL: " + tls.error().message);
  environment->tls = std::move(*tls);
  return environment;
}

ConnectionOptions Environment::for_servers() const {
  using Role = ConnectionOptions::Role;
  return {.tls = tls.get(),
          .user = options.url.user,
          .password = options.url.password,
          .database = options.url.database,
          .name = options.client_name,
          // A sentinel may be behind.
          .role = options.url.topology == Topology::kSentinel ? Role::kMaster : Role::kAny,
          .connect_timeout = options.connect_timeout,
          .command_timeout = options.command_timeout,
          .ping_interval = options.ping_interval,
          .max_reply_bytes = options.max_reply_bytes};
}

ConnectionOptions Environment::for_sentinels() const {
  ConnectionOptions result = for_servers();
  result.user = options.url.sentinel_user;
  result.password = options.url.sentinel_password;
  result.database = 0;
  result.role = ConnectionOptions::Role::kAny;
  return result;
}

}  // namespace redis

// Url: where Redis is and how to get in, from one setting.
//
//   redis://[USER[:PASSWORD]@]HOST[:PORT][/DB]                       one server; port 6379
//   redis+sentinel://[USER:PASSWORD@]H1[:P1],H2[:P2]/MASTER[/DB]     its sentinels; port 26379
//   redis+cluster://[USER:PASSWORD@]H1[:P1],H2[:P2]                  some nodes of a cluster
//
// rediss://, rediss+sentinel:// and rediss+cluster:// are the same over TLS, to the sentinels too.
// USER and PASSWORD are percent-encoded where they hold one of `:/@?#%`; a password alone is
// `:PASSWORD@`. An IPv6 address stands in brackets. After a `?` may follow, with `&` between:
//
//   ca=FILE                   TLS: the authorities (PEM) to believe instead of the system's
//   insecure=true             TLS: believe any certificate
//   sentinel_user=USER        what the sentinels ask for; without these two they are not asked
//   sentinel_password=TEXT    to let anybody in, because most have no password
//
// Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "redis/address.h"

namespace redis {

enum class Topology { kSingle, kSentinel, kCluster };

struct Url {
  Topology topology = Topology::kSingle;
  bool tls = false;
  std::vector<Address> addresses;  // of the server, the sentinels, or some nodes; at least one
  std::string user;
  std::string password;
  int database = 0;
  std::string master;  // the name that the sentinels know it by
  std::string sentinel_user;
  std::string sentinel_password;
  std::string ca_file;
  bool insecure = false;

  // Refuses with what is wrong; the message never holds a password.
  [[nodiscard]] static base::Result<Url> parse(std::string_view text);

  // The URL with `***` for each password: for logs and /status.
  [[nodiscard]] std::string masked() const;
};

}  // namespace redis

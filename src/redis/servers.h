// Servers: which server a call goes to. One implementation for a single server (fixed, or found
// through sentinels), one for a cluster.
//
// In the loop's thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "redis/address.h"
#include "redis/call.h"
#include "redis/environment.h"
#include "redis/node.h"

namespace redis {

class Servers {
 public:
  virtual ~Servers() = default;

  // The server for this call, up; null when there is none at the moment.
  [[nodiscard]] virtual Node* find(const Call& call) = 0;

  // Those that together hold everything, as far as is known. A single server is the empty address.
  [[nodiscard]] virtual std::vector<Address> masters() const = 0;

  // True when an error of `node` says that the call was not carried out and has to be sent
  // (again), where find() will then say.
  [[nodiscard]] virtual bool redirect(Call& call, Node& node, const Error& error) = 0;

  // All that is known of is connected; otherwise trouble() says what is not.
  [[nodiscard]] virtual bool up() const = 0;
  [[nodiscard]] virtual const std::string& trouble() const = 0;
};

// `changed` is called after each change of what find(), up() or trouble() would say, from later
// turns only; it may not destroy the servers.
[[nodiscard]] std::unique_ptr<Servers> make_single_server(Environment& environment,
                                                          std::function<void()> changed);
[[nodiscard]] std::unique_ptr<Servers> make_cluster(Environment& environment,
                                                    std::function<void()> changed);

// Whether the error says that the server is a replica, which takes no writes.
[[nodiscard]] bool is_read_only(const Error& error);

}  // namespace redis

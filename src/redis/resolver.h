// Resolver: host names to addresses without stopping the loop. The system's resolver can only
// block, so each question has a thread for as long as it lasts; numeric addresses need none.
//
// In the loop's thread.
#pragma once

#include <memory>
#include <vector>

#include "base/result.h"
#include "redis/address.h"
#include "redis/function.h"
#include "runtime/event_loop.h"
#include "runtime/socket_address.h"

namespace redis {

class Resolver {
 public:
  using Addresses = std::vector<runtime::SocketAddress>;
  using Done = Function<void(base::Result<Addresses>)>;

  explicit Resolver(runtime::EventLoop& loop);
  ~Resolver();  // questions under way are forgotten
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  // Calls `done` in the loop's thread: within the call for a numeric address, later for a name. It
  // is never called when the loop's mailbox is full, so the asker keeps a deadline. What `done`
  // owns may be destroyed in another thread.
  void resolve(const Address& address, Done done);

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;
};

}  // namespace redis

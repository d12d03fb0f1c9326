// Backend: what stands behind the hub of a node: an embedded store of its own, or the Redis that it
// shares with other nodes.
//
// Made in the main thread. connect() and start() come before the hub's loop runs, stop() after it
// has ended; everything else happens in the hub's thread, unless it says otherwise.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "app/deadlines.h"
#include "base/result.h"
#include "base/time.h"
#include "gateway/hub.h"
#include "presence/directory.h"
#include "runtime/event_loop.h"
#include "store/store.h"

namespace app {

class Backend : public gateway::HubPorts {
 public:
  // Runs a function in the hub's thread, from any thread.
  using Post = std::function<void(std::function<void()>)>;

  // In the main thread: what is known from before.
  virtual base::Result<std::unique_ptr<presence::Directory>> make_directory(
      presence::DirectoryOptions options, base::Instant now) = 0;
  // In the main thread. All three outlive the backend's stop().
  virtual base::Result<void> connect(runtime::EventLoop& loop, gateway::Hub& hub, Post post) = 0;
  virtual void start(Deadlines& deadlines) = 0;
  virtual void stop(base::Instant now) = 0;

  // The nodes beside this one take over at once or when they have to: what the directory says of
  // its users is left as it is.
  virtual void begin_drain() {}

  [[nodiscard]] virtual store::Store& store() = 0;
  // Why it cannot be used, or empty. Any thread.
  [[nodiscard]] virtual std::string unready() const = 0;
  // How many nodes share it, this one included. Any thread.
  [[nodiscard]] virtual std::size_t nodes() const = 0;
  // After a storm.
  virtual void release_free_memory() {}
};

}  // namespace app

// Backend: what stands behind the hub of a node: an embedded store of its own, or the Redis that it
// shares with other nodes.
//
// Made in the main thread. connect() and start() come before the hub's loop runs, stop() after it
// has ended; everything else happens in the hub's thread, unless it says otherwise.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "app/deadlines.h"
#include "base/result.h"
#include "base/time.h"
#include "cluster/member.h"
#include "gateway/hub.h"
#include "presence/directory.h"
#include "runtime/event_loop.h"
#include "store/store.h"

namespace app {

// Where the versions of a run that begins now begin, unless higher ones are known.
inline presence::Version clock_version(base::WallTime wall) {
  return static_cast<presence::Version>(std::max<int64_t>(0, base::to_millis(wall))) * 1000;
}

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
  // Between these two: what this node is for others, who are told of by `on_seats`.
  virtual void take_seat(cluster::Seat seat, cluster::Member::SeatHandler on_seats) {
    (void)seat, (void)on_seats;
  }
  virtual void stop(base::Instant now) = 0;

  // How long the devices of this node are held once it has ended, so that their clients can come
  // back elsewhere; 0 where there is no elsewhere. Any thread.
  [[nodiscard]] virtual base::Duration hold() const { return {}; }
  // The node is about to end.
  virtual void leave() {}

  [[nodiscard]] virtual store::Store& store() = 0;
  // Why it cannot be used, or empty.
  [[nodiscard]] virtual std::string unready() const = 0;
  // How many nodes share it, this one included. Any thread.
  [[nodiscard]] virtual std::size_t nodes() const = 0;
  // After a storm.
  virtual void release_free_memory() {}
};

}  // namespace app

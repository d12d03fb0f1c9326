// How a node takes part in the relay (docs/adr/0006): what it is for other nodes, which other nodes
// there are, and, in each core thread, the relay itself.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cluster/member.h"
#include "engineio/server.h"
#include "net/http.h"
#include "relay/relay.h"
#include "runtime/core_threads.h"
#include "runtime/event_loop.h"
#include "socketio/server.h"

namespace app {

// A core thread's part. Made, used and destroyed in its thread.
class NodeRelay final : public socketio::ConnectionPolicy {
 public:
  // `secret` is this node's. `server` is asked for when there is something to do.
  NodeRelay(runtime::EventLoop& loop, const relay::Options& options, std::string secret,
            std::function<engineio::Server&()> server);

  // The number of this node in sids to come, and where to find those of others.
  void know(uint16_t own, relay::PeersPtr peers);

  bool on_foreign_node(net::HttpExchange& exchange, const engineio::Sid& sid) override;
  // See net::HttpHandler.
  [[nodiscard]] std::optional<std::string> relayed_for(const net::HttpRequest& request) const;

 private:
  void refuse(net::HttpExchange& exchange, relay::Failure failure);

  runtime::EventLoop& loop_;
  const std::string secret_;
  std::function<engineio::Server&()> server_;
  relay::Relay relay_;
};

// The node's part: made in the main thread, told of other nodes in the hub's thread.
class Peers {
 public:
  // Makes up a number and a secret for this process.
  Peers();

  [[nodiscard]] const cluster::Seat& seat() const { return seat_; }
  // Before the threads start: the address that devices are served on.
  void set_address(const runtime::ListenAddress& bound, bool tls);
  // Before the threads start. `relay` is asked for in the thread whose number it is given.
  void connect(std::vector<runtime::EventLoop*> loops, std::function<NodeRelay&(unsigned)> relay);

  // In the hub's thread, once a second: tells the core threads what is new.
  void update(const cluster::Seat& own, const std::vector<cluster::Seat>& others);

 private:
  cluster::Seat seat_;
  std::vector<runtime::EventLoop*> loops_;
  std::function<NodeRelay&(unsigned)> relay_;
  uint16_t own_ = 0;
  relay::Peers known_;
  std::vector<bool> told_;  // by thread, of known_
};

}  // namespace app

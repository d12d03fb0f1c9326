// Core: everything that one core thread does, behind the requests of its listening address: the
// Socket.IO server with its frontend, the files of the page, and, moved to the hub's thread, the
// operators' interface.
//
// Made, used and destroyed in its thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "app/deadlines.h"
#include "app/links.h"
#include "app/peers.h"
#include "gateway/frontend.h"
#include "net/http.h"
#include "page/assets.h"
#include "runtime/event_loop.h"
#include "runtime/random.h"
#include "socketio/server.h"

namespace app {

class Domain;

struct CoreOptions {
  engineio::Options engine;
  socketio::Options socketio;
  gateway::FrontendOptions frontend;
  base::Duration trim_interval{2'000};  // between two looks for memory to give back
  // Where there may be other nodes.
  std::optional<relay::Options> relay;
  std::string relay_secret;
};

class Core final : public net::HttpHandler {
 public:
  // `operators` is the handler of the operators' interface, in the hub's thread only; null when it
  // is served elsewhere. Everything outlives the core.
  Core(const CoreOptions& options, runtime::EventLoop& loop, Domain& domain,
       const auth::Authenticator& authenticator, const page::Assets& assets, bool serves_operators,
       net::HttpHandler* operators);
  ~Core() override;

  void on_request(net::HttpExchange& exchange) override;
  [[nodiscard]] std::optional<std::string> relayed_for(
      const net::HttpRequest& request) const override;

  [[nodiscard]] gateway::Frontend& frontend() { return frontend_; }
  [[nodiscard]] NodeRelay& relay() { return *relay_; }
  [[nodiscard]] socketio::Namespace& nsp() { return nsp_; }
  // Closes every transport without a DISCONNECT packet.
  void shut_down() { server_.shut_down(); }
  // The same for one in `parts` of them. From the first call on nobody is let in.
  void drain(std::size_t parts);

 private:
  void end_turn();
  void trim_memory();
  static void refuse_while_draining(net::HttpExchange& exchange);

  runtime::EventLoop& loop_;
  runtime::SystemRandom random_;
  const unsigned thread_;
  Domain& domain_;
  const page::Assets& assets_;
  const bool serves_operators_;
  net::HttpHandler* operators_;
  gateway::Frontend frontend_;
  std::unique_ptr<LocalHub> local_hub_;
  std::unique_ptr<RemoteHub> remote_hub_;
  std::unique_ptr<NodeRelay> relay_;  // null where there are no other nodes
  socketio::Server server_;
  socketio::Namespace& nsp_;
  std::optional<base::SteadyTime> retry_at_;  // for what a full mailbox did not take
  Deadlines deadlines_;
  uint32_t requests_ = 0;  // since the last trim_memory()
  bool had_storm_ = false;
  bool draining_ = false;
};

}  // namespace app

// EmitterBridge: other Socket.IO back ends on the same Redis reach the sockets of this node. What
// they ask is carried out in each core thread; what the threads find goes back to the hub's thread.
//
// Made in the main thread before the core threads start, destroyed after they have stopped; in
// between it lives in the hub's thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "adapter/bridge.h"
#include "base/result.h"
#include "base/time.h"
#include "redis/client.h"
#include "runtime/event_loop.h"
#include "runtime/random.h"

namespace app {

class Core;

class EmitterBridge final : private adapter::Port {
 public:
  // `loops` are those of the core threads, the hub's first; `core` is asked for in the thread whose
  // number it is given. Refuses what cannot be used of the URL.
  static base::Result<std::unique_ptr<EmitterBridge>> create(
      const std::string& url, std::span<runtime::EventLoop* const> loops,
      std::function<Core&(unsigned)> core);

 private:
  EmitterBridge(std::span<runtime::EventLoop* const> loops, std::function<Core&(unsigned)> core);
  void carry_out_in(unsigned thread, const adapter::OrderPtr& order);
  // To the hub's thread.
  void bring_part(const adapter::OrderPtr& order, adapter::Part part);
  void bring_ack(std::string answer);
  [[nodiscard]] runtime::EventLoop& hub_loop() { return *loops_.front(); }

  // adapter::Port
  void carry_out(const adapter::OrderPtr& order) override;
  void on_dropped(const std::string& why) override;
  void on_listening() override;
  void on_deaf(const std::string& why) override;

  std::vector<runtime::EventLoop*> loops_;
  std::function<Core&(unsigned)> core_;
  runtime::SystemRandom random_;
  std::vector<std::atomic<std::size_t>> waiting_bytes_;  // by thread: of orders not carried out
  std::optional<base::SteadyTime> told_dropped_;
  std::size_t dropped_ = 0;  // since then
  std::unique_ptr<redis::Client> client_;
  std::unique_ptr<adapter::Bridge> bridge_;
};

}  // namespace app

// Domain: the directory and its hub on the first core thread, with the backend behind them.
//
// Made in the main thread before the core threads start; from then on everything but the store's
// own thread-safe calls happens in the hub's thread.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "app/backend.h"
#include "app/deadlines.h"
#include "app/links.h"
#include "config/settings.h"
#include "gateway/hub.h"
#include "presence/directory.h"
#include "runtime/event_loop.h"

namespace app {

class Domain final {
 public:
  // With the Redis of redis.url, or else with the store under data_dir; imports contacts.file.
  static base::Result<std::unique_ptr<Domain>> open(const config::Settings& settings);

  // Before the threads start: how the hub reaches the devices of each. `loops` are those of the
  // core threads, the hub's first; `frontend` is asked for in the thread whose number it is given.
  base::Result<void> connect(std::span<runtime::EventLoop* const> loops,
                             const std::function<gateway::Outlet&(unsigned)>& frontend);

  // In the hub's thread, before its loop runs.
  void start(Deadlines& deadlines, gateway::Outlet& own_frontend);
  // At the end of each turn of the hub's loop. False: it has to be called again soon.
  [[nodiscard]] bool flush();
  void release_free_memory() { backend_->release_free_memory(); }

  // After the core threads have stopped: keeps what there is to keep.
  void stop(base::Instant now);

  [[nodiscard]] gateway::Hub& hub() { return *hub_; }
  [[nodiscard]] Backend& backend() { return *backend_; }
  [[nodiscard]] runtime::EventLoop& hub_loop() { return *loop_; }
  // Runs `task` in the hub's thread, later; dropped once that has stopped. Any thread: another one
  // waits while the hub's mailbox is full.
  void post(std::function<void()> task);

 private:
  Domain(const config::Settings& settings, std::unique_ptr<Backend> backend,
         std::unique_ptr<presence::Directory> directory);

  const config::Settings& settings_;
  std::unique_ptr<presence::Directory> directory_;
  std::unique_ptr<gateway::Hub> hub_;
  std::unique_ptr<Backend> backend_;  // refers to the two above
  LocalOutlet local_;
  std::vector<std::unique_ptr<RemoteOutlet>> remote_;
  runtime::EventLoop* loop_ = nullptr;
  std::deque<std::function<void()>> postponed_;  // posted by the hub's thread to itself, when full
  std::atomic<bool> stopping_ = false;
};

}  // namespace app

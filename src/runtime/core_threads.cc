#include "runtime/core_threads.h"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <latch>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "base/check.h"
#include "runtime/connection_set.h"
#include "runtime/descriptor_limit.h"
#include "runtime/listener.h"
#include "runtime/socket_address.h"
#include "runtime/tls.h"

namespace runtime {
namespace {

struct CoreThread {
  EventLoop loop;
  std::unique_ptr<ConnectionSet> connections;
  std::vector<std::unique_ptr<net::HttpHandler>> handlers;  // by listening address
  std::vector<std::unique_ptr<Listener>> listeners;
  std::thread thread;
};

// A listening address, with the sockets bound to it until their threads take them over.
struct Listening {
  CoreThreads::HandlerFactory factory;
  std::unique_ptr<TlsContext> tls;
  std::vector<int> sockets;  // of thread 0, 1, ...
};

}  // namespace

class CoreThreads::Impl {
 public:
  explicit Impl(CoreOptions options)
      : options_(std::move(options)),
        addresses_(options_.connections_per_address, options_.trusted_proxies),
        shared_(connection_limit_for(options_), addresses_) {
    // A write to a connection whose peer is gone is an error like others (OpenSSL writes plainly).
    std::signal(SIGPIPE, SIG_IGN);
    unsigned count = options_.threads;
    if (count == 0) count = std::max(1U, std::thread::hardware_concurrency());
    for (unsigned i = 0; i < count; ++i) threads_.push_back(std::make_unique<CoreThread>());
  }

  ~Impl() {
    stop();
    for (const Listening& listening : listening_)
      for (const int fd : listening.sockets) close(fd);
  }

  [[nodiscard]] unsigned count() const { return static_cast<unsigned>(threads_.size()); }
  EventLoop& loop(unsigned thread) { return threads_[thread]->loop; }
  [[nodiscard]] const SharedConnections& shared() const { return shared_; }

  base::Result<ListenAddress> listen(ListenOptions options, HandlerFactory factory);
  void start();
  void stop_accepting();
  void stop();

 private:
  static std::size_t connection_limit_for(const CoreOptions& options) {
    const std::size_t limit = raise_descriptor_limit();
    const std::size_t reserved = options.reserved_descriptors;
    const std::size_t possible = limit > 2 * reserved ? limit - reserved : limit / 2;
    return options.max_connections == 0 ? possible : std::min(possible, options.max_connections);
  }

  void run(unsigned number, std::latch& ready);
  void build(unsigned number, CoreThread& core);
  void in_every_thread(const std::function<void(CoreThread&)>& action);
  bool move(unsigned thread, MovedConnection moved);

  const CoreOptions options_;
  AddressLimiter addresses_;
  SharedConnections shared_;
  std::vector<Listening> listening_;
  std::vector<std::unique_ptr<CoreThread>> threads_;
  std::mutex building_;  // handlers are made one after the other
  bool started_ = false;
};

base::Result<ListenAddress> CoreThreads::Impl::listen(ListenOptions options,
                                                      HandlerFactory factory) {
  CHECK(!started_);
  auto resolved = resolve(options.address);
  if (!resolved) return tl::unexpected(resolved.error());
  SocketAddress address = *resolved;
  Listening listening;
  listening.factory = std::move(factory);
  if (options.tls) {
    auto tls = TlsContext::load(*options.tls);
    if (!tls) return tl::unexpected(tls.error());
    listening.tls = *std::move(tls);
  }
  // Another process of this user could share a port that is bound with SO_REUSEPORT without anybody
  // noticing. A socket that shares it with nobody finds out, and picks the port if it is 0.
  const auto probe = open_listening_socket(address, options.address, SharedPort::kNo);
  if (!probe) return tl::unexpected(probe.error());
  address = bound_address(*probe);
  close(*probe);
  const unsigned sockets = options.first_thread_only ? 1 : count();
  ListenAddress bound{options.address.host, address.port()};
  listening_.push_back(std::move(listening));
  for (unsigned i = 0; i < sockets; ++i) {
    const auto fd = open_listening_socket(address, bound, SharedPort::kYes);
    if (!fd) return tl::unexpected(fd.error());
    listening_.back().sockets.push_back(*fd);
  }
  return bound;
}

void CoreThreads::Impl::start() {
  CHECK(!started_);
  started_ = true;
  // Shared, because the last one to count down may still be in it when the wait is over.
  const auto ready = std::make_shared<std::latch>(static_cast<std::ptrdiff_t>(threads_.size()));
  for (unsigned i = 0; i < count(); ++i)
    threads_[i]->thread = std::thread([this, i, ready] { run(i, *ready); });
  ready->wait();
  // All handlers exist. Only now can a connection come, and be moved to any thread.
  in_every_thread([](CoreThread& core) {
    for (const auto& listener : core.listeners) listener->start();
  });
}

void CoreThreads::Impl::build(unsigned number, CoreThread& core) {
  const std::lock_guard lock(building_);
  core.connections = std::make_unique<ConnectionSet>(
      core.loop, options_.timeouts, shared_,
      [this](unsigned thread, MovedConnection moved) { return move(thread, std::move(moved)); });
  for (std::size_t i = 0; i < listening_.size(); ++i) {
    Listening& listening = listening_[i];
    core.handlers.push_back(listening.factory(number, core.loop));
    core.connections->add_handler(*core.handlers.back());
    if (number >= listening.sockets.size()) continue;
    core.listeners.push_back(std::make_unique<Listener>(
        core.loop, *core.connections, shared_, std::exchange(listening.sockets[number], -1),
        static_cast<uint8_t>(i), listening.tls.get()));
  }
}

void CoreThreads::Impl::run(unsigned number, std::latch& ready) {
  CoreThread& core = *threads_[number];
  build(number, core);
  ready.count_down();
  core.loop.run();
  core.listeners.clear();
  core.connections.reset();
  core.handlers.clear();
}

// Runs it in all threads and waits for the last.
void CoreThreads::Impl::in_every_thread(const std::function<void(CoreThread&)>& action) {
  const auto done = std::make_shared<std::latch>(static_cast<std::ptrdiff_t>(threads_.size()));
  for (const auto& core : threads_) {
    // The mailbox may be full for a moment, when a thread has much to do.
    while (!core->loop.post([&action, done, &core] {
      action(*core);
      done->count_down();
    }))
      std::this_thread::yield();
  }
  done->wait();
}

bool CoreThreads::Impl::move(unsigned thread, MovedConnection moved) {
  if (thread >= count()) return false;
  CoreThread& core = *threads_[thread];
  return core.loop.post(
      [&core, m = std::move(moved)]() mutable { core.connections->adopt(std::move(m)); });
}

void CoreThreads::Impl::stop_accepting() {
  if (!started_) return;
  in_every_thread([](CoreThread& core) {
    core.listeners.clear();
    core.connections->stop_keeping_alive();
  });
}

void CoreThreads::Impl::stop() {
  if (!started_) return;
  stop_accepting();
  in_every_thread([](CoreThread& core) { core.connections->shut_down(); });
  // Connections end at the end of that turn; what their ends post to other threads is one more.
  in_every_thread([](CoreThread&) {});
  for (const auto& core : threads_) core->loop.stop();
  for (const auto& core : threads_) core->thread.join();
  started_ = false;
}

CoreThreads::CoreThreads(CoreOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
CoreThreads::~CoreThreads() = default;
unsigned CoreThreads::count() const { return impl_->count(); }
EventLoop& CoreThreads::loop(unsigned thread) { return impl_->loop(thread); }
base::Result<ListenAddress> CoreThreads::listen(ListenOptions options, HandlerFactory factory) {
  return impl_->listen(std::move(options), std::move(factory));
}
void CoreThreads::start() { impl_->start(); }
void CoreThreads::stop_accepting() { impl_->stop_accepting(); }
void CoreThreads::stop() { impl_->stop(); }
std::size_t CoreThreads::connection_count() const { return impl_->shared().open; }
std::size_t CoreThreads::connection_limit() const { return impl_->shared().limit; }

}  // namespace runtime

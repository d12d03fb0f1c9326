#include "app/serve.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <array>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <functional>
#include <memory>
#include <optional>
#include <tuple>
#include <vector>

#include "admin/api.h"
#include "app/authentication.h"
#include "app/core.h"
#include "app/deadlines.h"
#include "app/domain.h"
#include "app/emitter_bridge.h"
#include "app/peers.h"
#include "page/assets.h"
#include "runtime/clock.h"
#include "runtime/core_threads.h"
#include "runtime/random.h"
#include "runtime/signals.h"
#include "runtime/tls.h"

namespace app {
namespace {

runtime::ListenAddress listen_address(const config::Endpoint& endpoint) {
  return {endpoint.address.to_string(), endpoint.port};
}

runtime::CoreOptions thread_options(const config::Settings& settings) {
  runtime::CoreOptions options;
  options.threads = static_cast<unsigned>(settings.threads);
  options.connections_per_address = static_cast<unsigned>(settings.limits.connections_per_address);
  options.trusted_proxies = settings.trusted_proxies;
  return options;
}

CoreOptions core_options(const config::Settings& settings, unsigned thread, unsigned threads) {
  CoreOptions options;
  options.engine.path = settings.path;
  options.engine.ping_interval = settings.ping_interval;
  options.engine.ping_timeout = settings.ping_timeout;
  options.engine.max_payload = static_cast<std::size_t>(settings.max_payload);
  options.engine.deflate = settings.deflate;
  options.engine.cors.origins = settings.cors.origins;
  options.engine.thread = thread;
  options.engine.threads = threads;
  options.socketio.connect_timeout = settings.connect_timeout;
  options.frontend.thread = thread;
  options.frontend.threads = threads;
  options.frontend.events_per_second = static_cast<uint32_t>(settings.limits.events_per_second);
  options.frontend.heartbeat_source = settings.heartbeat_source == config::HeartbeatSource::kApp
                                          ? gateway::HeartbeatSource::app
                                          : gateway::HeartbeatSource::transport;
  options.frontend.trusted_proxies = settings.trusted_proxies;
  return options;
}

constexpr base::Duration kDrainInterval{100};

// Between nodes: a poll waits as long as the other node's heartbeat lets it.
relay::Options relay_options(const config::Settings& settings, const runtime::TlsContext* tls) {
  constexpr base::Duration kOnTheWay{5'000};
  relay::Options options;
  options.max_body = static_cast<std::size_t>(settings.max_payload);
  options.answer_within = settings.ping_interval + settings.ping_timeout + kOnTheWay;
  options.tls = tls;
  return options;
}

std::string made_up_node_id() {
  std::array<uint8_t, 8> bytes{};
  runtime::SystemRandom().fill(bytes);
  return fmt::format("{:02x}", fmt::join(bytes, ""));
}

// The running server; start-up is its constructor and run(), shutdown is stop().
class Server {
 public:
  Server(const config::Loaded& loaded, runtime::EventLoop& main_loop,
         auth::Authenticator authenticator, std::unique_ptr<Domain> domain)
      : settings_(loaded.settings),
        main_loop_(main_loop),
        authenticator_(std::move(authenticator)),
        domain_(std::move(domain)),
        assets_(settings_.path, settings_.auth.mode == config::AuthMode::kInsecure
                                    ? page::DemoPage::kServed
                                    : page::DemoPage::kAbsent),
        threads_(thread_options(settings_)),
        cores_(threads_.count()),
        deadlines_([&main_loop] { return main_loop.now().steady; }) {
    main_loop.add_wheel(deadlines_.wheel(),
                        [this](base::TimerNode& node) { deadlines_.on_due(node); });
    main_loop.at_turn_end([this] { deadlines_.rearm(); });
  }

  ~Server() { main_loop_.remove_wheel(deadlines_.wheel()); }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  base::Result<void> run(const config::Loaded& loaded) {
    std::vector<runtime::EventLoop*> loops;
    for (unsigned thread = 0; thread < threads_.count(); ++thread)
      loops.push_back(&threads_.loop(thread));
    const auto connected = domain_->connect(
        loops, [this](unsigned t) -> gateway::Outlet& { return cores_[t]->frontend(); });
    if (!connected) return connected;
    if (!settings_.redis.url.empty()) {
      auto bridge = EmitterBridge::create(settings_.redis.url, loops,
                                          [this](unsigned t) -> Core& { return *cores_[t]; });
      if (!bridge) return base::fail(bridge.error().code, "redis.url: " + bridge.error().message);
      emitter_bridge_ = *std::move(bridge);
    }
    admin::ApiOptions options;
    options.api_key = settings_.api_key;
    options.node = settings_.node_id;
    options.started = runtime::read_clocks().steady;
    api_ = std::make_unique<admin::Api>(
        options, domain_->hub(), domain_->backend().store(),
        [domain = domain_.get()](std::function<void()> task) { domain->post(std::move(task)); },
        [this] { return unready(); }, [this] { return threads_.connection_count(); },
        [this] { return domain_->backend().nodes(); });
    if (!settings_.redis.url.empty()) {
      peers_.emplace();
      // Who answers is known by the address in its lease; the mark proves to it who calls.
      auto tls = runtime::TlsContext::for_client({.ca_file = {}, .verify = false});
      if (!tls) return tl::unexpected(tls.error());
      peer_tls_ = *std::move(tls);
    }
    const auto bound = listen(loaded);
    if (!bound) return tl::unexpected(bound.error());
    if (peers_) {
      peers_->set_address(*bound, !settings_.tls.cert.empty());
      peers_->connect(loops, [this](unsigned t) -> NodeRelay& { return cores_[t]->relay(); });
      domain_->backend().take_seat(
          peers_->seat(), [this](const auto& own, const std::vector<cluster::Seat>& others) {
            peers_->update(own, others);
          });
    }
    for (const std::string& warning : loaded.warnings) spdlog::warn("{}", warning);
    threads_.start();
    fmt::print(stderr, "listening on {}://{}\n", settings_.tls.cert.empty() ? "http" : "https",
               bound->to_string());
    std::fflush(stderr);
    main_loop_.run();
    stop();
    return {};
  }

 private:
  base::Result<runtime::ListenAddress> listen(const config::Loaded& loaded) {
    runtime::ListenOptions options;
    options.address = listen_address(settings_.listen);
    if (!settings_.tls.cert.empty())
      options.tls = runtime::TlsFiles{settings_.tls.cert, settings_.tls.key};
    const bool own_admin = settings_.admin_listen.has_value();
    auto bound =
        threads_.listen(options, [this, own_admin](unsigned thread, runtime::EventLoop& loop) {
          CoreOptions core_settings = core_options(settings_, thread, threads_.count());
          if (peers_) {
            core_settings.engine.node = peers_->seat().number;
            core_settings.relay = relay_options(settings_, peer_tls_.get());
            core_settings.relay_secret = peers_->seat().secret;
          }
          auto core = std::make_unique<Core>(core_settings, loop, *domain_, authenticator_, assets_,
                                             !own_admin, api_.get());
          cores_[thread] = core.get();
          return core;
        });
    if (!bound)
      return base::fail(bound.error().code, loaded.label("listen") + ": " + bound.error().message);
    if (own_admin) {
      runtime::ListenOptions admin;
      admin.address = listen_address(*settings_.admin_listen);
      admin.first_thread_only = true;
      auto admin_bound = threads_.listen(
          admin, [this](unsigned, runtime::EventLoop&) -> std::unique_ptr<net::HttpHandler> {
            return std::make_unique<Operators>(*api_);
          });
      if (!admin_bound)
        return base::fail(admin_bound.error().code,
                          loaded.label("admin_listen") + ": " + admin_bound.error().message);
      spdlog::info("operators are served on http://{}", admin_bound->to_string());
    }
    return bound;
  }

 public:
  // In the main thread. Where there are other nodes, clients are moved to them over drain_time;
  // asked for a second time, and where there are none, the end is at once.
  void end() {
    const base::Duration hold = domain_->backend().hold();
    if (stopping_.exchange(true) || hold == base::Duration{} ||
        settings_.drain_time < kDrainInterval)
      return main_loop_.stop();
    spdlog::info("draining: clients are moved to other nodes within {} ms",
                 settings_.drain_time.count());
    drain_parts_ = static_cast<std::size_t>(settings_.drain_time / kDrainInterval);
    domain_->post(
        [this, hold] { domain_->hub().apply(presence::Draining{settings_.drain_time + hold}); });
    drain_part();
    deadlines_.every(kDrainInterval, [this] { drain_part(); });
    deadlines_.rearm();
  }

 private:
  // The operators' own address: the interface and nothing else.
  class Operators final : public net::HttpHandler {
   public:
    explicit Operators(admin::Api& api) : api_(api) {}
    void on_request(net::HttpExchange& exchange) override { api_.on_request(exchange); }

   private:
    admin::Api& api_;
  };

  [[nodiscard]] std::string unready() const {
    if (stopping_) return "the server is shutting down";
    return domain_->backend().unready();
  }

  // Closes a part of the connections, so that all are closed at the end of drain_time.
  void drain_part() {
    if (drain_parts_ == 0 || threads_.connection_count() == 0) return main_loop_.stop();
    for (unsigned thread = 0; thread < threads_.count(); ++thread)
      // What a full mailbox does not take is part of the next.
      std::ignore = threads_.loop(thread).post(
          [core = cores_[thread], parts = drain_parts_] { core->drain(parts); });
    --drain_parts_;
  }

  void stop() {
    stopping_ = true;
    domain_->post([this] { domain_->backend().leave(); });
    threads_.stop_accepting();
    for (unsigned thread = 0; thread < threads_.count(); ++thread) {
      // A full mailbox means that the thread is beyond saying goodbye; its sockets are cut below.
      if (!threads_.loop(thread).post([core = cores_[thread]] { core->shut_down(); }))
        spdlog::warn("core thread {} is overloaded: its devices are cut off", thread);
    }
    threads_.stop();
    emitter_bridge_.reset();
    domain_->stop(runtime::read_clocks());
    spdlog::info("stopped");
  }

  const config::Settings& settings_;
  runtime::EventLoop& main_loop_;
  const auth::Authenticator authenticator_;
  std::unique_ptr<Domain> domain_;
  const page::Assets assets_;
  std::optional<Peers> peers_;  // where there may be other nodes
  std::unique_ptr<runtime::TlsContext> peer_tls_;
  std::atomic<bool> stopping_ = false;
  std::unique_ptr<admin::Api> api_;
  runtime::CoreThreads threads_;
  std::vector<Core*> cores_;
  Deadlines deadlines_;
  std::size_t drain_parts_ = 0;
  std::unique_ptr<EmitterBridge> emitter_bridge_;  // with redis.url
};

}  // namespace

base::Result<void> serve(const config::Loaded& given) {
  config::Loaded loaded = given;
  if (loaded.settings.node_id.empty()) loaded.settings.node_id = made_up_node_id();
  // First of all: whoever is told to stop while starting up ends well, too, once it has started.
  runtime::EventLoop main_loop;
  std::function<void()> end = [&main_loop] { main_loop.stop(); };
  const runtime::Signals signals(main_loop, {SIGTERM, SIGINT}, [&end](int signal) {
    spdlog::info("{}: shutting down", signal == SIGTERM ? "SIGTERM" : "SIGINT");
    end();
  });
  auto authenticator = make_authenticator(loaded);
  if (!authenticator) return tl::unexpected(authenticator.error());
  auto domain = Domain::open(loaded.settings);
  if (!domain) return tl::unexpected(domain.error());
  Server server(loaded, main_loop, *std::move(authenticator), *std::move(domain));
  end = [&server] { server.end(); };
  return server.run(loaded);
}

}  // namespace app

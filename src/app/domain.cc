#include "app/domain.h"

#include <array>
#include <bit>
#include <thread>
#include <utility>

#include "app/embedded_backend.h"
#include "app/redis_backend.h"
#include "runtime/clock.h"
#include "runtime/random.h"

namespace app {
namespace {

constexpr base::Duration kTickInterval{500};  // also while nothing is due

base::HashKey random_key() {
  std::array<uint8_t, sizeof(base::HashKey)> bytes{};
  runtime::SystemRandom().fill(bytes);
  return std::bit_cast<base::HashKey>(bytes);
}

presence::DirectoryOptions directory_options(const config::Settings& settings) {
  presence::DirectoryOptions options;
  options.stale_after = settings.stale_after;
  options.disconnect_grace = settings.disconnect_grace;
  options.auto_away_after = settings.auto_away_after;
  options.last_seen_retention = settings.last_seen_retention;
  options.devices_per_user = static_cast<std::size_t>(settings.limits.devices_per_user);
  options.notify_device_changes = settings.notify_device_changes;
  options.manual_offline = settings.privacy.manual_offline == config::ManualOffline::kHidden
                               ? presence::ManualOffline::hidden
                               : presence::ManualOffline::announced;
  options.clustered = !settings.redis.url.empty();
  options.hash_key = random_key();
  return options;
}

template <class Kind>
base::Result<std::unique_ptr<Backend>> open_backend(const config::Settings& settings) {
  return Kind::open(settings).map(
      [](std::unique_ptr<Kind> backend) -> std::unique_ptr<Backend> { return backend; });
}

}  // namespace

Domain::Domain(const config::Settings& settings, std::unique_ptr<Backend> backend,
               std::unique_ptr<presence::Directory> directory)
    : settings_(settings), directory_(std::move(directory)), backend_(std::move(backend)) {}

base::Result<std::unique_ptr<Domain>> Domain::open(const config::Settings& settings) {
  auto backend = settings.redis.url.empty() ? open_backend<EmbeddedBackend>(settings)
                                            : open_backend<RedisBackend>(settings);
  if (!backend) return tl::unexpected(backend.error());
  auto directory = (*backend)->make_directory(directory_options(settings), runtime::read_clocks());
  if (!directory) return tl::unexpected(directory.error());
  return std::unique_ptr<Domain>(new Domain(settings, *std::move(backend), *std::move(directory)));
}

base::Result<void> Domain::connect(std::span<runtime::EventLoop* const> loops,
                                   const std::function<gateway::Outlet&(unsigned)>& frontend) {
  loop_ = loops.front();
  std::vector<gateway::Outlet*> outlets{&local_};
  for (unsigned thread = 1; thread < loops.size(); ++thread) {
    remote_.push_back(std::make_unique<RemoteOutlet>(
        *loops[thread], [frontend, thread]() -> gateway::Outlet& { return frontend(thread); }));
    outlets.push_back(remote_.back().get());
  }
  hub_ = std::make_unique<gateway::Hub>(*directory_, *backend_, std::move(outlets),
                                        [loop = loop_] { return loop->now(); });
  return backend_->connect(*loop_, *hub_,
                           [this](std::function<void()> task) { post(std::move(task)); });
}

void Domain::start(Deadlines& deadlines, gateway::Outlet& own_frontend) {
  local_.set_target(own_frontend);
  deadlines.watch([this] { return directory_->next_deadline(); }, [this] { hub_->tick(); });
  deadlines.every(kTickInterval, [this] { hub_->tick(); });
  deadlines.every(settings_.cleanup_interval, [this] { directory_->sweep(loop_->now()); });
  backend_->start(deadlines);
}

bool Domain::flush() {
  bool all_taken = true;
  for (const auto& outlet : remote_) all_taken = outlet->flush() && all_taken;
  for (auto waiting = std::exchange(postponed_, {}); !waiting.empty(); waiting.pop_front())
    post(std::move(waiting.front()));
  return all_taken && postponed_.empty();
}

void Domain::stop(base::Instant now) {
  stopping_ = true;
  backend_->stop(now);
}

void Domain::post(std::function<void()> task) {
  // What the store refuses at once is answered in the hub's thread, which cannot wait for itself.
  const bool hubs_own = loop_->in_loop_thread();
  if (hubs_own && !postponed_.empty()) return postponed_.push_back(std::move(task));
  const auto shared = std::make_shared<std::function<void()>>(std::move(task));
  while (!loop_->post([shared] { (*shared)(); })) {
    if (stopping_) return;
    if (hubs_own) return postponed_.push_back(std::move(*shared));
    // Only the store's thread waits here, and only while the hub is a million tasks behind.
    std::this_thread::yield();
  }
}

}  // namespace app

#include "app/domain.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <thread>
#include <tuple>
#include <utility>

#include "app/memory.h"
#include "contacts/contact_file.h"
#include "runtime/clock.h"
#include "runtime/random.h"
#include "store/bulk.h"

namespace app {
namespace {

constexpr base::Duration kSaveInterval{500};
constexpr base::Duration kTickInterval{500};  // also while nothing is due
// Where the wall clock is behind the saved sequence, it was set back: what was given out after the
// last save is below this much above it.
constexpr presence::Version kSequenceMargin = 10'000'000;

void release_free_memory_of(store::EmbeddedStore& store) {
  store.release_memory([](const auto&) { release_free_memory(); });
}

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
  options.hash_key = random_key();
  return options;
}

presence::Version clock_version(base::WallTime wall) {
  return static_cast<presence::Version>(std::max<int64_t>(0, base::to_millis(wall))) * 1000;
}

base::Result<void> import_contacts(store::EmbeddedStore& store, const std::string& file) {
  store::BulkImport import(store);
  const auto stats = contacts::import_file(
      file, std::nullopt, contacts::Direction::mutual,
      [&](std::vector<presence::Edge> edges) { return import.add(std::move(edges)); });
  if (!stats) return tl::unexpected(stats.error());
  const auto added = import.finish();
  if (!added) return tl::unexpected(added.error());
  spdlog::info("contacts.file {}: {} edges, {} of them new", file, stats->edges, *added);
  // Both threads have been through a whole file of text.
  release_free_memory();
  release_free_memory_of(store);
  return {};
}

}  // namespace

Domain::Domain(const config::Settings& settings, std::unique_ptr<store::EmbeddedStore> store)
    : settings_(settings), store_(std::move(store)) {}

Domain::~Domain() = default;

base::Result<std::unique_ptr<Domain>> Domain::open(const config::Settings& settings) {
  store::Options options;
  options.data_dir = settings.data_dir;
  options.on_fault = [](const store::FaultNotice& notice) {
    if (notice.began) {
      spdlog::error("store: {}", notice.message);
    } else {
      spdlog::info("store: works again");
    }
  };
  auto store = store::EmbeddedStore::open(std::move(options));
  if (!store) return tl::unexpected(store.error());
  std::unique_ptr<Domain> domain(new Domain(settings, *std::move(store)));
  if (auto loaded = domain->load(runtime::read_clocks()); !loaded) {
    const std::string why = domain->store_->counters().last_error;
    return base::fail(loaded.error().code, why.empty() ? loaded.error().message : why);
  }
  if (!settings.contacts.file.empty()) {
    if (auto imported = import_contacts(*domain->store_, settings.contacts.file); !imported)
      return tl::unexpected(imported.error());
  }
  return domain;
}

base::Result<void> Domain::load(base::Instant now) {
  const auto saved = store_->load_sequence();
  if (!saved) return tl::unexpected(saved.error());
  const auto begun = store_->load_begin();
  if (!begun) return tl::unexpected(begun.error());
  const presence::Version clock = clock_version(now.wall);
  const presence::Version known = std::max(*saved, *begun);
  const presence::Version begin = clock > known ? clock : known + kSequenceMargin;
  // The sequence is saved all the time and follows the clock, so it says when the last run ended.
  const base::WallTime alive_until =
      std::min(now.wall, base::wall_from_millis(static_cast<int64_t>(*saved / 1000)));
  directory_ = std::make_unique<presence::Directory>(directory_options(settings_), begin, now);
  std::vector<presence::UserRecord> changed;
  auto read = store_->load_users([&](const presence::UserRecord& record) {
    if (auto anew = directory_->restore(record, alive_until, now))
      changed.push_back(*std::move(anew));
  });
  if (!read) return read;
  // Kept before anything is given out: the next run may not begin there, however short this one is.
  // A store that cannot write says so by itself, and users may meet all the same.
  std::ignore = store_->keep_begin(begin);
  for (presence::UserRecord& record : changed) store_->save_user(std::move(record));
  // A run that ends before its first regular save was alive at its beginning, too. Together with
  // the records: who was connected to the run before was not there.
  store_->save_sequence(begin);
  return {};
}

void Domain::connect(std::span<runtime::EventLoop* const> loops,
                     const std::function<gateway::Outlet&(unsigned)>& frontend) {
  loop_ = loops.front();
  std::vector<gateway::Outlet*> outlets{&local_};
  for (unsigned thread = 1; thread < loops.size(); ++thread) {
    remote_.push_back(std::make_unique<RemoteOutlet>(
        *loops[thread], [frontend, thread]() -> gateway::Outlet& { return frontend(thread); }));
    outlets.push_back(remote_.back().get());
  }
  hub_ = std::make_unique<gateway::Hub>(*directory_, *this, std::move(outlets),
                                        [loop = loop_] { return loop->now(); });
}

void Domain::start(Deadlines& deadlines, gateway::Outlet& own_frontend) {
  local_.set_target(own_frontend);
  deadlines.watch([this] { return directory_->next_deadline(); }, [this] { hub_->tick(); });
  deadlines.every(kTickInterval, [this] { hub_->tick(); });
  deadlines.every(kSaveInterval, [this] { save_progress(loop_->now()); });
  deadlines.every(settings_.cleanup_interval, [this] { clean_up(); });
}

bool Domain::flush() {
  bool all_taken = true;
  for (const auto& outlet : remote_) all_taken = outlet->flush() && all_taken;
  for (auto waiting = std::exchange(postponed_, {}); !waiting.empty(); waiting.pop_front())
    post(std::move(waiting.front()));
  return all_taken && postponed_.empty();
}

void Domain::release_free_memory() { release_free_memory_of(*store_); }

void Domain::save_progress(base::Instant now) {
  store_->save_sequence(std::max(directory_->sequence(), clock_version(now.wall)));
}

void Domain::clean_up() {
  const base::Instant now = loop_->now();
  directory_->sweep(now);
  store_->purge(now.wall - settings_.last_seen_retention, [](base::Result<uint64_t> purged) {
    if (purged && *purged > 0) spdlog::info("last_seen_retention: {} users forgotten", *purged);
  });
}

void Domain::stop(base::Instant now) {
  stopping_ = true;
  save_progress(now);
  if (const std::size_t lost = store_->stop(); lost > 0)
    spdlog::error("store: the last-seen times of {} users could not be written", lost);
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

void Domain::load_contacts(const presence::UserId& user) {
  store_->load_contacts(user, [this, user](base::Result<std::vector<presence::ContactEntry>> list) {
    post([this, user, list = std::move(list)]() mutable {
      hub_->contacts_loaded(user, std::move(list));
    });
  });
}

void Domain::save(const presence::UserRecord& record) { store_->save_user(record); }

void Domain::save(const presence::UserRecord& record,
                  std::function<void(base::Result<void>)> done) {
  store_->save_user(record, [this, done = std::move(done)](base::Result<void> kept) {
    post([done, kept = std::move(kept)] { done(kept); });
  });
}

}  // namespace app

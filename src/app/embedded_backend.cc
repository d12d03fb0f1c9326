#include "app/embedded_backend.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <tuple>
#include <utility>
#include <vector>

#include "app/memory.h"
#include "contacts/contact_file.h"
#include "runtime/clock.h"
#include "store/bulk.h"

namespace app {
namespace {

constexpr base::Duration kSaveInterval{500};
// Where the wall clock is behind the saved sequence, it was set back: what was given out after the
// last save is below this much above it.
constexpr presence::Version kSequenceMargin = 10'000'000;

void release_free_memory_of(store::EmbeddedStore& store) {
  store.release_memory([](const auto&) { release_free_memory(); });
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

EmbeddedBackend::EmbeddedBackend(const config::Settings& settings,
                                 std::unique_ptr<store::EmbeddedStore> store)
    : settings_(settings), store_(std::move(store)) {}

base::Result<std::unique_ptr<EmbeddedBackend>> EmbeddedBackend::open(
    const config::Settings& settings) {
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
  return std::unique_ptr<EmbeddedBackend>(new EmbeddedBackend(settings, *std::move(store)));
}

base::Result<std::unique_ptr<presence::Directory>> EmbeddedBackend::make_directory(
    presence::DirectoryOptions options, base::Instant now) {
  const auto refused = [this](const base::Error& error) {
    const std::string why = store_->counters().last_error;
    return base::fail(error.code, why.empty() ? error.message : why);
  };
  const auto saved = store_->load_sequence();
  if (!saved) return refused(saved.error());
  const auto begun = store_->load_begin();
  if (!begun) return refused(begun.error());
  const presence::Version clock = clock_version(now.wall);
  const presence::Version known = std::max(*saved, *begun);
  const presence::Version begin = clock > known ? clock : known + kSequenceMargin;
  // The sequence is saved all the time and follows the clock, so it says when the last run ended.
  const base::WallTime alive_until =
      std::min(now.wall, base::wall_from_millis(static_cast<int64_t>(*saved / 1000)));
  auto directory = std::make_unique<presence::Directory>(options, begin, now);
  std::vector<presence::UserRecord> changed;
  auto read = store_->load_users([&](const presence::UserRecord& record) {
    if (auto anew = directory->restore(record, alive_until, now))
      changed.push_back(*std::move(anew));
  });
  if (!read) return refused(read.error());
  // Kept before anything is given out: the next run may not begin there, however short this one is.
  // A store that cannot write says so by itself, and users may meet all the same.
  std::ignore = store_->keep_begin(begin);
  for (presence::UserRecord& record : changed) store_->save_user(std::move(record));
  // A run that ends before its first regular save was alive at its beginning, too. Together with
  // the records: who was connected to the run before was not there.
  store_->save_sequence(begin);
  if (!settings_.contacts.file.empty()) {
    if (auto imported = import_contacts(*store_, settings_.contacts.file); !imported)
      return tl::unexpected(imported.error());
  }
  return directory;
}

base::Result<void> EmbeddedBackend::connect(runtime::EventLoop& loop, gateway::Hub& hub,
                                            Post post) {
  loop_ = &loop;
  hub_ = &hub;
  post_ = std::move(post);
  return {};
}

void EmbeddedBackend::start(Deadlines& deadlines) {
  deadlines.every(kSaveInterval, [this] { save_progress(loop_->now()); });
  deadlines.every(settings_.cleanup_interval, [this] { purge(); });
}

void EmbeddedBackend::stop(base::Instant now) {
  save_progress(now);
  if (const std::size_t lost = store_->stop(); lost > 0)
    spdlog::error("store: the last-seen times of {} users could not be written", lost);
}

std::string EmbeddedBackend::unready() const {
  const store::Counters counters = store_->counters();
  return counters.available ? std::string() : "the store is unavailable: " + counters.last_error;
}

void EmbeddedBackend::release_free_memory() { release_free_memory_of(*store_); }

void EmbeddedBackend::save_progress(base::Instant now) {
  store_->save_sequence(std::max(hub_->directory().sequence(), clock_version(now.wall)));
}

void EmbeddedBackend::purge() {
  store_->purge(loop_->now().wall - settings_.last_seen_retention,
                [](base::Result<uint64_t> purged) {
                  if (purged && *purged > 0)
                    spdlog::info("last_seen_retention: {} users forgotten", *purged);
                });
}

void EmbeddedBackend::load_contacts(const presence::UserId& user) {
  store_->load_contacts(user, [this, user](base::Result<std::vector<presence::ContactEntry>> list) {
    post_([this, user, list = std::move(list)]() mutable {
      hub_->contacts_loaded(user, std::move(list));
    });
  });
}

void EmbeddedBackend::save(const presence::UserRecord& record) { store_->save_user(record); }

void EmbeddedBackend::save(const presence::UserRecord& record,
                           std::function<void(base::Result<void>)> done) {
  store_->save_user(record, [this, done = std::move(done)](base::Result<void> kept) {
    post_([done, kept = std::move(kept)] { done(kept); });
  });
}

}  // namespace app

#include "app/redis_backend.h"

#include <spdlog/spdlog.h>

#include <chrono>
#include <utility>

#include "contacts/contact_file.h"

namespace app {
namespace {

constexpr base::Duration kMemberInterval{1'000};

}  // namespace

RedisBackend::RedisBackend(const config::Settings& settings, redis::Options options)
    : settings_(settings), options_(std::move(options)) {}

base::Result<std::unique_ptr<RedisBackend>> RedisBackend::open(const config::Settings& settings) {
  redis::Options options;
  auto url = redis::Url::parse(settings.redis.url);
  if (!url) return base::fail(url.error().code, "redis.url: " + url.error().message);
  options.url = *std::move(url);
  std::unique_ptr<RedisBackend> backend(new RedisBackend(settings, std::move(options)));
  if (auto read = backend->read_contacts_file(); !read) return tl::unexpected(read.error());
  return backend;
}

base::Result<void> RedisBackend::read_contacts_file() {
  if (settings_.contacts.file.empty()) return {};
  const auto stats =
      contacts::import_file(settings_.contacts.file, std::nullopt, contacts::Direction::mutual,
                            [this](std::vector<presence::Edge> edges) -> base::Result<void> {
                              to_import_.push_back(std::move(edges));
                              return {};
                            });
  if (!stats) return tl::unexpected(stats.error());
  spdlog::info("contacts.file {}: {} edges", settings_.contacts.file, stats->edges);
  return {};
}

base::Result<std::unique_ptr<presence::Directory>> RedisBackend::make_directory(
    presence::DirectoryOptions options, base::Instant now) {
  directory_options_ = options;
  return std::make_unique<presence::Directory>(options, clock_version(now.wall), now);
}

base::Result<void> RedisBackend::connect(runtime::EventLoop& loop, gateway::Hub& hub, Post) {
  hub_ = &hub;
  hub.set_decider(*this);
  cluster::MemberOptions member;
  member.redis = options_;
  member.prefix = settings_.redis.prefix;
  member.node_id = settings_.node_id;
  member.devices_per_user = directory_options_.devices_per_user;
  member.last_seen_retention = directory_options_.last_seen_retention;
  member.disconnect_grace = directory_options_.disconnect_grace;
  auto made = cluster::Member::create(loop, random_, std::move(member), hub.directory(), *this);
  if (!made) return base::fail(made.error().code, "redis.url: " + made.error().message);
  member_ = *std::move(made);
  cluster::ContactStoreOptions contacts;
  contacts.redis = options_;
  contacts.prefix = settings_.redis.prefix;
  auto store = cluster::ContactStore::create(loop, random_, std::move(contacts));
  if (!store) return base::fail(store.error().code, "redis.url: " + store.error().message);
  contacts_ = *std::move(store);
  return {};
}

void RedisBackend::take_seat(cluster::Seat seat, cluster::Member::SeatHandler on_seats) {
  member_->take_seat(std::move(seat), std::move(on_seats));
}

void RedisBackend::start(Deadlines& deadlines) {
  deadlines.every(kMemberInterval, [this] { tick(); });
  deadlines.watch([this] { return member_->next_due(); }, [this] { member_->do_due(); });
}

base::Duration RedisBackend::hold() const {
  return attached_ && nodes_ > 1 ? cluster::Member::kLease : base::Duration{};
}

void RedisBackend::leave() { member_->leave(); }

void RedisBackend::stop(base::Instant) {
  contacts_.reset();
  member_.reset();
}

void RedisBackend::tick() {
  member_->tick();
  nodes_ = std::max<std::size_t>(1, member_->live_nodes());
  if (attached_) import_next();
}

// One batch at a time; one that Redis did not take is tried again.
void RedisBackend::import_next() {
  if (importing_ || to_import_.empty()) return;
  importing_ = true;
  contacts_->import_edges(to_import_.front(), [this](base::Result<store::EdgeChanges> added) {
    importing_ = false;
    if (!added) {
      spdlog::warn("contacts.file: not written yet: {}", added.error().message);
      return;
    }
    imported_ += added->size();
    to_import_.pop_front();
    if (to_import_.empty()) spdlog::info("contacts.file: {} edges were new", imported_);
    import_next();
  });
}

std::string RedisBackend::unready() const {
  return attached_ && contacts_->up() ? std::string() : "redis cannot be reached";
}

void RedisBackend::load_contacts(const presence::UserId& user) { member_->load_contacts(user); }

// What is true of a user is kept where it is decided.
void RedisBackend::save(const presence::UserRecord&) {}
void RedisBackend::save(const presence::UserRecord&, std::function<void(base::Result<void>)> done) {
  done({});
}

void RedisBackend::report(const presence::Report& report) { member_->report(report); }

void RedisBackend::choose(const presence::UserId& user, const presence::Choice& choice,
                          std::function<void(base::Result<void>)> done) {
  member_->choose(user, choice, std::move(done));
}

void RedisBackend::heard(presence::DeviceRef device) { member_->heard(device); }

void RedisBackend::look_up(std::vector<presence::UserId> users,
                           std::function<void(base::Result<Truths>)> done) {
  member_->look_up(std::move(users), std::move(done));
}

void RedisBackend::close_device(const presence::UserId& user, const std::string& socket_id) {
  member_->close_device(user, socket_id);
}

void RedisBackend::forget(const presence::UserId& user) { member_->forget(user); }

void RedisBackend::hear_edges(std::function<void()> done) { member_->hear_edges(std::move(done)); }

void RedisBackend::apply(presence::Input input) {
  if (std::holds_alternative<presence::Attached>(input)) attached_ = true;
  if (std::holds_alternative<presence::Detached>(input)) attached_ = false;
  hub_->apply(std::move(input));
  if (attached_) import_next();
}

}  // namespace app

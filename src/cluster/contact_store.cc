#include "cluster/contact_store.h"

#include <algorithm>
#include <atomic>
#include <deque>
#include <utility>

#include "cluster/contact_sets.h"
#include "cluster/edge_listing.h"
#include "cluster/keys.h"

namespace cluster {
namespace {

using base::ErrorCode;
using presence::ContactEntry;
using presence::Edge;
using presence::EdgeChange;
using presence::UserId;
using store::EdgeChanges;
using store::Mutual;
using Kind = EdgeChange::Kind;

// The smallest call: its closures, its place in the queue.
constexpr std::size_t kCallBytes = 512;
constexpr std::size_t kMaxPageEdges = 10'000;

tl::unexpected<base::Error> not_own_contact(const char* field) {
  return base::fail(ErrorCode::kInvalidArgument,
                    std::string(field) + ": a user cannot be their own contact");
}

std::size_t bytes_of(const UserIds& ids) {
  std::size_t bytes = 0;
  for (const UserId& id : ids) bytes += sizeof(UserId) + id.size();
  return bytes;
}

}  // namespace

// -- Calls on their way

struct ContactStore::Backlog {
  std::atomic<std::size_t> bytes = 0;
};

// One operation at a time, in the order of the calls.
class ContactStore::Worker {
 public:
  Worker(runtime::EventLoop& loop, Keys keys, std::unique_ptr<redis::Client> client)
      : keys_(std::move(keys)),
        client_(std::move(client)),
        sets_(keys_, *client_),
        edges_(loop, keys_, *client_) {}
  ~Worker() { client_.reset(); }  // before what its callbacks refer to
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  [[nodiscard]] ContactSets& sets() { return sets_; }
  [[nodiscard]] EdgeListing& edges() { return edges_; }
  [[nodiscard]] bool up() const { return client_->up(); }

  void enqueue(redis::Function<void()> start) {
    queue_.push_back(std::move(start));
    go_on();
  }
  void finished() {
    busy_ = false;
    if (went_down_) complete();
    go_on();
  }
  void on_state(bool up) {
    if (!up) went_down_ = true;
    if (up) complete();
  }

 private:
  // What was made in part comes before what else waits.
  void complete() {
    if (busy_ || !sets_.unfinished() || !client_->up()) return;
    busy_ = true;
    sets_.complete([this] {
      busy_ = false;
      go_on();
    });
  }
  void go_on() {
    if (going_on_) return;  // an operation has finished before its start returned
    going_on_ = true;
    while (!busy_ && !queue_.empty()) {
      redis::Function<void()> start = std::move(queue_.front());
      queue_.pop_front();
      busy_ = true;
      went_down_ = false;
      start();
    }
    going_on_ = false;
  }

  const Keys keys_;
  std::deque<redis::Function<void()>> queue_;
  bool busy_ = false;
  bool went_down_ = false;  // since the operation began
  bool going_on_ = false;
  std::unique_ptr<redis::Client> client_;
  ContactSets sets_;
  EdgeListing edges_;
};

namespace {

// Answers once, whatever becomes of the call.
template <class T, class Backlog>
class Pending {
 public:
  Pending(std::shared_ptr<Backlog> backlog, std::size_t bytes, store::Done<T> done)
      : backlog_(std::move(backlog)), bytes_(bytes), done_(std::move(done)) {
    backlog_->bytes += bytes_;
  }
  ~Pending() {
    if (done_) answer(contacts_unavailable("the store has stopped"));
  }
  Pending(const Pending&) = delete;
  Pending& operator=(const Pending&) = delete;

  void answer(base::Result<T> outcome) {
    backlog_->bytes -= bytes_;
    std::exchange(done_, nullptr)(std::move(outcome));
  }

 private:
  std::shared_ptr<Backlog> backlog_;
  std::size_t bytes_;
  store::Done<T> done_;
};

}  // namespace

template <class T, class Work>
void ContactStore::submit(std::size_t bytes, store::Done<T> done, Work work) {
  if (backlog_->bytes > options_.max_queue_bytes)
    return done(contacts_unavailable("the queue is full"));
  const auto pending =
      std::make_shared<Pending<T, Backlog>>(backlog_, kCallBytes + bytes, std::move(done));
  const bool posted = loop_.post(
      [weak = std::weak_ptr<Worker>(worker_), pending, work = std::move(work)]() mutable {
        const std::shared_ptr<Worker> alive = weak.lock();
        if (alive == nullptr) return;
        alive->enqueue(
            [worker = alive.get(), pending = std::move(pending), work = std::move(work)]() mutable {
              work(*worker, Then<T>([worker, pending](base::Result<T> outcome) {
                pending->answer(std::move(outcome));
                worker->finished();
              }));
            });
      });
  if (!posted) pending->answer(contacts_unavailable("the event loop has too much to do"));
}

// -- The store

base::Result<std::unique_ptr<ContactStore>> ContactStore::create(runtime::EventLoop& loop,
                                                                 base::RandomSource& random,
                                                                 ContactStoreOptions options) {
  const auto place = std::make_shared<std::weak_ptr<Worker>>();
  auto client =
      redis::Client::create(loop, random, options.redis, [place](bool up, const std::string&) {
        const std::shared_ptr<Worker> worker = place->lock();
        if (worker != nullptr) worker->on_state(up);
      });
  if (!client) return tl::unexpected(std::move(client.error()));
  Keys keys(options.prefix, options.redis.url.topology == redis::Topology::kCluster);
  auto worker = std::make_shared<Worker>(loop, std::move(keys), *std::move(client));
  *place = worker;
  return std::unique_ptr<ContactStore>(
      new ContactStore(loop, std::move(options), std::move(worker)));
}

ContactStore::ContactStore(runtime::EventLoop& loop, ContactStoreOptions options,
                           std::shared_ptr<Worker> worker)
    : loop_(loop),
      options_(std::move(options)),
      backlog_(std::make_shared<Backlog>()),
      worker_(std::move(worker)) {}

bool ContactStore::up() const { return worker_->up(); }

ContactStore::~ContactStore() = default;

void ContactStore::submit_change(EdgeChanges wanted, store::Done<EdgeChanges> done) {
  std::size_t bytes = 0;
  for (const EdgeChange& change : wanted)
    bytes += sizeof change + change.viewer.size() + change.subject.size();
  submit<EdgeChanges>(bytes, std::move(done),
                      [wanted = std::move(wanted)](Worker& worker, auto then) mutable {
                        worker.sets().change({std::move(wanted), {}, {}, {}}, std::move(then));
                      });
}

void ContactStore::save_user(presence::UserRecord) {}

void ContactStore::save_user(presence::UserRecord, store::Done<void> done) {
  submit<void>(0, std::move(done), [](Worker&, Then<void> then) { then({}); });
}

void ContactStore::load_contacts(UserId user, store::Done<std::vector<ContactEntry>> done) {
  const std::size_t bytes = user.size();
  submit<std::vector<ContactEntry>>(bytes, std::move(done),
                                    [user = std::move(user)](Worker& worker, auto then) {
                                      worker.sets().load_contacts(user, std::move(then));
                                    });
}

void ContactStore::add_contact(UserId user, UserId other, Mutual mutual,
                               store::Done<EdgeChanges> done) {
  if (user == other) return done(not_own_contact("contact"));
  EdgeChanges wanted;
  want(wanted, Kind::added, user, other, mutual);
  submit_change(std::move(wanted), std::move(done));
}

void ContactStore::remove_contact(UserId user, UserId other, Mutual mutual,
                                  store::Done<EdgeChanges> done) {
  EdgeChanges wanted;
  if (user != other) want(wanted, Kind::removed, user, other, mutual);
  submit_change(std::move(wanted), std::move(done));
}

void ContactStore::replace_contacts(UserId user, UserIds list, Mutual mutual,
                                    store::Done<EdgeChanges> done) {
  if (list.size() > options_.max_contacts) {
    return done(base::fail(
        ErrorCode::kInvalidArgument,
        "contacts: a list has at most " + std::to_string(options_.max_contacts) + " entries"));
  }
  sort_and_unite(list);
  if (std::binary_search(list.begin(), list.end(), user)) return done(not_own_contact("contacts"));
  const std::size_t bytes = user.size() + bytes_of(list);
  submit<EdgeChanges>(
      bytes, std::move(done),
      [user = std::move(user), list = std::move(list), mutual](Worker& worker, auto then) mutable {
        worker.sets().replace(user, std::move(list), mutual, std::move(then));
      });
}

void ContactStore::import_edges(std::vector<Edge> edges, store::Done<EdgeChanges> done) {
  std::sort(edges.begin(), edges.end());
  edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
  EdgeChanges wanted;
  for (Edge& edge : edges) {
    if (edge.viewer == edge.subject) continue;
    wanted.push_back({Kind::added, std::move(edge.viewer), std::move(edge.subject)});
  }
  submit_change(std::move(wanted), std::move(done));
}

void ContactStore::block(UserId user, UserId other, store::Done<EdgeChanges> done) {
  if (user == other) {
    return done(base::fail(ErrorCode::kInvalidArgument, "block: a user cannot block themselves"));
  }
  EdgeChanges wanted;
  wanted.push_back({Kind::blocked, other, user});
  submit_change(std::move(wanted), std::move(done));
}

void ContactStore::unblock(UserId user, UserId other, store::Done<EdgeChanges> done) {
  EdgeChanges wanted;
  if (user != other) wanted.push_back({Kind::unblocked, other, user});
  submit_change(std::move(wanted), std::move(done));
}

void ContactStore::forget_user(UserId user, store::Done<EdgeChanges> done) {
  const std::size_t bytes = user.size();
  submit<EdgeChanges>(bytes, std::move(done), [user = std::move(user)](Worker& worker, auto then) {
    worker.sets().forget(user, std::move(then));
  });
}

void ContactStore::export_user(UserId user, store::Done<store::UserExport> done) {
  const std::size_t bytes = user.size();
  submit<store::UserExport>(bytes, std::move(done),
                            [user = std::move(user)](Worker& worker, auto then) {
                              worker.sets().export_user(user, std::move(then));
                            });
}

void ContactStore::load_edges(std::optional<Edge> after, std::size_t limit,
                              store::Done<std::vector<Edge>> done) {
  const std::size_t page = std::clamp<std::size_t>(limit, 1, kMaxPageEdges);
  submit<std::vector<Edge>>(0, std::move(done),
                            [after = std::move(after), page](Worker& worker, auto then) mutable {
                              worker.edges().load(std::move(after), page, std::move(then));
                            });
}

}  // namespace cluster

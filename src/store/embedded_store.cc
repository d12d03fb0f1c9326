#include "store/embedded_store.h"

#include <algorithm>
#include <future>
#include <utility>

#include "store/store_thread.h"

namespace store {
namespace {

constexpr std::size_t kLargeImport = 10'000;  // edges

using presence::UserId;
using Kind = Operation::Kind;

// Bounds of one step of work: a page of edges, a step of a purge.
constexpr std::size_t kMaxPageEdges = 10'000;
constexpr std::size_t kPurgeStepRecords = 5'000;

// What the smallest operation takes: itself, its closure and completion, its place in the queue.
constexpr std::size_t kOperationBytes = 256;

std::size_t bytes_of(const std::vector<UserId>& ids) {
  std::size_t bytes = 0;
  for (const UserId& id : ids) bytes += sizeof(UserId) + id.size();
  return bytes;
}

std::size_t bytes_of(const std::vector<presence::Edge>& edges) {
  std::size_t bytes = 0;
  for (const presence::Edge& edge : edges)
    bytes += sizeof edge + edge.viewer.size() + edge.subject.size();
  return bytes;
}

tl::unexpected<base::Error> not_own_contact(const char* field) {
  return base::fail(base::ErrorCode::kInvalidArgument,
                    std::string(field) + ": a user cannot be their own contact");
}

// `change(edges, changes)` fills what it changed.
template <class Change>
std::unique_ptr<Operation> edge_operation(std::size_t bytes, Change change,
                                          Done<EdgeChanges> done) {
  return make_operation<EdgeChanges>(
      Kind::kWrite, kOperationBytes + bytes,
      [change = std::move(change)](Database& database) -> base::Result<EdgeChanges> {
        EdgeChanges changes;
        change(database, changes);
        return changes;
      },
      std::move(done));
}

}  // namespace

class EmbeddedStore::Impl : public StoreThread {
 public:
  using StoreThread::StoreThread;

  // Queues the work and waits for its outcome; not on the store's thread.
  template <class T, class Work>
  base::Result<T> wait_for(Kind kind, Work work) {
    // Shared, because set_value() may still be touching the promise when the waiter goes on.
    const auto promise = std::make_shared<std::promise<base::Result<T>>>();
    submit(make_operation<T>(
        kind, kOperationBytes, std::move(work),
        Done<T>([promise](base::Result<T> outcome) { promise->set_value(std::move(outcome)); })));
    return promise->get_future().get();
  }

  base::Result<uint64_t> load_mark(UserTable::Mark mark) {
    return wait_for<uint64_t>(Kind::kRead, [mark](Database& database) -> base::Result<uint64_t> {
      return static_cast<uint64_t>(database.users().mark(mark));
    });
  }

  // Each step queues the next when it is answered, behind whatever came in between.
  void purge_step(base::WallTime cutoff, UserId after, uint64_t changed, Done<uint64_t> done) {
    using Step = UserTable::PurgeStep;
    submit(make_operation<Step>(
        Kind::kWrite, kOperationBytes,
        [cutoff, after = std::move(after)](Database& database) -> base::Result<Step> {
          return database.users().purge_some(cutoff, after, kPurgeStepRecords);
        },
        Done<Step>([this, cutoff, changed, done = std::move(done)](base::Result<Step> step) {
          if (!step) return done(tl::unexpected<base::Error>(std::move(step.error())));
          if (!step->last) return done(changed + step->changed);
          purge_step(cutoff, std::move(*step->last), changed + step->changed, done);
        })));
  }
};

EmbeddedStore::EmbeddedStore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
EmbeddedStore::~EmbeddedStore() { impl_->stop(); }

base::Result<std::unique_ptr<EmbeddedStore>> EmbeddedStore::open(Options options) {
  auto data_dir = DataDir::claim(options.data_dir);
  if (!data_dir) return tl::unexpected<base::Error>(std::move(data_dir.error()));
  auto impl = std::make_unique<Impl>(std::move(options), std::move(*data_dir));
  if (auto started = impl->start(); !started)
    return tl::unexpected<base::Error>(std::move(started.error()));
  return std::unique_ptr<EmbeddedStore>(new EmbeddedStore(std::move(impl)));
}

base::Result<void> EmbeddedStore::load_users(
    const std::function<void(presence::UserRecord)>& each) {
  return impl_->wait_for<void>(Kind::kRead, [&each](Database& database) -> base::Result<void> {
    database.users().for_each(each);
    return {};
  });
}

base::Result<uint64_t> EmbeddedStore::load_sequence() {
  return impl_->load_mark(UserTable::Mark::kSequence);
}

void EmbeddedStore::save_sequence(uint64_t value) { impl_->save_sequence(value); }

base::Result<uint64_t> EmbeddedStore::load_begin() {
  return impl_->load_mark(UserTable::Mark::kBegin);
}

base::Result<void> EmbeddedStore::keep_begin(uint64_t value) {
  return impl_->wait_for<void>(Kind::kWrite, [value](Database& database) -> base::Result<void> {
    database.users().raise(UserTable::Mark::kBegin, static_cast<int64_t>(value));
    return {};
  });
}

void EmbeddedStore::purge(base::WallTime cutoff, Done<uint64_t> done) {
  impl_->purge_step(cutoff, {}, 0, std::move(done));
}

std::size_t EmbeddedStore::stop() { return impl_->stop(); }

Counters EmbeddedStore::counters() const { return impl_->counters(); }

void EmbeddedStore::save_user(presence::UserRecord record) {
  impl_->write_behind(std::move(record));
}

void EmbeddedStore::save_user(presence::UserRecord record, Done<void> done) {
  const UserId user = record.user;
  const std::size_t bytes = kOperationBytes + user.size() + record.choice.message.size();
  impl_->submit_superseding(
      make_operation<void>(
          Kind::kSharedWrite, bytes,
          [record = std::move(record)](Database& database) -> base::Result<void> {
            database.users().save(record);
            return {};
          },
          std::move(done)),
      user);
}

void EmbeddedStore::load_contacts(UserId user, Done<std::vector<presence::ContactEntry>> done) {
  using Entries = std::vector<presence::ContactEntry>;
  const std::size_t bytes = kOperationBytes + user.size();
  impl_->submit(make_operation<Entries>(
      Kind::kRead, bytes,
      [user = std::move(user)](Database& database) -> base::Result<Entries> {
        return database.edges().contacts_of(user);
      },
      std::move(done)));
}

void EmbeddedStore::add_contact(UserId user, UserId other, Mutual mutual, Done<EdgeChanges> done) {
  if (user == other) return done(not_own_contact("contact"));
  const std::size_t bytes = user.size() + other.size();
  impl_->submit(edge_operation(
      bytes,
      [user = std::move(user), other = std::move(other), mutual](Database& database,
                                                                 EdgeChanges& changes) {
        database.edges().add(user, other, changes);
        if (mutual == Mutual::kYes) database.edges().add(other, user, changes);
      },
      std::move(done)));
}

void EmbeddedStore::remove_contact(UserId user, UserId other, Mutual mutual,
                                   Done<EdgeChanges> done) {
  const std::size_t bytes = user.size() + other.size();
  impl_->submit(edge_operation(
      bytes,
      [user = std::move(user), other = std::move(other), mutual](Database& database,
                                                                 EdgeChanges& changes) {
        database.edges().remove(user, other, changes);
        if (mutual == Mutual::kYes) database.edges().remove(other, user, changes);
      },
      std::move(done)));
}

void EmbeddedStore::replace_contacts(UserId user, std::vector<UserId> list, Mutual mutual,
                                     Done<EdgeChanges> done) {
  if (list.size() > impl_->options().max_contacts) {
    return done(base::fail(base::ErrorCode::kInvalidArgument,
                           "contacts: a list has at most " +
                               std::to_string(impl_->options().max_contacts) + " entries"));
  }
  std::sort(list.begin(), list.end());
  list.erase(std::unique(list.begin(), list.end()), list.end());
  if (std::binary_search(list.begin(), list.end(), user)) return done(not_own_contact("contacts"));
  const std::size_t bytes = user.size() + bytes_of(list);
  impl_->submit(edge_operation(
      bytes,
      [user = std::move(user), list = std::move(list), mutual](Database& database,
                                                               EdgeChanges& changes) {
        database.edges().replace(user, list, mutual, changes);
      },
      std::move(done)));
}

void EmbeddedStore::import_edges(std::vector<presence::Edge> edges, Done<EdgeChanges> done) {
  // Neighbours in the file are written together: the order of a file is not that of the tree.
  std::sort(edges.begin(), edges.end());
  const std::size_t bytes = bytes_of(edges);
  impl_->submit(edge_operation(
      bytes,
      [edges = std::move(edges)](Database& database, EdgeChanges& changes) {
        if (edges.size() >= kLargeImport) database.expect_large_transaction();
        for (const presence::Edge& edge : edges)
          if (edge.viewer != edge.subject) database.edges().add(edge.viewer, edge.subject, changes);
      },
      std::move(done)));
}

void EmbeddedStore::block(UserId user, UserId other, Done<EdgeChanges> done) {
  if (user == other) {
    return done(
        base::fail(base::ErrorCode::kInvalidArgument, "block: a user cannot block themselves"));
  }
  const std::size_t bytes = user.size() + other.size();
  impl_->submit(edge_operation(
      bytes,
      [user = std::move(user), other = std::move(other)](Database& database, EdgeChanges& changes) {
        database.edges().block(user, other, changes);
      },
      std::move(done)));
}

void EmbeddedStore::unblock(UserId user, UserId other, Done<EdgeChanges> done) {
  const std::size_t bytes = user.size() + other.size();
  impl_->submit(edge_operation(
      bytes,
      [user = std::move(user), other = std::move(other)](Database& database, EdgeChanges& changes) {
        database.edges().unblock(user, other, changes);
      },
      std::move(done)));
}

void EmbeddedStore::forget_user(UserId user, Done<EdgeChanges> done) {
  impl_->submit_superseding(edge_operation(
                                user.size(),
                                [user](Database& database, EdgeChanges& changes) {
                                  database.edges().forget(user, changes);
                                  database.users().erase(user);
                                },
                                std::move(done)),
                            user);
}

void EmbeddedStore::export_user(UserId user, Done<UserExport> done) {
  // A record that is still held back counts as written: this read was called after it.
  auto held_back = impl_->held_back(user);
  const std::size_t bytes = kOperationBytes + user.size();
  impl_->submit(make_operation<UserExport>(
      Kind::kRead, bytes,
      [user = std::move(user),
       held_back = std::move(held_back)](Database& database) -> base::Result<UserExport> {
        UserExport out;
        out.record = held_back ? held_back : database.users().find(user);
        database.edges().export_user(user, out);
        return out;
      },
      std::move(done)));
}

void EmbeddedStore::release_memory(Done<void> done) {
  impl_->submit(make_operation<void>(
      Kind::kRead, kOperationBytes,
      [](Database& database) -> base::Result<void> {
        database.release_memory();
        return {};
      },
      std::move(done)));
}

void EmbeddedStore::load_edges(std::optional<presence::Edge> after, std::size_t limit,
                               Done<std::vector<presence::Edge>> done) {
  using Edges = std::vector<presence::Edge>;
  const std::size_t page = std::clamp<std::size_t>(limit, 1, kMaxPageEdges);
  impl_->submit(make_operation<Edges>(
      Kind::kRead, kOperationBytes,
      [after = std::move(after), page](Database& database) -> base::Result<Edges> {
        return database.edges().page(after, page);
      },
      std::move(done)));
}

}  // namespace store

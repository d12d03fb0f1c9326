// What is said twice, and which of the two decides:
//
//   contacts:{viewer}    decides who sees whom     viewers:{subject}  leads back to it
//   blockedby:{viewer}   decides who hides         blocks:{subject}   leads back to it
//
// Both deciding sets of a viewer share a slot, so one script changes them, publishes what changed
// and answers it (scripts/edges.lua). The sets that lead back lie in other slots. They are written
// before an edge or block comes and after it went, so that whatever happens in between they hold
// too much rather than too little; what they say is checked against the set that decides. Making
// the call again writes all of it again, whether or not anything changes by then.
//
// A call that first reads what to change (replace, forget) leaves until last what it has read: the
// user's own set. So long as that has not been changed, making the call again finds the same.
//
// Two nodes that add and remove the same edge at the same moment may leave it without its way back,
// as after SADD by another program.
#include "cluster/contact_store.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <deque>
#include <iterator>
#include <map>
#include <tuple>
#include <utility>

#include "cluster/edge_changes.h"
#include "cluster/keys.h"
#include "cluster/redis_steps.h"
#include "cluster/scripts.h"

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
using UserIds = std::vector<UserId>;

template <class T>
using Then = redis::Function<void(base::Result<T>)>;

// The smallest call: its closures, its place in the queue.
constexpr std::size_t kCallBytes = 512;
// Bounds of one command, for which everybody else waits.
constexpr std::size_t kMaxChanges = 500;
constexpr std::size_t kMaxMembers = 1'000;
constexpr std::size_t kListsAtOnce = 64;
constexpr std::size_t kMaxPageEdges = 10'000;
constexpr base::Duration kKeepNames{60'000};

tl::unexpected<base::Error> unavailable(const std::string& message) {
  return base::fail(ErrorCode::kStoreUnavailable, "contacts: " + message);
}

tl::unexpected<base::Error> not_own_contact(const char* field) {
  return base::fail(ErrorCode::kInvalidArgument,
                    std::string(field) + ": a user cannot be their own contact");
}

std::size_t bytes_of(const UserIds& ids) {
  std::size_t bytes = 0;
  for (const UserId& id : ids) bytes += sizeof(UserId) + id.size();
  return bytes;
}

void sort_and_unite(UserIds& ids) {
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
}

// The other users in a set, in byte order. Anybody may have written it: what is no user id, or the
// user themselves, is not there.
UserIds others_in(const redis::Reply& set, const UserId& user) {
  UserIds ids;
  for (const redis::Reply& member : set.elements)
    if (member.text != user && presence::check_user_id(member.text, "contact"))
      ids.push_back(member.text);
  std::sort(ids.begin(), ids.end());
  return ids;
}

UserIds difference(const UserIds& all, const UserIds& without) {
  UserIds rest;
  std::set_difference(all.begin(), all.end(), without.begin(), without.end(),
                      std::back_inserter(rest));
  return rest;
}

void want(EdgeChanges& wanted, Kind kind, const UserId& user, const UserId& other, Mutual mutual) {
  wanted.push_back({kind, user, other});
  if (mutual == Mutual::kYes) wanted.push_back({kind, other, user});
}

}  // namespace

// -- Calls on their way

struct ContactStore::Backlog {
  std::atomic<std::size_t> bytes = 0;
};

class ContactStore::Worker {
 public:
  // What is to become of edges and blocks.
  struct Change {
    EdgeChanges wanted;  // in the order in which they are reported; `blocked` counts for nothing
    UserId last;         // whose set is changed last
    Phase before;
    std::vector<Phase> after;
  };

  Worker(runtime::EventLoop& loop, Keys keys, std::unique_ptr<redis::Client> client)
      : loop_(loop), keys_(std::move(keys)), client_(std::move(client)) {}

  void enqueue(redis::Function<void()> start) {
    queue_.push_back(std::move(start));
    go_on();
  }
  void finished() {
    busy_ = false;
    go_on();
  }

  void load_contacts(const UserId& user, Then<std::vector<ContactEntry>> then);
  void change(Change change, Then<EdgeChanges> then);
  void replace(const UserId& user, UserIds list, Mutual mutual, Then<EdgeChanges> then);
  void forget(const UserId& user, Then<EdgeChanges> then);
  void export_user(const UserId& user, Then<store::UserExport> then);
  void load_edges(std::optional<Edge> after, std::size_t limit, Then<std::vector<Edge>> then);

 private:
  struct Sets {
    UserIds contacts, viewers, blocks, blocked_by;
    std::vector<std::string> devices;
  };
  struct Page {
    std::optional<Edge> after;
    std::size_t limit;
    Then<std::vector<Edge>> then;
    std::vector<Edge> edges;
  };
  struct Scan {
    std::vector<redis::Address> masters;
    std::size_t master = 0;
    UserIds viewers;
  };

  void go_on() {
    if (going_on_) return;  // an operation has finished before its start returned
    going_on_ = true;
    while (!busy_ && !queue_.empty()) {
      redis::Function<void()> start = std::move(queue_.front());
      queue_.pop_front();
      busy_ = true;
      start();
    }
    going_on_ = false;
  }

  void read_sets(const UserId& user, Then<Sets> then);
  // The sets that lead back: of what comes (SADD), of what has gone (SREM).
  [[nodiscard]] Phase ways_back(const EdgeChanges& wanted, std::string_view command) const;
  // The scripts for all viewers but `last`, or for it alone.
  [[nodiscard]] Phase scripts(const EdgeChanges& wanted, const UserId& last, bool of_last) const;

  void scan(const std::shared_ptr<Scan>& scan, std::string_view cursor,
            const std::shared_ptr<Page>& page);
  void collect(const std::shared_ptr<Page>& page, std::size_t from);

  runtime::EventLoop& loop_;
  const Keys keys_;
  UserIds viewers_;  // who has a list, as of a moment ago, for load_edges()
  std::optional<base::SteadyTime> viewers_read_at_;
  std::deque<redis::Function<void()>> queue_;
  bool busy_ = false;
  bool going_on_ = false;
  std::unique_ptr<redis::Client> client_;  // goes first: its callbacks refer to the rest
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
    if (done_) answer(unavailable("the store has stopped"));
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
  if (backlog_->bytes > options_.max_queue_bytes) return done(unavailable("the queue is full"));
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
  if (!posted) pending->answer(unavailable("the event loop has too much to do"));
}

// -- Reading

void ContactStore::Worker::load_contacts(const UserId& user, Then<std::vector<ContactEntry>> then) {
  const std::string contacts = keys_.contacts(user);
  const std::string blocked_by = keys_.blocked_by(user);
  Phase phase;
  phase.push_back(step({"SMEMBERS", contacts}, contacts));
  phase.push_back(step({"SMEMBERS", blocked_by}, blocked_by));
  std::vector<Phase> phases;
  phases.push_back(std::move(phase));
  run(*client_, std::move(phases),
      [user, then = std::move(then)](base::Result<Replies> replies) mutable {
        if (!replies) return then(tl::unexpected(std::move(replies.error())));
        const UserIds blockers = others_in((*replies)[1], user);
        std::vector<ContactEntry> entries;
        for (UserId& contact : others_in((*replies)[0], user)) {
          const bool blocked = std::binary_search(blockers.begin(), blockers.end(), contact);
          entries.push_back({std::move(contact), blocked});
        }
        then(std::move(entries));
      });
}

void ContactStore::Worker::read_sets(const UserId& user, Then<Sets> then) {
  Phase phase;
  for (const std::string& key : {keys_.contacts(user), keys_.viewers(user), keys_.blocks(user),
                                 keys_.blocked_by(user), keys_.devices(user)})
    phase.push_back(step({"SMEMBERS", key}, key));
  std::vector<Phase> phases;
  phases.push_back(std::move(phase));
  run(*client_, std::move(phases),
      [user, then = std::move(then)](base::Result<Replies> replies) mutable {
        if (!replies) return then(tl::unexpected(std::move(replies.error())));
        Sets sets{others_in((*replies)[0], user),
                  others_in((*replies)[1], user),
                  others_in((*replies)[2], user),
                  others_in((*replies)[3], user),
                  {}};
        for (redis::Reply& device : (*replies)[4].elements)
          sets.devices.push_back(std::move(device.text));
        then(std::move(sets));
      });
}

void ContactStore::Worker::export_user(const UserId& user, Then<store::UserExport> then) {
  read_sets(user, [this, user, then = std::move(then)](base::Result<Sets> sets) mutable {
    if (!sets) return then(tl::unexpected(std::move(sets.error())));
    // Mostly who is seen sees, too.
    UserIds viewers = std::move(sets->viewers);
    viewers.insert(viewers.end(), sets->contacts.begin(), sets->contacts.end());
    sort_and_unite(viewers);
    Phase checks;
    for (const UserId& viewer : viewers) {
      const std::string key = keys_.contacts(viewer);
      checks.push_back(step({"SISMEMBER", key, user}, key));
    }
    for (const UserId& blocked : sets->blocks) {
      const std::string key = keys_.blocked_by(blocked);
      checks.push_back(step({"SISMEMBER", key, user}, key));
    }
    std::vector<Phase> phases;
    phases.push_back(std::move(checks));
    run(*client_, std::move(phases),
        [viewers = std::move(viewers), sets = *std::move(sets),
         then = std::move(then)](base::Result<Replies> replies) mutable {
          if (!replies) return then(tl::unexpected(std::move(replies.error())));
          store::UserExport out;
          out.contacts = std::move(sets.contacts);
          out.blocked_by = std::move(sets.blocked_by);
          auto reply = replies->begin();
          for (UserId& viewer : viewers)
            if ((reply++)->integer == 1) out.viewers.push_back(std::move(viewer));
          for (UserId& blocked : sets.blocks)
            if ((reply++)->integer == 1) out.blocks.push_back(std::move(blocked));
          then(std::move(out));
        });
  });
}

void ContactStore::Worker::load_edges(std::optional<Edge> after, std::size_t limit,
                                      Then<std::vector<Edge>> then) {
  const auto page = std::make_shared<Page>(Page{std::move(after), limit, std::move(then), {}});
  const bool known = viewers_read_at_ && loop_.now().steady - *viewers_read_at_ < kKeepNames;
  if (page->after && known) {
    const auto from = std::lower_bound(viewers_.begin(), viewers_.end(), page->after->viewer);
    return collect(page, static_cast<std::size_t>(from - viewers_.begin()));
  }
  // Without one of its masters, a cluster does not know all lists.
  if (!client_->up()) return page->then(unavailable(client_->trouble()));
  scan(std::make_shared<Scan>(Scan{client_->masters(), 0, {}}), "0", page);
}

void ContactStore::Worker::scan(const std::shared_ptr<Scan>& names, std::string_view cursor,
                                const std::shared_ptr<Page>& page) {
  const redis::Command command{"SCAN",  cursor, "MATCH", keys_.contacts_pattern(),
                               "COUNT", "1000", "TYPE",  "set"};
  client_->call_at(
      names->masters[names->master], command, [this, names, page](redis::Answer answer) {
        if (!answer) return page->then(unavailable(answer.error().message));
        if (answer->elements.size() != 2) return page->then(unavailable("SCAN cannot be read"));
        for (const redis::Reply& key : answer->elements[1].elements) {
          UserId user(keys_.user_of_contacts(key.text));
          if (presence::check_user_id(user, "user") && keys_.contacts(user) == key.text)
            names->viewers.push_back(std::move(user));
        }
        const std::string& next = answer->elements[0].text;
        if (next != "0") return scan(names, next, page);
        if (++names->master < names->masters.size()) return scan(names, "0", page);
        sort_and_unite(names->viewers);
        viewers_ = std::move(names->viewers);
        viewers_read_at_ = loop_.now().steady;
        const UserId& first = page->after ? page->after->viewer : UserId();
        const auto from = std::lower_bound(viewers_.begin(), viewers_.end(), first);
        collect(page, static_cast<std::size_t>(from - viewers_.begin()));
      });
}

void ContactStore::Worker::collect(const std::shared_ptr<Page>& page, std::size_t from) {
  const std::size_t end = std::min(viewers_.size(), from + std::min(kListsAtOnce, page->limit));
  if (from == end) {
    if (page->edges.empty()) {
      viewers_ = {};
      viewers_read_at_.reset();
    }
    return page->then(std::move(page->edges));
  }
  Phase lists;
  for (std::size_t i = from; i < end; ++i) {
    const std::string key = keys_.contacts(viewers_[i]);
    lists.push_back(step({"SMEMBERS", key}, key));
  }
  std::vector<Phase> phases;
  phases.push_back(std::move(lists));
  run(*client_, std::move(phases), [this, page, from, end](base::Result<Replies> replies) {
    if (!replies) return page->then(tl::unexpected(std::move(replies.error())));
    for (std::size_t i = from; i < end; ++i) {
      for (UserId& subject : others_in((*replies)[i - from], viewers_[i])) {
        Edge edge{viewers_[i], std::move(subject)};
        if (page->after && edge <= *page->after) continue;
        page->edges.push_back(std::move(edge));
        if (page->edges.size() == page->limit) return page->then(std::move(page->edges));
      }
    }
    collect(page, end);
  });
}

// -- Changing

Phase ContactStore::Worker::ways_back(const EdgeChanges& wanted, std::string_view command) const {
  std::map<std::string, std::vector<std::string_view>> members;
  for (const EdgeChange& change : wanted) {
    const bool comes = change.kind == Kind::added || change.kind == Kind::blocked;
    if (comes != (command == "SADD")) continue;
    const bool edge = change.kind == Kind::added || change.kind == Kind::removed;
    members[edge ? keys_.viewers(change.subject) : keys_.blocks(change.subject)].push_back(
        change.viewer);
  }
  Phase phase;
  for (const auto& [key, ids] : members) {
    for (std::size_t at = 0; at < ids.size(); at += kMaxMembers) {
      redis::Command whole{command, key};
      for (std::size_t i = at; i < std::min(at + kMaxMembers, ids.size()); ++i) whole.add(ids[i]);
      phase.push_back(step(std::move(whole), key));
    }
  }
  return phase;
}

Phase ContactStore::Worker::scripts(const EdgeChanges& wanted, const UserId& last,
                                    bool of_last) const {
  std::map<std::string_view, std::vector<const EdgeChange*>> by_viewer;
  for (const EdgeChange& change : wanted)
    if ((change.viewer == last) == of_last) by_viewer[change.viewer].push_back(&change);
  Phase phase;
  for (const auto& [viewer, changes] : by_viewer) {
    for (std::size_t at = 0; at < changes.size(); at += kMaxChanges) {
      std::vector<std::string> said{keys_.edges(), std::string(viewer)};
      for (std::size_t i = at; i < std::min(at + kMaxChanges, changes.size()); ++i) {
        said.emplace_back(edge_change_name(changes[i]->kind));
        said.push_back(changes[i]->subject);
      }
      phase.emplace_back([contacts = keys_.contacts(viewer), blocked_by = keys_.blocked_by(viewer),
                          said = std::move(said)](redis::Client& client, redis::Callback done) {
        const std::array<std::string_view, 2> keys{contacts, blocked_by};
        const std::vector<std::string_view> arguments(said.begin(), said.end());
        client.call(edges_script(), keys, arguments, std::move(done));
      });
    }
  }
  return phase;
}

void ContactStore::Worker::change(Change change, Then<EdgeChanges> then) {
  std::vector<Phase> phases;
  phases.push_back(std::move(change.before));
  phases.push_back(ways_back(change.wanted, "SADD"));
  phases.push_back(scripts(change.wanted, change.last, false));
  phases.push_back(scripts(change.wanted, change.last, true));
  phases.push_back(ways_back(change.wanted, "SREM"));
  std::move(change.after.begin(), change.after.end(), std::back_inserter(phases));
  run(*client_, std::move(phases),
      [wanted = std::move(change.wanted),
       then = std::move(then)](base::Result<Replies> replies) mutable {
        if (!replies) return then(tl::unexpected(std::move(replies.error())));
        using Name = std::tuple<Kind, std::string_view, std::string_view>;
        const auto name = [](const EdgeChange& c) { return Name{c.kind, c.viewer, c.subject}; };
        EdgeChanges made;
        for (const redis::Reply& reply : *replies) {
          if (!reply.is_text()) continue;  // not from the script
          auto some = parse_edge_changes(reply.text);
          if (!some) return then(unavailable("the answer of edges.lua cannot be read"));
          std::move(some->begin(), some->end(), std::back_inserter(made));
        }
        std::map<Name, EdgeChange*> by_name;
        for (EdgeChange& one : made) by_name.emplace(name(one), &one);
        EdgeChanges report;
        for (const EdgeChange& one : wanted) {
          const auto found = by_name.find(name(one));
          if (found != by_name.end()) report.push_back(*found->second);
        }
        then(std::move(report));
      });
}

void ContactStore::Worker::replace(const UserId& user, UserIds list, Mutual mutual,
                                   Then<EdgeChanges> then) {
  const std::string key = keys_.contacts(user);
  client_->call({"SMEMBERS", key}, key,
                [this, user, list = std::move(list), mutual,
                 then = std::move(then)](redis::Answer answer) mutable {
                  if (!answer) return then(unavailable(answer.error().message));
                  const UserIds before = others_in(*answer, user);
                  Change changes;
                  changes.last = user;
                  for (const UserId& left : difference(before, list))
                    want(changes.wanted, Kind::removed, user, left, mutual);
                  for (const UserId& came : difference(list, before))
                    want(changes.wanted, Kind::added, user, came, mutual);
                  change(std::move(changes), std::move(then));
                });
}

void ContactStore::Worker::forget(const UserId& user, Then<EdgeChanges> then) {
  read_sets(user, [this, user, then = std::move(then)](base::Result<Sets> sets) mutable {
    if (!sets) return then(tl::unexpected(std::move(sets.error())));
    Change changes;
    changes.last = user;
    for (const UserId& subject : sets->contacts) {
      changes.wanted.push_back({Kind::removed, user, subject});
      // Before the edge, this once: making the call again still finds the edge then.
      const std::string key = keys_.viewers(subject);
      changes.before.push_back(step({"SREM", key, user}, key));
    }
    UserIds others = std::move(sets->viewers);
    others.insert(others.end(), sets->contacts.begin(), sets->contacts.end());
    others.insert(others.end(), sets->blocks.begin(), sets->blocks.end());
    sort_and_unite(others);
    for (const UserId& viewer : others) changes.wanted.push_back({Kind::removed, viewer, user});
    for (const UserId& blocked : sets->blocks)
      changes.wanted.push_back({Kind::unblocked, blocked, user});
    Phase blocks;
    for (const UserId& blocker : sets->blocked_by) {
      const std::string key = keys_.blocks(blocker);
      blocks.push_back(step({"SREM", key, user}, key));
    }
    const std::string own = keys_.user(user);
    redis::Command command{"DEL",
                           own,
                           keys_.devices(user),
                           keys_.stale(user),
                           keys_.chosen(user),
                           keys_.contacts(user),
                           keys_.viewers(user),
                           keys_.blocks(user),
                           keys_.blocked_by(user)};
    for (const std::string& device : sets->devices) command.add(keys_.device_prefix(user) + device);
    Phase keys;
    keys.push_back(step(std::move(command), own));
    changes.after.push_back(std::move(blocks));
    changes.after.push_back(std::move(keys));
    change(std::move(changes), std::move(then));
  });
}

// -- The store

base::Result<std::unique_ptr<ContactStore>> ContactStore::create(runtime::EventLoop& loop,
                                                                 base::RandomSource& random,
                                                                 ContactStoreOptions options) {
  auto client = redis::Client::create(loop, random, options.redis);
  if (!client) return tl::unexpected(std::move(client.error()));
  Keys keys(options.prefix, options.redis.url.topology == redis::Topology::kCluster);
  auto worker = std::make_shared<Worker>(loop, std::move(keys), *std::move(client));
  return std::unique_ptr<ContactStore>(
      new ContactStore(loop, std::move(options), std::move(worker)));
}

ContactStore::ContactStore(runtime::EventLoop& loop, ContactStoreOptions options,
                           std::shared_ptr<Worker> worker)
    : loop_(loop),
      options_(std::move(options)),
      backlog_(std::make_shared<Backlog>()),
      worker_(std::move(worker)) {}

ContactStore::~ContactStore() = default;

void ContactStore::submit_change(EdgeChanges wanted, store::Done<EdgeChanges> done) {
  std::size_t bytes = 0;
  for (const EdgeChange& change : wanted)
    bytes += sizeof change + change.viewer.size() + change.subject.size();
  submit<EdgeChanges>(bytes, std::move(done),
                      [wanted = std::move(wanted)](Worker& worker, auto then) mutable {
                        worker.change({std::move(wanted), {}, {}, {}}, std::move(then));
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
                                      worker.load_contacts(user, std::move(then));
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
        worker.replace(user, std::move(list), mutual, std::move(then));
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
    worker.forget(user, std::move(then));
  });
}

void ContactStore::export_user(UserId user, store::Done<store::UserExport> done) {
  const std::size_t bytes = user.size();
  submit<store::UserExport>(bytes, std::move(done),
                            [user = std::move(user)](Worker& worker, auto then) {
                              worker.export_user(user, std::move(then));
                            });
}

void ContactStore::load_edges(std::optional<Edge> after, std::size_t limit,
                              store::Done<std::vector<Edge>> done) {
  const std::size_t page = std::clamp<std::size_t>(limit, 1, kMaxPageEdges);
  submit<std::vector<Edge>>(0, std::move(done),
                            [after = std::move(after), page](Worker& worker, auto then) mutable {
                              worker.load_edges(std::move(after), page, std::move(then));
                            });
}

}  // namespace cluster

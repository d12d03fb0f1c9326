// ContactStore: who sees whom and who hides from whom, in a Redis that nodes and other programs
// share (contract, section 9). Keeps the contract of store/store.h, with these limits of a Redis:
//
// - A write is as durable as the operator has made Redis.
// - What concerns users of several slots is several steps. When a call ends with kStoreUnavailable,
//   some of them may have been made; each of those was published, and making the call again
//   completes it. When Redis went away in between, the rest is made when it is back. After a crash
//   of the node, only the call made again completes it (contact_sets.h says why).
// - save_user() keeps nothing and succeeds: scripts/report.lua keeps what is true of a user. So
//   exports are without a record. forget_user() deletes what the scripts keep of the user.
// - Other programs may add members to `contacts:{user}` themselves. Every list is right then, but
//   who is seen by such a member's owner does not know it: export_user() does not list that viewer,
//   and forget_user() leaves that edge, unless the other direction or a block leads to it.
// - load_edges() reads the names of all lists when it begins at the start and keeps them for the
//   pages behind it, a minute at most.
//
// Every change that was made, by this or another node, is published on Keys::edges() in the order
// in which it happened (of one viewer), also when the answer to its maker is lost. A node that
// wants to know what is true follows the channel, its own changes included.
//
// One operation at a time goes to Redis. Any thread may call; completions are called in the thread
// of the loop, where the store is also created (or before run()) and destroyed (or after it; not
// from inside a completion). What waits then is refused.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/random.h"
#include "base/result.h"
#include "redis/client.h"
#include "runtime/event_loop.h"
#include "store/store.h"

namespace cluster {

struct ContactStoreOptions {
  redis::Options redis;
  std::string prefix;                       // redis.prefix
  std::size_t max_contacts = 100'000;       // of one list given to replace_contacts()
  std::size_t max_queue_bytes = 64U << 20;  // of calls without an answer
};

class ContactStore final : public store::Store {
 public:
  // Starts connecting. Refuses what cannot be used of the URL.
  [[nodiscard]] static base::Result<std::unique_ptr<ContactStore>> create(
      runtime::EventLoop& loop, base::RandomSource& random, ContactStoreOptions options);
  ~ContactStore() override;
  ContactStore(const ContactStore&) = delete;
  ContactStore& operator=(const ContactStore&) = delete;

  // Whether Redis can be reached. In the loop's thread.
  [[nodiscard]] bool up() const;

  void save_user(presence::UserRecord record) override;
  void save_user(presence::UserRecord record, store::Done<void> done) override;
  void load_contacts(presence::UserId user,
                     store::Done<std::vector<presence::ContactEntry>> done) override;
  void add_contact(presence::UserId user, presence::UserId other, store::Mutual mutual,
                   store::Done<store::EdgeChanges> done) override;
  void remove_contact(presence::UserId user, presence::UserId other, store::Mutual mutual,
                      store::Done<store::EdgeChanges> done) override;
  void replace_contacts(presence::UserId user, std::vector<presence::UserId> list,
                        store::Mutual mutual, store::Done<store::EdgeChanges> done) override;
  void import_edges(std::vector<presence::Edge> edges,
                    store::Done<store::EdgeChanges> done) override;
  void block(presence::UserId user, presence::UserId other,
             store::Done<store::EdgeChanges> done) override;
  void unblock(presence::UserId user, presence::UserId other,
               store::Done<store::EdgeChanges> done) override;
  void forget_user(presence::UserId user, store::Done<store::EdgeChanges> done) override;
  void export_user(presence::UserId user, store::Done<store::UserExport> done) override;
  void load_edges(std::optional<presence::Edge> after, std::size_t limit,
                  store::Done<std::vector<presence::Edge>> done) override;

 private:
  class Worker;
  struct Backlog;
  ContactStore(runtime::EventLoop& loop, ContactStoreOptions options,
               std::shared_ptr<Worker> worker);
  // Has the worker do `work(worker, then)`, where `then` takes the outcome.
  template <class T, class Work>
  void submit(std::size_t bytes, store::Done<T> done, Work work);

  void submit_change(store::EdgeChanges wanted, store::Done<store::EdgeChanges> done);

  runtime::EventLoop& loop_;
  const ContactStoreOptions options_;
  std::shared_ptr<Backlog> backlog_;
  std::shared_ptr<Worker> worker_;
};

}  // namespace cluster

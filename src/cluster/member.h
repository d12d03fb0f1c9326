// Member: this node as one of several that share a Redis (contract, section 9).
//
// Carries the directory's reports to the script that decides for all nodes, brings back what was
// decided here and elsewhere, holds the node's lease, and takes over the devices of nodes that have
// lost theirs. Whenever Redis cannot be reached, or may have told something that was not heard, the
// directory is detached; afterwards all that is true here is reported anew and all that is followed
// of other nodes read anew.
//
// In the thread of the hub.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/random.h"
#include "base/result.h"
#include "cluster/keys.h"
#include "cluster/outcome.h"
#include "presence/directory.h"
#include "redis/client.h"
#include "redis/subscriber.h"
#include "runtime/event_loop.h"

namespace cluster {

struct MemberOptions {
  redis::Options redis;
  std::string prefix;
  std::string node_id;
  std::size_t devices_per_user = 32;
  base::Duration last_seen_retention{};
  base::Duration disconnect_grace{};
};

// How other nodes name and reach a node.
struct Seat {
  uint16_t number = 1;  // in the sids of its sessions; never 0
  std::string secret;   // which proves to it that another node calls; of one process
  // Of this node: `*` stands for the address by which it reaches Redis. Empty: it is not reached.
  std::string address;

  bool operator==(const Seat&) const = default;
};

class Member final : private redis::Subscriber::Listener {
 public:
  class Port {
   public:
    virtual ~Port() = default;
    // An input for the directory: Attached, Detached, Decided, ContactsLoaded.
    virtual void apply(presence::Input input) = 0;
  };

  // `directory` is only read. Refuses what cannot be used of the URL.
  [[nodiscard]] static base::Result<std::unique_ptr<Member>> create(
      runtime::EventLoop& loop, base::RandomSource& random, MemberOptions options,
      const presence::Directory& directory, Port& port);
  ~Member() override;

  // Before the loop runs: what this node would like to be for others. `on_seats` is called whenever
  // the lease was renewed, with what it is, and with the other nodes that are alive.
  using SeatHandler = std::function<void(const Seat& own, const std::vector<Seat>& others)>;
  void take_seat(Seat seat, SeatHandler on_seats);

  void report(const presence::Report& report);
  // `done` when it was decided; the directory knows of it by then. Refused without Redis.
  using ChoiceDone = std::function<void(base::Result<void>)>;
  void choose(const presence::UserId& user, const presence::Choice& choice, ChoiceDone done);
  // On whichever node they are.
  void close_device(const presence::UserId& user, const std::string& socket_id);
  void forget(const presence::UserId& user);
  // What is true of these users, in their order. Refused without Redis.
  void look_up(std::vector<presence::UserId> users,
               std::function<void(base::Result<std::vector<presence::FullTruth>>)> done);
  // `done` when this node has been told of every change of edges that was published before, or when
  // Redis is away.
  void hear_edges(std::function<void()> done);
  // Answered with ContactsLoaded: an empty list without Redis, which is read when that is back.
  void load_contacts(const presence::UserId& user);
  // The device was heard from: what Redis holds of it lives on.
  void heard(presence::DeviceRef device);

  // Once a second: the lease, and what has become due.
  void tick();
  // When there is more to do before the next tick, and that.
  [[nodiscard]] std::optional<base::SteadyTime> next_due() const;
  void do_due();
  // The node is about to end. Devices that are left with it are held for a lease, so that their
  // clients can come back to another node; without any the lease is given back.
  void leave();
  static constexpr base::Duration kLease{15'000};

  [[nodiscard]] bool attached() const { return attached_; }
  // What was missed before it was attached has been read.
  [[nodiscard]] bool caught_up() const { return attached_ && !read_followed_at_; }
  [[nodiscard]] const std::string& incarnation() const { return incarnation_; }
  // Node incarnations whose leases have not ended, this one included.
  [[nodiscard]] std::size_t live_nodes() const { return live_.size(); }

 private:
  // Changes of lists that wait for their turn (member_contacts.cc).
  struct News {
    std::optional<presence::UserId> reread;    // whose list was read anew
    std::vector<presence::ContactEntry> list;  // of that user
    std::vector<presence::EdgeChange> changes;
    std::vector<presence::Truth> truths;
    std::function<void()> then;
    bool ready = false;
  };
  using NewsPtr = std::shared_ptr<News>;
  // Of the truths of several users.
  struct Read {
    std::vector<presence::UserId> users;
    std::vector<presence::Truth> truths;
    std::size_t missing = 1;
    std::function<void(std::vector<presence::Truth>)> done;
  };
  using ReadPtr = std::shared_ptr<Read>;

  Member(runtime::EventLoop& loop, MemberOptions options, const presence::Directory& directory,
         Port& port);
  void begin_incarnation();

  // redis::Subscriber::Listener
  void on_message(const redis::Subscription& subscription, std::string_view channel,
                  std::string_view payload) override;
  void on_subscribed(const redis::Subscription& subscription) override;
  void on_interrupted(const std::string& reason) override;

  void try_to_attach();
  void detach(const std::string& reason);
  // member_reports.cc
  // What is to be said of a user when everything before it has been answered. False: nothing was
  // said, and there is nothing to wait for.
  using Turn = std::function<bool()>;
  void in_turn(const presence::UserId& user, Turn turn);
  void next_turn(const presence::UserId& user);
  [[nodiscard]] bool too_many_wait(const presence::UserId& user) const;
  bool report_now(const presence::UserId& user, base::WallTime last_seen,
                  presence::OfflineReason reason, presence::DeviceRef origin,
                  presence::DeviceRef joining);
  bool choose_now(const presence::UserId& user, const presence::Choice& choice,
                  const ChoiceDone& done);
  void report_departed();
  void report_again(const presence::UserId& id, base::WallTime last_seen);

  void read_followed();

  // What is said in a call of the report script.
  struct Statement {
    std::string_view user;
    std::string_view node;
    presence::Version known = 0;
    base::WallTime last_seen{};
    presence::OfflineReason reason = presence::OfflineReason::disconnected;
    const presence::User* devices_of = nullptr;  // null: none
    const presence::Device* joining = nullptr;
    const presence::Choice* choice = nullptr;  // null: it stays
  };
  using CallDone = std::function<void(std::optional<Outcome>)>;
  struct Call {
    std::array<std::string, 4> keys;
    std::vector<std::string> arguments;
    CallDone done;
  };
  void call(const Statement& statement, CallDone done);
  void send_calls();
  void call_answered(const redis::Answer& answer, const CallDone& done);
  void read_details(const Outcome& outcome,
                    std::function<void(base::Result<presence::FullTruth>)> done);
  [[nodiscard]] Statement own_statement(const presence::UserId& user) const;
  // Reads the truth of a user who is not here, for a user or to take the devices of `node` away.
  [[nodiscard]] Statement statement_of(const presence::User& user, std::string_view node) const;
  void decided(Outcome outcome, presence::DeviceRef origin, presence::DeviceRef joining);
  bool check_nodes(const Outcome& outcome);

  // member_contacts.cc
  void compare_epoch();
  void read_list(const presence::UserId& user,
                 std::function<void(base::Result<std::vector<presence::ContactEntry>>)> done);
  void read_truths(const std::vector<presence::UserId>& users,
                   std::function<void(std::vector<presence::Truth>)> done);
  void one_less(Read& read);
  void read_next();
  void ask_known(std::vector<presence::UserId> users);
  void truth_read(const presence::UserId& user, const presence::Truth* truth);
  void list_read(const presence::UserId& user, std::vector<presence::ContactEntry> list);
  void reread_list(const presence::UserId& user);
  void edges_changed(std::string_view payload);
  void give_up_hearing(base::SteadyTime begun_before);
  void complete(const NewsPtr& news, const std::vector<presence::UserId>& subjects);
  void tell_news();
  [[nodiscard]] std::vector<presence::EdgeChange> changes_to(
      const presence::UserId& user, const std::vector<presence::ContactEntry>& list) const;

  void command(const std::string& payload);
  void commanded(std::string_view payload);

  void renew_lease(base::Duration length);
  [[nodiscard]] std::string own_address() const;
  void lease_answered(const redis::Reply& reply);
  [[nodiscard]] base::SteadyTime dead_since(int64_t lease_left) const;
  void schedule_take_over();
  void take_over_due();
  void take_over(const std::string& node);
  void refresh_heard();

  runtime::EventLoop& loop_;
  const MemberOptions options_;
  const Keys keys_;
  const presence::Directory& directory_;
  Port& port_;
  std::string incarnation_;
  Seat seat_;
  SeatHandler on_seats_;
  bool attached_ = false;
  uint64_t attachments_ = 0;
  bool leaving_ = false;
  bool announced_ = false;  // a lease was renewed since Redis was reached
  std::optional<base::SteadyTime> read_followed_at_;
  // Of whom a report was lost, and when they were last seen here.
  std::unordered_map<presence::UserId, base::WallTime> unconfirmed_;
  // Who has left lately.
  struct Departed {
    base::SteadyTime at;
    presence::UserId user;
    base::WallTime last_seen;
  };
  std::deque<Departed> departed_;
  std::set<std::string> live_;
  std::map<std::string, base::SteadyTime> dead_;  // and since when; taken over after the grace
  std::set<std::string> taken_over_;
  std::optional<base::SteadyTime> take_over_at_;  // of those that are not
  std::vector<presence::DeviceRef> heard_;
  std::unordered_map<presence::UserId, std::deque<Turn>> turns_;  // of whom an answer is awaited
  std::deque<Call> calls_;  // that wait until others have been answered
  std::size_t calls_under_way_ = 0;
  std::size_t reads_ = 0;                                               // of truths, under way
  std::unordered_map<presence::UserId, std::vector<ReadPtr>> reading_;  // who waits for whom
  std::deque<presence::UserId> to_read_;                          // of reading_, not asked for
  std::size_t asked_ = 0;                                         // of reading_
  std::unordered_map<presence::UserId, std::string> unfollowed_;  // heard of during reads_
  std::deque<NewsPtr> news_;
  struct Hearing {
    base::SteadyTime begun;
    std::function<void()> done;
  };
  std::map<uint64_t, Hearing> hearing_;
  uint64_t hearings_ = 0;
  std::string epoch_;                        // of the data whose lists are known
  std::set<presence::UserId> lists_unread_;  // of users who came while Redis was away
  std::unique_ptr<redis::Client> client_;
  std::unique_ptr<redis::Subscriber> subscriber_;
};

}  // namespace cluster

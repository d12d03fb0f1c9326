// Crowd: the users of a contact graph behind a swarm of connections. It turns what the phases ask
// for into packets, enters it into the ledger, and matches what comes back. A user has at most one
// operation under way.
//
// One thread. The graph and the ledger must outlive the crowd; the ledger may be handed from one
// crowd to the next when all users are offline.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bench/contact_graph.h"
#include "bench/latency.h"
#include "bench/ledger.h"
#include "bench/swarm.h"

namespace bench {

constexpr uint32_t kCheckedUsers = 50;  // of a bulk check, unless there are fewer contacts
constexpr uint32_t kChangesInARow = 4;

class Crowd : public SwarmListener {
 public:
  Crowd(const ContactGraph& graph, Ledger& ledger, sockaddr_in server);

  // Where the user connects from now on: an address, and the node that is there.
  void set_home(UserIndex user, sockaddr_in server, uint8_t node);
  // Whether those who connect from now on ask for a snapshot.
  void ask_for_snapshots(bool ask) { swarm_.ask_for_snapshots(ask); }

  // The life of a connection.
  void log_in(UserIndex user);
  void leave(UserIndex user);    // DISCONNECT packet; the socket stays open to be listened to
  void hang_up(UserIndex user);  // closes it after that
  void lose(UserIndex user);     // the transport goes without a word, for good
  void reload(UserIndex user);   // the same, and the device is back at once
  // From now on servers may end connections and refuse them, as those do that are being stopped.
  // Whoever that happens to is handed over and is to log in again; nobody may be told of it.
  // An empty function ends this.
  using MoveHandler = std::function<void(UserIndex, bool was_connected)>;
  void expect_moves(MoveHandler on_moved) { on_moved_ = std::move(on_moved); }

  // Operations of a free user; `since` is when it was due, from where latencies count.
  void heartbeat(UserIndex user, int64_t since);
  void check(UserIndex user, int64_t since);
  void look_around(UserIndex user, int64_t since);    // a check of all contacts
  void change_status(UserIndex user, int64_t since);  // busy, or online again
  // Several status changes without waiting, of which the last is to be acknowledged. Every one of
  // them is to be told to everybody, in order.
  void change_status_in_a_row(UserIndex user, int64_t since);

  // One turn of the swarm.
  void poll(int64_t timeout_ns) { swarm_.poll(timeout_ns); }

  [[nodiscard]] bool free(UserIndex user) const {
    return lives_[user] == Life::connected && open_[user] == kNothing;
  }
  [[nodiscard]] uint32_t users() const { return graph_.users(); }
  [[nodiscard]] bool offline(UserIndex user) const { return lives_[user] == Life::offline; }
  [[nodiscard]] uint32_t operations_open() const { return operations_open_; }
  [[nodiscard]] uint32_t connecting() const { return connecting_; }
  [[nodiscard]] uint32_t connected() const { return connected_; }
  // Nobody is connecting, no answer is awaited and no notification outstanding.
  [[nodiscard]] bool quiet() const;
  [[nodiscard]] bool may_be_told_more() const { return ledger_.bonds() > 0; }
  // Changes whenever something that was awaited has come.
  [[nodiscard]] uint64_t progress() const;
  // When the last notification arrived, 0 for never; and the last CONNECT answer.
  [[nodiscard]] int64_t last_notification() const { return last_notification_; }
  [[nodiscard]] int64_t last_connected() const { return last_connected_; }
  // How many user_offline have come since the start.
  [[nodiscard]] uint64_t told_offline() const { return told_offline_; }

  // Since the last take: per answer, and per status change until the last notification of it.
  [[nodiscard]] Latencies take_answer_latencies() { return std::exchange(answers_, {}); }
  [[nodiscard]] Latencies take_change_latencies() { return std::exchange(changes_, {}); }

  // Gives up what is still awaited: counts it as faults.
  void settle();

  void on_connect_sent(UserIndex user) override;
  void on_connected(UserIndex user) override;
  void on_event(UserIndex user, std::string_view packet) override;
  void on_ack(UserIndex user, const Ack& ack) override;
  void on_lost(UserIndex user, Loss loss, std::string_view why) override;

 private:
  enum class Life : uint8_t { offline, connecting, connected, leaving };
  enum class Kind : uint8_t { heartbeat, check, look_around, change };
  // What is still awaited of a user's operation.
  static constexpr uint8_t kNothing = 0;
  static constexpr uint8_t kAnswer = 1;
  static constexpr uint8_t kTold = 2;

  [[nodiscard]] std::string choose_other_status(UserIndex user);
  void ask(UserIndex user, Kind kind, int64_t since, std::string_view packet_tail);
  void arrived(UserIndex user, uint8_t what);
  void ask_about(UserIndex user, Kind kind, uint32_t contacts, int64_t since);
  [[nodiscard]] bool tells_the_truth(UserIndex user, uint32_t contacts,
                                     std::string_view arguments) const;
  [[nodiscard]] bool right_answer(UserIndex user, const Ack& ack) const;

  const ContactGraph& graph_;
  Ledger& ledger_;
  std::vector<Life> lives_;    // all of these by user
  std::vector<uint8_t> open_;  // kAnswer | kTold
  std::vector<Kind> kinds_;
  std::vector<int64_t> since_;
  std::vector<uint32_t> ack_ids_;  // of the last request
  std::vector<Status> chosen_;
  std::vector<sockaddr_in> homes_;
  std::string packet_;
  uint32_t operations_open_ = 0;
  uint32_t connecting_ = 0;
  uint32_t connected_ = 0;
  uint64_t answered_ = 0;
  int64_t last_notification_ = 0;
  int64_t last_connected_ = 0;
  uint64_t told_offline_ = 0;
  MoveHandler on_moved_;
  Latencies answers_;
  Latencies changes_;
  Swarm swarm_;
};

}  // namespace bench

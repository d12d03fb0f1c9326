// Crowd: the users of a contact graph behind a swarm of connections. It turns what the phases ask
// for into packets, enters it into the ledger, and matches what comes back. A user has at most one
// operation under way.
//
// One thread. The graph and the ledger must outlive the crowd; the ledger may be handed from one
// crowd to the next when all users are offline.
#pragma once

#include <cstdint>
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

  // The life of a connection.
  void log_in(UserIndex user);
  void leave(UserIndex user);    // DISCONNECT packet; the socket stays open to be listened to
  void hang_up(UserIndex user);  // closes it after that
  void lose(UserIndex user);     // the transport goes without a word, for good
  void reload(UserIndex user);   // the same, and the device is back at once

  // Operations of a free user; `since` is when it was due, from where latencies count.
  void heartbeat(UserIndex user, int64_t since);
  void check(UserIndex user, int64_t since);
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
  // Changes whenever something that was awaited has come.
  [[nodiscard]] uint64_t progress() const;
  // When the last notification arrived, 0 for never; and the last CONNECT answer.
  [[nodiscard]] int64_t last_notification() const { return last_notification_; }
  [[nodiscard]] int64_t last_connected() const { return last_connected_; }

  // Since the last take: per answer, and per status change until the last notification of it.
  [[nodiscard]] Latencies take_answer_latencies() { return std::exchange(answers_, {}); }
  [[nodiscard]] Latencies take_change_latencies() { return std::exchange(changes_, {}); }

  // Gives up what is still awaited: counts it as faults.
  void settle();

  void on_connect_sent(UserIndex user) override;
  void on_connected(UserIndex user) override;
  void on_event(UserIndex user, std::string_view packet) override;
  void on_ack(UserIndex user, const Ack& ack) override;
  void on_lost(UserIndex user, std::string_view why) override;

 private:
  enum class Life : uint8_t { offline, connecting, connected, leaving };
  enum class Kind : uint8_t { heartbeat, check, change };
  // What is still awaited of a user's operation.
  static constexpr uint8_t kNothing = 0;
  static constexpr uint8_t kAnswer = 1;
  static constexpr uint8_t kTold = 2;

  [[nodiscard]] std::string choose_other_status(UserIndex user);
  void ask(UserIndex user, Kind kind, int64_t since, std::string_view packet_tail);
  void arrived(UserIndex user, uint8_t what);
  [[nodiscard]] bool right_answer(UserIndex user, const Ack& ack) const;

  const ContactGraph& graph_;
  Ledger& ledger_;
  std::vector<Life> lives_;    // all of these by user
  std::vector<uint8_t> open_;  // kAnswer | kTold
  std::vector<Kind> kinds_;
  std::vector<int64_t> since_;
  std::vector<uint32_t> ack_ids_;  // of the last request
  std::vector<Status> chosen_;
  std::string packet_;
  uint32_t operations_open_ = 0;
  uint32_t connecting_ = 0;
  uint32_t connected_ = 0;
  uint64_t answered_ = 0;
  int64_t last_notification_ = 0;
  int64_t last_connected_ = 0;
  Latencies answers_;
  Latencies changes_;
  Swarm swarm_;
};

}  // namespace bench

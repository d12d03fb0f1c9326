// Ledger: who must be told what, and what they were told. Every notification that the contract
// promises is entered when the generator causes it, and crossed off when it arrives; what is left,
// what came twice, in the wrong order or unasked for are faults.
//
// The generator does not see in which order the server takes what comes from different
// connections, so it claims only what follows from its own view:
//   - a watcher whose CONNECT was answered before the other's CONNECT was written is told of it;
//   - of two contacts who connect (or leave) at overlapping times, exactly one comes second and
//     is told of, whichever it is: the two notifications are a bond, of which one must come. With
//     several core threads there is no such single order, and either, both or none may come; nor
//     is there between nodes, and on one node only of those who come.
//
// Versions are kept per watcher and subject, across reconnects, and must grow. The state that was
// last told is kept as long as the watcher is connected; telling it again is a duplicate. A watcher
// that took a snapshot knows the state of everybody, so that compare() finds whatever it was not
// told.
//
// Pure: no clock, no socket. One thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bench/contact_graph.h"
#include "bench/notification.h"

namespace bench {

struct Faults {
  uint64_t missing = 0;       // promised, and did not come
  uint64_t duplicate = 0;     // the same version, or the same state, told again
  uint64_t out_of_order = 0;  // a version older than one told before
  uint64_t unexpected = 0;    // unreadable, of a stranger, or nothing of the kind was promised
  uint64_t wrong = 0;         // the last told status is not the one chosen, an answer is not right
  uint64_t lost = 0;          // connections that the server ended, requests it refused or left open

  [[nodiscard]] uint64_t total() const {
    return missing + duplicate + out_of_order + unexpected + wrong + lost;
  }
  Faults& operator+=(const Faults& other) {
    missing += other.missing;
    duplicate += other.duplicate;
    out_of_order += other.out_of_order;
    unexpected += other.unexpected;
    wrong += other.wrong;
    lost += other.lost;
    return *this;
  }
};

enum class Order : uint8_t {
  single,    // one core thread: what the server does has one order
  per_node,  // several nodes, of one core thread each
  none,      // several core threads
};

class Ledger {
 public:
  // `graph` must outlive the ledger.
  Ledger(const ContactGraph& graph, Order order);

  // The node that the user is on, or goes to next.
  void set_node(UserIndex user, uint8_t node) { nodes_[user] = node; }

  // What the generator does. A user's own calls come in this order: connect_sent, connected, then
  // leave_sent and gone, or lost and gone, or cut and (within the grace) connect_sent.
  void connect_sent(UserIndex user);
  void connected(UserIndex user);
  void leave_sent(UserIndex user);  // DISCONNECT: the user is offline for its watchers at once
  void lost(UserIndex user);        // the transport is lost for good: offline after the grace
  void cut(UserIndex user);         // the transport is lost, the user will be back within the grace
  void gone(UserIndex user);        // nothing more will be read for this user
  // A chosen status that differs from the one before. Returns how many are to be told, the user's
  // own device among them.
  uint32_t status_sent(UserIndex user, Status status);

  // What the generator reads. True when it was the last notification of a status change of its
  // subject.
  bool notified(UserIndex watcher, const Notification& notification);
  void snapshot(UserIndex watcher, const std::vector<Presence>& users);
  void unreadable(UserIndex watcher, std::string_view text);
  void connection_lost(UserIndex user, std::string_view why);
  void wrong_answer(UserIndex user, std::string_view what);
  void unanswered(uint64_t count);

  // Notifications that are promised and have not come. 0: everybody knows everything.
  [[nodiscard]] uint64_t outstanding() const { return outstanding_; }
  // Notifications that may still come and need not.
  [[nodiscard]] uint64_t bonds() const { return optional_; }
  // Notifications that came as promised, since the start.
  [[nodiscard]] uint64_t delivered() const { return delivered_; }
  // Counts what has not come by now as missing and forgets it.
  void settle();
  // Counts as wrong what connected watchers believe of others and is not so. Nothing may be
  // outstanding.
  void compare();
  // What is true of a user, as watchers are to see it.
  [[nodiscard]] Status truth(UserIndex user) const;

  [[nodiscard]] const Faults& faults() const { return faults_; }
  // The first few faults of each phase in words.
  [[nodiscard]] const std::vector<std::string>& examples() const { return examples_; }

 private:
  enum class State : uint8_t { offline, connecting, connected, leaving, away };
  enum class Bond : uint8_t { none, one_of_two, optional };
  enum class Arrival : uint8_t { in_order, late, again };

  // What one watcher knows of one subject, and is still to be told.
  struct Edge {
    uint64_t version = 0;
    Status told = Status::unknown;  // unknown: nothing since the watcher connected
    Event expect = Event::other;
    uint8_t due = 0;
    Bond bond = Bond::none;
  };

  [[nodiscard]] Edge& edge(UserIndex watcher, uint32_t slot) {
    return edges_[std::size_t{watcher} * stride_ + slot];
  }
  [[nodiscard]] Edge* find(UserIndex watcher, UserIndex subject);
  void promise(Edge& edge, Event event);
  void bind(Edge& one, Edge& other, Event event, Order order);
  void withdraw(Edge& edge);
  // True when it completes a status change of the subject.
  bool consume(UserIndex watcher, UserIndex subject, Edge& edge);
  [[nodiscard]] Arrival judge(UserIndex watcher, const Notification& notification, Edge& edge);
  void fault(uint64_t& counter, UserIndex watcher, std::string_view what);

  const ContactGraph& graph_;
  Order order_;
  uint32_t stride_;                  // contacts, and the user itself in the last slot
  std::vector<Edge> edges_;          // by watcher and slot
  std::vector<State> states_;        // by user
  std::vector<uint8_t> nodes_;       // by user
  std::vector<Status> chosen_;       // by user: online without a choice
  std::vector<uint32_t> remaining_;  // by subject: status notifications still to come
  uint64_t outstanding_ = 0;
  uint64_t optional_ = 0;
  uint64_t delivered_ = 0;
  Faults faults_;
  std::vector<std::string> examples_;
  uint32_t examples_since_settled_ = 0;
};

}  // namespace bench

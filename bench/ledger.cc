#include "bench/ledger.h"

#include <fmt/format.h>

#include <algorithm>

namespace bench {
namespace {

constexpr std::size_t kMaxExamples = 50;
constexpr uint32_t kExamplesOfAPhase = 5;

}  // namespace

Ledger::Ledger(const ContactGraph& graph, Order order)
    : graph_(graph),
      order_(order),
      stride_(graph.contacts() + 1),
      edges_(std::size_t{graph.users()} * stride_),
      states_(graph.users(), State::offline),
      nodes_(graph.users(), 0),
      chosen_(graph.users(), Status::online),
      remaining_(graph.users(), 0) {}

Ledger::Edge* Ledger::find(UserIndex watcher, UserIndex subject) {
  if (watcher == subject && subject < graph_.users()) return &edge(watcher, stride_ - 1);
  const std::optional<uint32_t> slot = graph_.slot_of(watcher, subject);
  return slot ? &edge(watcher, *slot) : nullptr;
}

void Ledger::promise(Edge& edge, Event event) {
  edge.expect = event;
  edge.bond = Bond::none;
  ++edge.due;
  ++outstanding_;
}

// One of the two must come, and stands for both in the count; without a single order nothing is
// sure.
void Ledger::bind(Edge& one, Edge& other, Event event, Order order) {
  for (Edge* edge : {&one, &other}) {
    edge->expect = event;
    edge->due = 1;
    edge->bond = order == Order::single ? Bond::one_of_two : Bond::optional;
  }
  if (order == Order::single) {
    ++outstanding_;
  } else {
    optional_ += 2;
  }
}

void Ledger::withdraw(Edge& edge) {
  if (edge.due == 0) return;
  if (edge.bond == Bond::none) outstanding_ -= edge.due;
  if (edge.bond == Bond::optional) optional_ -= edge.due;
  edge.due = 0;
  edge.bond = Bond::none;
}

void Ledger::connect_sent(UserIndex user) {
  const bool returning = states_[user] == State::away;
  states_[user] = State::connecting;
  for (uint32_t slot = 0; slot < stride_; ++slot) edge(user, slot).told = Status::unknown;
  if (returning) return;
  for (uint32_t slot = 0; slot < graph_.contacts(); ++slot) {
    const UserIndex other = graph_.contact(user, slot);
    Edge& theirs = edge(other, ContactGraph::mirror(slot));
    if (states_[other] == State::connected) promise(theirs, Event::user_online);
    if (states_[other] != State::connecting) continue;
    const bool same_node = order_ == Order::per_node && nodes_[user] == nodes_[other];
    bind(theirs, edge(user, slot), Event::user_online, same_node ? Order::single : order_);
  }
}

void Ledger::connected(UserIndex user) { states_[user] = State::connected; }

void Ledger::leave_sent(UserIndex user) {
  states_[user] = State::leaving;
  for (uint32_t slot = 0; slot < graph_.contacts(); ++slot) {
    const UserIndex other = graph_.contact(user, slot);
    Edge& ours = edge(user, slot);
    Edge& theirs = edge(other, ContactGraph::mirror(slot));
    if (states_[other] == State::connected) promise(theirs, Event::user_offline);
    // The other one is leaving too and it is not yet known here that the server saw that first.
    if (states_[other] == State::leaving && ours.due > 0) {
      withdraw(ours);
      bind(theirs, ours, Event::user_offline, order_);
    }
  }
}

void Ledger::lost(UserIndex user) {
  cut(user);
  for (uint32_t slot = 0; slot < graph_.contacts(); ++slot) {
    const UserIndex other = graph_.contact(user, slot);
    if (states_[other] != State::connected) continue;
    promise(edge(other, ContactGraph::mirror(slot)), Event::user_offline);
  }
}

void Ledger::cut(UserIndex user) {
  states_[user] = State::away;
  for (uint32_t slot = 0; slot < stride_; ++slot) withdraw(edge(user, slot));
}

void Ledger::gone(UserIndex user) { states_[user] = State::offline; }

uint32_t Ledger::status_sent(UserIndex user, Status status) {
  chosen_[user] = status;
  uint32_t told = 1;
  promise(edge(user, stride_ - 1), Event::user_status_changed);
  for (uint32_t slot = 0; slot < graph_.contacts(); ++slot) {
    const UserIndex other = graph_.contact(user, slot);
    if (states_[other] != State::connected) continue;
    promise(edge(other, ContactGraph::mirror(slot)), Event::user_status_changed);
    ++told;
  }
  remaining_[user] += told;
  return told;
}

bool Ledger::notified(UserIndex watcher, const Notification& notification) {
  const UserIndex subject = notification.subject;
  Edge* edge = notification.event == Event::other ? nullptr : find(watcher, subject);
  if (edge == nullptr) {
    fault(faults_.unexpected, watcher,
          fmt::format("{} about {}", event_name(notification.event), user_name(subject)));
    return false;
  }
  const bool due = edge->due > 0 && edge->expect == notification.event;
  switch (judge(watcher, notification, *edge)) {
    case Arrival::again: return false;
    case Arrival::late:
      // It was promised, though: it is late and not missing.
      return due && consume(watcher, subject, *edge);
    case Arrival::in_order: break;
  }
  if (!due) {
    fault(faults_.unexpected, watcher,
          fmt::format("{} of {} was not due", event_name(notification.event), user_name(subject)));
    return false;
  }
  const bool completes = consume(watcher, subject, *edge);
  const Status truth =
      notification.event == Event::user_offline ? Status::offline : chosen_[subject];
  if (edge->due == 0 && notification.status != truth) {
    fault(faults_.wrong, watcher,
          fmt::format("{} is shown as {} instead of {}", user_name(subject),
                      status_name(notification.status), status_name(truth)));
  }
  return completes;
}

Ledger::Arrival Ledger::judge(UserIndex watcher, const Notification& notification, Edge& edge) {
  const auto describe = [&](std::string_view why) {
    return fmt::format("{} {} of {}, version {}: {} (last version {})",
                       event_name(notification.event), status_name(notification.status),
                       user_name(notification.subject), notification.version, why, edge.version);
  };
  if (notification.version < edge.version) {
    fault(faults_.out_of_order, watcher, describe("older than what was told before"));
    return Arrival::late;
  }
  const bool online_again = notification.event == Event::user_online &&
                            edge.told != Status::unknown && edge.told != Status::offline;
  // With several changes due, one that was overtaken by the next leaves the same status twice.
  const bool same_state = edge.due < 2 && edge.told == notification.status;
  if (notification.version == edge.version || same_state || online_again) {
    fault(faults_.duplicate, watcher, describe("told before"));
    return Arrival::again;
  }
  edge.version = notification.version;
  edge.told = notification.status;
  return Arrival::in_order;
}

bool Ledger::consume(UserIndex watcher, UserIndex subject, Edge& edge) {
  --edge.due;
  ++delivered_;
  --(edge.bond == Bond::optional ? optional_ : outstanding_);
  // A bond of two is one in the count, and it has just been taken off.
  if (edge.bond == Bond::one_of_two) withdraw(*find(subject, watcher));
  edge.bond = Bond::none;
  return edge.expect == Event::user_status_changed && --remaining_[subject] == 0;
}

void Ledger::settle() {
  for (UserIndex watcher = 0; watcher < graph_.users(); ++watcher) {
    remaining_[watcher] = 0;
    for (uint32_t slot = 0; slot < stride_; ++slot) {
      Edge& open = edge(watcher, slot);
      if (open.due == 0) continue;
      const UserIndex subject = slot == graph_.contacts() ? watcher : graph_.contact(watcher, slot);
      if (open.bond != Bond::optional) {
        faults_.missing += open.due - 1U;
        fault(faults_.missing, watcher,
              fmt::format("{} of {} did not come", event_name(open.expect), user_name(subject)));
      }
      if (open.bond == Bond::one_of_two) withdraw(*find(subject, watcher));
      open.due = 0;
      open.bond = Bond::none;
    }
  }
  outstanding_ = 0;
  optional_ = 0;
  examples_since_settled_ = 0;
}

void Ledger::snapshot(UserIndex watcher, const std::vector<Presence>& users) {
  for (const Presence& presence : users) {
    Edge* edge = watcher == presence.user ? nullptr : find(watcher, presence.user);
    if (edge == nullptr) {
      fault(faults_.unexpected, watcher,
            fmt::format("a snapshot with {}", user_name(presence.user)));
      continue;
    }
    if (presence.version < edge->version) {
      fault(faults_.out_of_order, watcher,
            fmt::format("{} in a snapshot, version {}, after version {}", user_name(presence.user),
                        presence.version, edge->version));
    }
    edge->version = std::max(edge->version, presence.version);
    edge->told = presence.status;
    if (presence.status == Status::offline || edge->expect != Event::user_online) continue;
    // Who was on the way when the snapshot was made is in it instead; and whoever it has as there
    // already is the one to be told.
    if (edge->due > 0 && edge->bond == Bond::one_of_two) {
      find(presence.user, watcher)->bond = Bond::none;
      edge->due = 0;
      edge->bond = Bond::none;
    } else {
      withdraw(*edge);
    }
  }
}

void Ledger::compare() {
  for (UserIndex watcher = 0; watcher < graph_.users(); ++watcher) {
    if (states_[watcher] != State::connected) continue;
    for (uint32_t slot = 0; slot < graph_.contacts(); ++slot) {
      const UserIndex subject = graph_.contact(watcher, slot);
      const Status told = edge(watcher, slot).told;
      if (told == Status::unknown || told == truth(subject)) continue;
      fault(faults_.wrong, watcher,
            fmt::format("{} is believed to be {} and is {}", user_name(subject), status_name(told),
                        status_name(truth(subject))));
    }
  }
}

Status Ledger::truth(UserIndex user) const {
  const bool there = states_[user] == State::connected || states_[user] == State::away;
  return there ? chosen_[user] : Status::offline;
}

void Ledger::unreadable(UserIndex watcher, std::string_view text) {
  fault(faults_.unexpected, watcher, fmt::format("unreadable: {}", text.substr(0, 120)));
}

void Ledger::connection_lost(UserIndex user, std::string_view why) {
  fault(faults_.lost, user, why);
}

void Ledger::wrong_answer(UserIndex user, std::string_view what) {
  fault(faults_.wrong, user, fmt::format("answer: {}", what.substr(0, 120)));
}

void Ledger::unanswered(uint64_t count) { faults_.lost += count; }

void Ledger::fault(uint64_t& counter, UserIndex watcher, std::string_view what) {
  ++counter;
  if (examples_.size() < kMaxExamples && ++examples_since_settled_ <= kExamplesOfAPhase) {
    examples_.push_back(fmt::format("{}: {}", user_name(watcher), what));
  }
}

}  // namespace bench

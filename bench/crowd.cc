#include "bench/crowd.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "bench/clock.h"

namespace bench {

Crowd::Crowd(const ContactGraph& graph, Ledger& ledger, sockaddr_in server)
    : graph_(graph),
      ledger_(ledger),
      lives_(graph.users(), Life::offline),
      open_(graph.users(), kNothing),
      kinds_(graph.users(), Kind::heartbeat),
      since_(graph.users(), 0),
      ack_ids_(graph.users(), 0),
      chosen_(graph.users(), Status::online),
      homes_(graph.users(), server),
      swarm_(graph.users(), *this) {}

void Crowd::set_home(UserIndex user, sockaddr_in server, uint8_t node) {
  homes_[user] = server;
  ledger_.set_node(user, node);
}

void Crowd::log_in(UserIndex user) {
  lives_[user] = Life::connecting;
  ++connecting_;
  swarm_.open(user, homes_[user]);
}

void Crowd::leave(UserIndex user) {
  ledger_.leave_sent(user);
  lives_[user] = Life::leaving;
  --connected_;
  swarm_.send(user, "41");
}

void Crowd::hang_up(UserIndex user) {
  if (lives_[user] != Life::leaving) return;
  swarm_.close(user);
  lives_[user] = Life::offline;
  ledger_.gone(user);
}

void Crowd::lose(UserIndex user) {
  ledger_.lost(user);
  swarm_.cut(user);
  lives_[user] = Life::offline;
  --connected_;
}

void Crowd::reload(UserIndex user) {
  ledger_.cut(user);
  swarm_.cut(user);
  --connected_;
  log_in(user);
}

void Crowd::ask(UserIndex user, Kind kind, int64_t since, std::string_view packet_tail) {
  kinds_[user] = kind;
  since_[user] = since;
  open_[user] = kAnswer;
  ++operations_open_;
  packet_.clear();
  fmt::format_to(std::back_inserter(packet_), "42{}{}", ++ack_ids_[user], packet_tail);
  swarm_.send(user, packet_);
}

void Crowd::heartbeat(UserIndex user, int64_t since) {
  // As the guide's clients send it.
  ask(user, Kind::heartbeat, since,
      R"(["user_heartbeat",{"timestamp":1754000000000,"deviceInfo":{"type":"web","os":"Windows","browser":"Chrome"}}])");
}

void Crowd::check(UserIndex user, int64_t since) {
  ask_about(user, Kind::check, std::min(kCheckedUsers, graph_.contacts()), since);
}

void Crowd::look_around(UserIndex user, int64_t since) {
  ask_about(user, Kind::look_around, graph_.contacts(), since);
}

void Crowd::ask_about(UserIndex user, Kind kind, uint32_t contacts, int64_t since) {
  std::string tail = R"(["check_users_presence",{"userIds":[)";
  for (uint32_t slot = 0; slot < contacts; ++slot) {
    fmt::format_to(std::back_inserter(tail), "{}\"{}\"", slot == 0 ? "" : ",",
                   user_name(graph_.contact(user, slot)));
  }
  tail += "]}]";
  ask(user, kind, since, tail);
}

// Returns the event, as a JSON array.
std::string Crowd::choose_other_status(UserIndex user) {
  const Status status = chosen_[user] == Status::busy ? Status::online : Status::busy;
  chosen_[user] = status;
  ledger_.status_sent(user, status);
  return fmt::format(R"(["set_user_status",{{"status":"{}"}}])", status_name(status));
}

void Crowd::change_status(UserIndex user, int64_t since) {
  ask(user, Kind::change, since, choose_other_status(user));
  open_[user] = kAnswer | kTold;
}

void Crowd::change_status_in_a_row(UserIndex user, int64_t since) {
  for (uint32_t i = 1; i < kChangesInARow; ++i) {
    swarm_.send(user, "42" + choose_other_status(user));
  }
  change_status(user, since);
}

bool Crowd::quiet() const {
  return connecting_ == 0 && operations_open_ == 0 && ledger_.outstanding() == 0;
}

uint64_t Crowd::progress() const { return answered_ + ledger_.delivered(); }

void Crowd::settle() {
  ledger_.settle();
  ledger_.unanswered(static_cast<uint64_t>(std::count_if(
      open_.begin(), open_.end(), [](uint8_t open) { return (open & kAnswer) != 0; })));
  ledger_.unanswered(connecting_);
  std::fill(open_.begin(), open_.end(), kNothing);
  operations_open_ = 0;
}

void Crowd::on_connect_sent(UserIndex user) { ledger_.connect_sent(user); }

void Crowd::on_connected(UserIndex user) {
  ledger_.connected(user);
  lives_[user] = Life::connected;
  --connecting_;
  ++connected_;
  ++answered_;
  last_connected_ = now_ns();
}

void Crowd::on_event(UserIndex user, std::string_view packet) {
  const std::optional<Notification> notification = scan_notification(packet);
  if (!notification || notification->event == Event::other) {
    return ledger_.unreadable(user, packet);
  }
  if (notification->event == Event::snapshot) {
    const std::optional<std::vector<Presence>> users = scan_presences(packet);
    return users ? ledger_.snapshot(user, *users) : ledger_.unreadable(user, packet);
  }
  last_notification_ = now_ns();
  if (notification->event == Event::user_offline) ++told_offline_;
  if (!ledger_.notified(user, *notification)) return;
  changes_.add(last_notification_ - since_[notification->subject]);
  arrived(notification->subject, kTold);
}

void Crowd::on_ack(UserIndex user, const Ack& ack) {
  if ((open_[user] & kAnswer) == 0 || !right_answer(user, ack)) {
    ledger_.wrong_answer(user, ack.arguments);
  }
  if ((open_[user] & kAnswer) == 0) return;
  ++answered_;
  answers_.add(now_ns() - since_[user]);
  arrived(user, kAnswer);
}

void Crowd::arrived(UserIndex user, uint8_t what) {
  if ((open_[user] & what) == 0) return;
  open_[user] = static_cast<uint8_t>(open_[user] & ~what);
  if (open_[user] == kNothing) --operations_open_;
}

bool Crowd::right_answer(UserIndex user, const Ack& ack) const {
  if (ack.id != ack_ids_[user] || is_refusal(ack)) return false;
  switch (kinds_[user]) {
    case Kind::heartbeat: return ack.arguments.find("\"serverTime\":") != std::string_view::npos;
    case Kind::change:
      return ack.arguments.find(status_name(chosen_[user])) != std::string_view::npos;
    case Kind::check:
      return tells_the_truth(user, std::min(kCheckedUsers, graph_.contacts()), ack.arguments);
    case Kind::look_around: return tells_the_truth(user, graph_.contacts(), ack.arguments);
  }
  return false;
}

// Of exactly the contacts asked about, in their order, from a server that is sure of it.
bool Crowd::tells_the_truth(UserIndex user, uint32_t contacts, std::string_view arguments) const {
  const std::optional<std::vector<Presence>> told = scan_presences(arguments);
  if (!told || told->size() != contacts) return false;
  for (uint32_t slot = 0; slot < contacts; ++slot) {
    const Presence& presence = (*told)[slot];
    const UserIndex other = graph_.contact(user, slot);
    if (presence.user != other || presence.status != ledger_.truth(other)) return false;
  }
  return arguments.find(R"("stale":true)") == std::string_view::npos;
}

void Crowd::on_lost(UserIndex user, Loss loss, std::string_view why) {
  if (on_moved_ && loss == Loss::ended) {
    const Life before = std::exchange(lives_[user], Life::offline);
    if (before == Life::connecting) --connecting_;
    if (before == Life::connected) --connected_;
    ledger_.cut(user);
    return on_moved_(user, before == Life::connected);
  }
  switch (std::exchange(lives_[user], Life::offline)) {
    case Life::offline: return;
    case Life::leaving:
      // The server may close a connection whose only namespace was left.
      ledger_.gone(user);
      return;
    case Life::connecting: --connecting_; break;
    case Life::connected: --connected_; break;
  }
  ledger_.connection_lost(user, why);
  ledger_.gone(user);
  if (std::exchange(open_[user], kNothing) != kNothing) --operations_open_;
}

}  // namespace bench

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
      swarm_(server, graph.users(), *this) {}

void Crowd::log_in(UserIndex user) {
  lives_[user] = Life::connecting;
  ++connecting_;
  swarm_.open(user);
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
      R"(["user_heartbeat",{"timestamp":1754000000000,"deviceInfo":{"type":"web","os":"Linux","browser":"Firefox"}}])");
}

void Crowd::check(UserIndex user, int64_t since) {
  std::string tail = R"(["check_users_presence",{"userIds":[)";
  const uint32_t count = std::min(kCheckedUsers, graph_.contacts());
  for (uint32_t slot = 0; slot < count; ++slot) {
    fmt::format_to(std::back_inserter(tail), "{}\"{}\"", slot == 0 ? "" : ",",
                   user_name(graph_.contact(user, slot)));
  }
  tail += "]}]";
  ask(user, Kind::check, since, tail);
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
  last_notification_ = now_ns();
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
    case Kind::check: break;
  }
  std::vector<UserIndex> asked(std::min(kCheckedUsers, graph_.contacts()));
  for (uint32_t slot = 0; slot < asked.size(); ++slot) asked[slot] = graph_.contact(user, slot);
  return tells_online(ack.arguments, asked);
}

void Crowd::on_lost(UserIndex user, std::string_view why) {
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

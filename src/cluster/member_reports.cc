// The part of the member that says what is true on this node: reports and choices, those of a user
// one after the other, as calls of scripts/report.lua.

#include <algorithm>
#include <array>
#include <utility>

#include "cluster/member.h"
#include "cluster/scripts.h"

namespace cluster {
namespace {

constexpr std::size_t kMostTurns = 1'000;  // of a user, that wait
constexpr std::size_t kMostCalls = 1'000;  // under way at a time

std::string_view state_name(presence::DeviceState state) {
  switch (state) {
    case presence::DeviceState::lingering: return "lingering";
    case presence::DeviceState::stale: return "stale";
    default: return "live";
  }
}

// Nodes are told of choices as long as the user is with them, and no longer.
const presence::Choice* known_choice(const presence::User* user) {
  if (user == nullptr || user->chosen == nullptr || user->here == nullptr) return nullptr;
  const auto& devices = user->here->devices;
  const bool here = std::any_of(devices.begin(), devices.end(), [](const auto& device) {
    return device->state != presence::DeviceState::elsewhere;
  });
  return here ? &user->chosen->choice : nullptr;
}

}  // namespace

// What is true of the user on this node.
Member::Statement Member::own_statement(const presence::UserId& user) const {
  Statement statement;
  statement.user = user;
  statement.node = incarnation_;
  if (const presence::User* known = directory_.find(user); known != nullptr) {
    statement.known = std::max(known->view.version, known->own_version);
    statement.last_seen = known->last_seen;
    statement.devices_of = known;
  }
  return statement;
}

Member::Statement Member::statement_of(const presence::User& user, std::string_view node) const {
  Statement statement;
  statement.user = user.id;
  statement.node = node;
  statement.known = std::max(user.view.version, user.own_version);
  statement.last_seen = user.view.offline() ? user.view.last_seen : loop_.now().wall;
  return statement;
}

// Reports of a user follow each other: one that Redis is asked for again (it has lost the script, a
// slot moves) would overtake the next one, which says what is true. What waits is said as it is
// then.
void Member::in_turn(const presence::UserId& user, Turn turn) {
  const auto [place, free] = turns_.try_emplace(user);
  place->second.push_back(std::move(turn));
  if (free) next_turn(user);
}

void Member::next_turn(const presence::UserId& user) {
  auto& waiting = turns_.at(user);
  while (!waiting.empty()) {
    const Turn turn = std::move(waiting.front());
    waiting.pop_front();
    if (turn()) return;
  }
  turns_.erase(user);
}

bool Member::too_many_wait(const presence::UserId& user) const {
  const auto place = turns_.find(user);
  return place != turns_.end() && place->second.size() >= kMostTurns;
}

void Member::report(const presence::Report& report) {
  const presence::DeviceRef joining =
      report.joining == nullptr ? presence::kNoDevice : report.joining->ref;
  // What is true is said by those that wait already.
  if (joining == presence::kNoDevice && too_many_wait(report.user.id)) return;
  in_turn(report.user.id, [this, user = report.user.id, last_seen = report.user.last_seen,
                           reason = report.reason, origin = report.origin, joining] {
    return report_now(user, last_seen, reason, origin, joining);
  });
}

bool Member::report_now(const presence::UserId& user, base::WallTime last_seen,
                        presence::OfflineReason reason, presence::DeviceRef origin,
                        presence::DeviceRef joining) {
  Statement statement = own_statement(user);
  statement.last_seen = std::max(statement.last_seen, last_seen);
  statement.reason = reason;
  if (joining != presence::kNoDevice) {
    statement.joining = directory_.device(joining);
    // Gone, which is reported, or let in when Redis was away.
    if (statement.joining == nullptr || statement.joining->state != presence::DeviceState::joining)
      return false;
  }
  if (!attached_) {
    unconfirmed_.insert_or_assign(user, statement.last_seen);
    return false;
  }
  call(statement, [this, user, origin, joining,
                   last_seen = statement.last_seen](std::optional<Outcome> outcome) {
    if (outcome) {
      const bool gone = std::none_of(outcome->nodes.begin(), outcome->nodes.end(),
                                     [this](const auto& node) { return node == incarnation_; });
      if (gone) departed_.push_back({loop_.now().steady, user, last_seen});
      decided(*std::move(outcome), origin, joining);
    } else {
      unconfirmed_.insert_or_assign(user, last_seen);
    }
    next_turn(user);
  });
  return true;
}

// Whoever left is not here to be reported anew with the others. The report may have been lost on
// its way, or by a Redis that has answered it and come back with older data.
void Member::report_departed() {
  for (auto& departed : std::exchange(departed_, {}))
    unconfirmed_.insert_or_assign(std::move(departed.user), departed.last_seen);
  for (const auto& [id, last_seen] : std::exchange(unconfirmed_, {})) {
    const presence::User* known = directory_.find(id);
    if (known != nullptr && known->here != nullptr && known->here->contacts_there()) continue;
    report_again(id, last_seen);
  }
}

// What is true on this node of a user, wherever that is.
void Member::report_again(const presence::UserId& id, base::WallTime last_seen) {
  constexpr auto kReason = presence::OfflineReason::disconnected;
  const presence::User* known = directory_.find(id);
  if (known != nullptr && known->here != nullptr && known->here->contacts_there())
    return report({*known, kReason, presence::kNoDevice});
  presence::User gone;
  gone.id = id;
  gone.last_seen = last_seen;
  report({gone, kReason, presence::kNoDevice});
}

void Member::choose(const presence::UserId& user, const presence::Choice& choice, ChoiceDone done) {
  if (too_many_wait(user))
    return done(base::fail(base::ErrorCode::kStoreUnavailable,
                           "too many changes of this user wait for redis"));
  in_turn(user,
          [this, user, choice, done = std::move(done)] { return choose_now(user, choice, done); });
}

bool Member::choose_now(const presence::UserId& user, const presence::Choice& choice,
                        const ChoiceDone& done) {
  if (!attached_) {
    done(base::fail(base::ErrorCode::kStoreUnavailable, "redis cannot be reached"));
    return false;
  }
  Statement statement = own_statement(user);
  statement.choice = &choice;
  call(statement, [this, user, done](std::optional<Outcome> outcome) {
    if (outcome) {
      decided(*std::move(outcome), {}, {});
      done({});
    } else {
      done(base::fail(base::ErrorCode::kStoreUnavailable, "redis did not answer"));
    }
    next_turn(user);
  });
  return true;
}

void Member::call(const Statement& statement, CallDone done) {
  const std::string user = keys_.user(statement.user);
  const std::string devices = keys_.devices(statement.user);
  const std::string stale = keys_.stale(statement.user);
  const std::string chosen = keys_.chosen(statement.user);
  const presence::Choice none;
  const presence::Choice* known = known_choice(statement.devices_of);
  const presence::Choice& choice = statement.choice != nullptr ? *statement.choice
                                   : known != nullptr          ? *known
                                                               : none;
  std::vector<std::string> said{
      keys_.device_prefix(statement.user),
      keys_.events_of(statement.user),
      std::string(statement.user),
      std::string(statement.node),
      std::to_string(attachments_),
      std::to_string(statement.known),
      std::to_string(base::to_millis(statement.last_seen)),
      std::string(presence::offline_reason_name(statement.reason)),
      statement.joining == nullptr ? "" : std::string(statement.joining->socket_id.view()),
      std::to_string(options_.devices_per_user),
      std::to_string(
          std::chrono::duration_cast<std::chrono::seconds>(options_.last_seen_retention).count()),
      statement.choice == nullptr ? "known" : "new",
      std::string(presence::status_name(choice.status)),
      choice.message,
      choice.expires_at ? std::to_string(base::to_millis(*choice.expires_at)) : "0"};
  const base::Instant now = loop_.now();
  const auto add = [&](const presence::Device& device) {
    const base::WallTime heard =
        std::max(device.connected_at, now.wall - (now.steady - device.last_heard));
    const bool joins = device.state == presence::DeviceState::joining;
    said.emplace_back(device.socket_id.view());
    said.emplace_back(state_name(device.state));
    said.emplace_back(device.idle ? "1" : "0");
    said.emplace_back(presence::device_type_name(device.type));
    said.push_back(std::to_string(base::to_millis(joins ? now.wall : device.connected_at)));
    said.push_back(std::to_string(base::to_millis(joins ? now.wall : heard)));
    said.emplace_back(device.address.view());
    said.emplace_back(device.user_agent.view());
    said.emplace_back(device.os.view());
    said.emplace_back(device.browser.view());
    said.emplace_back(device.key.view());
  };
  const presence::User* owner = statement.devices_of;
  if (owner != nullptr && owner->here != nullptr) {
    for (const auto& device : owner->here->devices) {
      const bool replaced = statement.joining != nullptr && !device->key.empty() &&
                            device->key == statement.joining->key;
      if (device->state != presence::DeviceState::elsewhere && !replaced) add(*device);
    }
  }
  if (statement.joining != nullptr) add(*statement.joining);

  calls_.push_back({{user, devices, stale, chosen}, std::move(said), std::move(done)});
  send_calls();
}

// Redis answers within its time only when it is not asked for everything at once.
void Member::send_calls() {
  for (; calls_under_way_ < kMostCalls && !calls_.empty(); calls_.pop_front()) {
    Call& next = calls_.front();
    ++calls_under_way_;
    const std::vector<std::string_view> keys(next.keys.begin(), next.keys.end());
    const std::vector<std::string_view> arguments(next.arguments.begin(), next.arguments.end());
    client_->call(report_script(), keys, arguments,
                  [this, done = std::move(next.done)](const redis::Answer& answer) {
                    --calls_under_way_;
                    call_answered(answer, done);
                    send_calls();
                  });
  }
}

void Member::call_answered(const redis::Answer& answer, const CallDone& done) {
  std::string reason;
  if (!answer) {
    reason = answer.error().message;
  } else if (auto outcome = parse_outcome(answer->text, incarnation_)) {
    check_nodes(*outcome);
    return done(std::move(outcome));
  } else {
    reason = "the script report.lua gave an answer that cannot be read";
  }
  // What was decided is not known: as if Redis were away.
  detach(reason);
  done(std::nullopt);
}

void Member::decided(Outcome outcome, presence::DeviceRef origin, presence::DeviceRef joining) {
  port_.apply(presence::Decided{std::move(outcome.truth), origin, joining, outcome.refused});
}

}  // namespace cluster

#include "cluster/member.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <utility>

#include "cluster/scripts.h"
#include "cluster/text_reader.h"
#include "cluster/text_writer.h"

namespace cluster {
namespace {

constexpr int64_t kRememberDeadMillis = 3'600'000;
// After Redis was away, every node has reported what is with it by then.
constexpr base::Duration kOthersHaveReported{3'000};
// What a Redis has answered and may not have kept: its log is on the disk a second later or two,
// and a replica that becomes the master may be further behind.
constexpr base::Duration kMayBeLost{30'000};
constexpr std::size_t kMostTurns = 1'000;  // of a user, that wait
constexpr std::size_t kMostCalls = 1'000;  // under way at a time
// For a message to come back. Redis may be well and its channel may not.
constexpr base::Duration kLongestHearing{2'000};
constexpr int kUserTtlSeconds = 300;
constexpr int kDeviceTtlSeconds = 180;

std::string_view state_name(presence::DeviceState state) {
  switch (state) {
    case presence::DeviceState::lingering: return "lingering";
    case presence::DeviceState::stale: return "stale";
    default: return "live";
  }
}

void describe(presence::DeviceDetails& device, const redis::Reply& reply) {
  if (reply.elements.size() != 5) return;
  device.os = reply.elements[0].text;
  device.browser = reply.elements[1].text;
  if (const auto heard = reply.elements[2].to_integer())
    device.last_heartbeat = std::max(device.connected_at, base::wall_from_millis(*heard));
  device.address = reply.elements[3].text;
  device.user_agent = reply.elements[4].text;
}

}  // namespace

base::Result<std::unique_ptr<Member>> Member::create(runtime::EventLoop& loop,
                                                     base::RandomSource& random,
                                                     MemberOptions options,
                                                     const presence::Directory& directory,
                                                     Port& port) {
  std::unique_ptr<Member> member(new Member(loop, std::move(options), directory, port));
  auto client = redis::Client::create(loop, random, member->options_.redis,
                                      [self = member.get()](bool up, const std::string& why) {
                                        if (up) {
                                          self->try_to_attach();
                                        } else {
                                          self->detach(why);
                                        }
                                      });
  if (!client) return tl::unexpected(client.error());
  member->client_ = *std::move(client);
  auto subscriber = redis::Subscriber::create(loop, random, member->options_.redis, *member);
  if (!subscriber) return tl::unexpected(subscriber.error());
  member->subscriber_ = *std::move(subscriber);
  for (unsigned shard = 0; shard < Keys::kShards; ++shard)
    member->subscriber_->subscribe(
        {redis::Subscription::Kind::kChannel, member->keys_.events(shard)});
  for (std::string channel : {member->keys_.edges(), member->keys_.commands()})
    member->subscriber_->subscribe({redis::Subscription::Kind::kChannel, std::move(channel)});
  return member;
}

Member::Member(runtime::EventLoop& loop, MemberOptions options,
               const presence::Directory& directory, Port& port)
    : loop_(loop),
      options_(std::move(options)),
      keys_(options_.prefix, options_.redis.url.topology == redis::Topology::kCluster),
      directory_(directory),
      port_(port) {
  seat_.secret = options_.node_id + '.';  // not empty, and nobody else's
  begin_incarnation();
}

Member::~Member() = default;

void Member::begin_incarnation() {
  incarnation_ = options_.node_id + ':' + std::to_string(base::to_millis(loop_.now().wall));
  announced_ = false;
}

void Member::take_seat(Seat seat, SeatHandler on_seats) {
  seat_ = std::move(seat);
  on_seats_ = std::move(on_seats);
}

// --- Being attached

void Member::on_subscribed(const redis::Subscription&) { try_to_attach(); }

void Member::on_interrupted(const std::string& reason) { detach(reason); }

void Member::try_to_attach() {
  if (attached_ || client_ == nullptr || subscriber_ == nullptr || !client_->up() ||
      !subscriber_->complete())
    return;
  // With a lease first: what a node without one reports, others would take away.
  if (!announced_) return renew_lease(kLease);
  attached_ = true;
  ++attachments_;
  spdlog::info("redis: node {} is attached", incarnation_);
  port_.apply(presence::Attached{});
  report_departed();
  compare_epoch();
  read_followed_at_ = loop_.now().steady + kOthersHaveReported;
}

void Member::detach(const std::string& reason) {
  announced_ = false;
  if (!attached_) return;
  attached_ = false;
  spdlog::warn("redis: node {} decides alone: {}", incarnation_, reason);
  heard_.clear();
  read_followed_at_.reset();
  give_up_hearing(loop_.now().steady);
  for (auto waiting = std::exchange(calls_, {}); !waiting.empty(); waiting.pop_front())
    waiting.front().done(std::nullopt);
  port_.apply(presence::Detached{});
}

void Member::tick() {
  try_to_attach();
  if (!attached_) return;
  renew_lease(kLease);
  refresh_heard();
  const base::SteadyTime now = loop_.now().steady;
  give_up_hearing(now - kLongestHearing);
  while (!departed_.empty() && now - departed_.front().at > kMayBeLost) departed_.pop_front();
  if (read_followed_at_ && now >= *read_followed_at_) {
    read_followed_at_.reset();
    read_followed();
  }
  for (const auto& [node, since] : dead_)
    if (now - since >= options_.disconnect_grace && taken_over_.insert(node).second)
      take_over(node);
}

void Member::read_followed() {
  directory_.for_each_followed([this](const presence::User& user) {
    if (user.here != nullptr) return;  // has just been reported
    call(statement_of(user, {}), [this](std::optional<Outcome> outcome) {
      if (outcome) decided(*std::move(outcome), {}, {});
    });
  });
}

// --- Reports

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
  const presence::Choice& choice = statement.choice == nullptr ? none : *statement.choice;
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
      statement.choice == nullptr ? "keep" : std::string(presence::status_name(choice.status)),
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

void Member::on_message(const redis::Subscription&, std::string_view channel,
                        std::string_view payload) {
  if (channel == keys_.edges()) return edges_changed(payload);
  if (channel == keys_.commands()) return commanded(payload);
  const std::optional<OutcomeHead> head = parse_outcome_head(payload);
  if (!head || !attached_) return;
  if (head->reporter == incarnation_) {
    // What this node has caused comes with the answer to its report, if it still waits for that.
    if (head->attachment != attachments_) report_again(presence::UserId(head->user), {});
    return;
  }
  if (directory_.find(head->user) == nullptr) {
    if (reads_ > 0)
      unfollowed_.insert_or_assign(presence::UserId(head->user), std::string(payload));
    return;
  }
  std::optional<Outcome> outcome = parse_outcome(payload, incarnation_);
  if (!outcome) return;
  check_nodes(*outcome);
  decided(*std::move(outcome), {}, {});
}

// --- What operators see

void Member::look_up(std::vector<presence::UserId> users,
                     std::function<void(base::Result<std::vector<presence::FullTruth>>)> done) {
  using Found = base::Result<std::vector<presence::FullTruth>>;
  if (!attached_)
    return done(base::fail(base::ErrorCode::kStoreUnavailable, "redis cannot be reached"));
  struct LookUp {
    Found found;
    std::size_t missing;
  };
  const auto look_up = std::make_shared<LookUp>();
  look_up->found->resize(users.size());
  look_up->missing = users.size();
  if (users.empty()) return done(std::move(look_up->found));
  for (std::size_t i = 0; i < users.size(); ++i) {
    const auto take = [look_up, i, done](base::Result<presence::FullTruth> one) {
      if (!one) {
        look_up->found = tl::unexpected(one.error());
      } else if (look_up->found) {
        (*look_up->found)[i] = *std::move(one);
      }
      if (--look_up->missing == 0) done(std::move(look_up->found));
    };
    Statement statement;
    statement.user = users[i];
    call(statement, [this, take](std::optional<Outcome> outcome) {
      if (outcome) return read_details(*outcome, take);
      take(base::fail(base::ErrorCode::kStoreUnavailable, "redis did not answer"));
    });
  }
}

void Member::read_details(const Outcome& outcome,
                          std::function<void(base::Result<presence::FullTruth>)> done) {
  struct Details {
    presence::FullTruth full;
    std::size_t missing = 1;
  };
  const auto details = std::make_shared<Details>();
  details->full.truth = outcome.truth;
  const auto& devices = details->full.truth.devices;
  details->full.devices.resize(devices.size());
  const auto one_less = [details, done = std::move(done)] {
    if (--details->missing == 0) done(std::move(details->full));
  };
  const std::string user = keys_.user(details->full.truth.user);
  for (std::size_t i = 0; i < devices.size(); ++i) {
    presence::DeviceDetails& device = details->full.devices[i];
    device.socket_id = devices[i].socket_id;
    device.type = devices[i].type;
    device.connected_at = device.last_heartbeat = devices[i].connected_at;
    std::string key = keys_.device_prefix(details->full.truth.user);
    key += devices[i].socket_id.view();
    ++details->missing;
    client_->call({"HMGET", key, "os", "browser", "lastHeartbeat", "ipAddress", "userAgent"}, user,
                  [details, one_less, i](redis::Answer answer) {
                    if (answer) describe(details->full.devices[i], *answer);
                    one_less();
                  });
  }
  one_less();
}

// --- Commands

void Member::close_device(const presence::UserId& user, const std::string& socket_id) {
  command(write_texts({"close", user, socket_id}));
}

void Member::forget(const presence::UserId& user) { command(write_texts({"forget", user})); }

void Member::command(const std::string& payload) {
  const std::string channel = keys_.commands();
  client_->call({"PUBLISH", channel, payload}, channel, [](const redis::Answer&) {});
}

void Member::commanded(std::string_view payload) {
  TextReader in(payload);
  const std::string_view what = in.text();
  const presence::UserId user(in.text());
  if (what == "forget" && in.done()) return port_.apply(presence::Forget{user});
  const std::string socket_id(in.text());
  if (what == "close" && in.done()) port_.apply(presence::CloseDevice{user, socket_id});
}

// --- Heartbeats

void Member::heard(presence::DeviceRef device) {
  if (attached_) heard_.push_back(device);
}

// All that were heard since the last second, each once, in one pipeline.
void Member::refresh_heard() {
  std::vector<presence::DeviceRef> heard = std::exchange(heard_, {});
  std::sort(heard.begin(), heard.end(), [](const auto& a, const auto& b) {
    return std::pair(a.index, a.generation) < std::pair(b.index, b.generation);
  });
  heard.erase(std::unique(heard.begin(), heard.end()), heard.end());
  const base::Instant now = loop_.now();
  const auto ignore = [](const redis::Answer&) {};
  for (const presence::DeviceRef ref : heard) {
    const presence::Device* device = directory_.device(ref);
    if (device == nullptr || !device->counts()) continue;
    const presence::UserId& id = directory_.user_of(ref)->id;
    const std::string user = keys_.user(id);
    std::string key = keys_.device_prefix(id);
    key += device->socket_id.view();
    const std::string heard_at =
        std::to_string(base::to_millis(now.wall - (now.steady - device->last_heard)));
    client_->call({"HSET", key, "lastHeartbeat", heard_at}, user, ignore);
    client_->call({"EXPIRE", key, std::to_string(kDeviceTtlSeconds)}, user, ignore);
    client_->call({"EXPIRE", user, std::to_string(kUserTtlSeconds)}, user, ignore);
    client_->call({"EXPIRE", keys_.devices(id), std::to_string(kUserTtlSeconds)}, user, ignore);
  }
}

// --- Leases

void Member::leave() {
  leaving_ = true;
  if (attached_) renew_lease(directory_.device_count() > 0 ? kLease : base::Duration{});
}

void Member::renew_lease(base::Duration length) {
  const std::string nodes = keys_.nodes();
  const std::array<std::string_view, 1> keys{nodes};
  const std::string how_long = std::to_string(length.count());
  const std::string remember = std::to_string(kRememberDeadMillis);
  const std::string address = own_address();
  const std::string number = std::to_string(seat_.number);
  const std::array<std::string_view, 7> arguments{
      incarnation_, address, how_long, options_.node_id, remember, number, seat_.secret};
  client_->call(lease_script(), keys, arguments,
                [this, asked = incarnation_](redis::Answer answer) {
                  if (!answer || asked != incarnation_) return;
                  lease_answered(*answer);
                });
}

std::string Member::own_address() const {
  std::string address = seat_.address;
  const std::size_t star = address.find('*');
  if (star == std::string::npos) return address;
  const std::string host = client_->local_host();
  if (host.empty()) return {};
  return address.replace(star, 1, host.find(':') == std::string::npos ? host : '[' + host + ']');
}

void Member::lease_answered(const redis::Reply& reply) {
  std::set<std::string> live;
  std::vector<Seat> others;
  bool lost = false;
  for (std::size_t i = 0; i + 4 < reply.elements.size(); i += 5) {
    const std::string& node = reply.elements[i].text;
    const int64_t left = reply.elements[i + 1].to_integer().value_or(0);
    const auto number = static_cast<uint16_t>(reply.elements[i + 2].to_integer().value_or(0));
    if (left > 0) {
      if (node == incarnation_) {
        seat_.number = number;
      } else {
        others.push_back({number, reply.elements[i + 3].text, reply.elements[i + 4].text});
      }
      live.insert(node);
      dead_.erase(node);
      taken_over_.erase(node);
    } else if (node == incarnation_) {
      lost = true;
    } else {
      dead_.try_emplace(node, loop_.now().steady);
    }
  }
  live_ = std::move(live);
  if (leaving_) return;
  if (lost) {
    detach("its lease had ended");
    begin_incarnation();
    return;
  }
  if (on_seats_) on_seats_(seat_, others);
  if (announced_) return;
  announced_ = true;
  try_to_attach();
}

void Member::take_over(const std::string& node) {
  spdlog::warn("redis: node {} is dead; its devices are taken away", node);
  directory_.for_each_followed([&](const presence::User& user) {
    if (user.view.offline() && user.here == nullptr) return;
    call(statement_of(user, node), [this](std::optional<Outcome> outcome) {
      if (outcome) decided(*std::move(outcome), {}, {});
    });
  });
}

// A device of a node that is known to be dead, met after its users were taken over.
void Member::check_nodes(const Outcome& outcome) {
  for (const std::string_view node : outcome.nodes) {
    const std::string name(node);
    if (!taken_over_.contains(name)) continue;
    Statement statement;
    statement.user = outcome.truth.user;
    statement.node = name;
    statement.last_seen = loop_.now().wall;
    call(statement, [this](std::optional<Outcome> after) {
      if (after) decided(*std::move(after), {}, {});
    });
    return;
  }
}

}  // namespace cluster

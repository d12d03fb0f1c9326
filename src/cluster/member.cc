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

constexpr base::Duration kLeaseInterval{1'000};  // between two renewals
constexpr int64_t kRememberDeadMillis = 3'600'000;
// After Redis was away, every node has reported what is with it by then.
constexpr base::Duration kOthersHaveReported{3'000};
// What a Redis has answered and may not have kept: its log is on the disk a second later or two,
// and a replica that becomes the master may be further behind.
constexpr base::Duration kMayBeLost{30'000};
// For a message to come back. Redis may be well and its channel may not.
constexpr base::Duration kLongestHearing{2'000};
constexpr int kUserTtlSeconds = 300;
constexpr int kDeviceTtlSeconds = 180;

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
  do_due();
}

std::optional<base::SteadyTime> Member::next_due() const {
  if (!attached_) return std::nullopt;
  if (!read_followed_at_ || !take_over_at_)
    return read_followed_at_ ? read_followed_at_ : take_over_at_;
  return std::min(*read_followed_at_, *take_over_at_);
}

void Member::do_due() {
  const base::SteadyTime now = loop_.now().steady;
  if (attached_ && read_followed_at_ && now >= *read_followed_at_) {
    read_followed_at_.reset();
    read_followed();
  }
  if (attached_ && take_over_at_ && now >= *take_over_at_) take_over_due();
}

void Member::take_over_due() {
  const base::SteadyTime now = loop_.now().steady;
  for (const auto& [node, since] : dead_)
    if (now - since >= options_.disconnect_grace && taken_over_.insert(node).second)
      take_over(node);
  schedule_take_over();
}

// Since its lease ended, if this node has looked at the leases before that. After Redis was away, a
// node whose lease has ended meanwhile is about to begin another and to report its users.
base::SteadyTime Member::dead_since(int64_t lease_left) const {
  const base::SteadyTime now = loop_.now().steady;
  if (attached_) return now + std::max(base::Duration(lease_left), -kLeaseInterval);
  return now + std::max(kOthersHaveReported - options_.disconnect_grace, base::Duration{});
}

void Member::schedule_take_over() {
  take_over_at_.reset();
  for (const auto& [node, since] : dead_) {
    if (taken_over_.contains(node)) continue;
    const base::SteadyTime due = since + options_.disconnect_grace;
    take_over_at_ = std::min(take_over_at_.value_or(due), due);
  }
}

void Member::read_followed() {
  directory_.for_each_followed([this](const presence::User& user) {
    if (user.here != nullptr) return;  // has just been reported
    call(statement_of(user, {}), [this](std::optional<Outcome> outcome) {
      if (outcome) decided(*std::move(outcome), {}, {});
    });
  });
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
  // Until those of a dead node have been taken away, what came late from there is not the truth.
  if (!outcome || check_nodes(*outcome)) return;
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
      dead_.try_emplace(node, dead_since(left));
    }
  }
  schedule_take_over();
  live_ = std::move(live);
  if (leaving_) return;
  if (lost) {
    detach("its lease had ended");
    begin_incarnation();
    return try_to_attach();
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

// Devices of a node that is known to be dead, met after its users were taken over: are there any?
// Then they are taken away.
bool Member::check_nodes(const Outcome& outcome) {
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
    return true;
  }
  return false;
}

}  // namespace cluster

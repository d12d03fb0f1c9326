#include "bench/phases.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <stdexcept>

namespace bench {
namespace {

constexpr uint32_t kConnectWindow = 256;
constexpr double kWarmUpShare = 0.01;

// Hands out the users in turn.
class Turns {
 public:
  Turns(const Crowd& crowd, uint32_t users) : crowd_(crowd), users_(users) {}
  // Nothing when everybody is busy.
  [[nodiscard]] std::optional<UserIndex> next() {
    for (uint32_t tried = 0; tried < users_; ++tried) {
      const UserIndex user = cursor_;
      cursor_ = cursor_ + 1 == users_ ? 0 : cursor_ + 1;
      if (crowd_.free(user)) return user;
    }
    return std::nullopt;
  }

 private:
  const Crowd& crowd_;
  uint32_t users_;
  UserIndex cursor_ = 0;
};

void start(Crowd& crowd, Operation operation, UserIndex user, int64_t since) {
  switch (operation) {
    case Operation::heartbeat: return crowd.heartbeat(user, since);
    case Operation::check: return crowd.check(user, since);
    case Operation::change: return crowd.change_status(user, since);
    case Operation::look_around: return crowd.look_around(user, since);
    case Operation::changes_in_a_row: return crowd.change_status_in_a_row(user, since);
  }
}

LoadResult finish(const Stage& stage, const Span& span, uint64_t operations) {
  wait_until_quiet(stage.crowd);
  LoadResult result;
  result.operations = operations;
  result.seconds = span.passed(now_ns());
  result.server_cpu_us = span.server_cpu_us();
  result.cpu_us_each = span.cpu_us_each();
  result.deliveries = span.deliveries();
  result.answers = stage.crowd.take_answer_latencies();
  result.changes = stage.crowd.take_change_latencies();
  settle(stage.crowd);
  return result;
}

// Calls `act` for each of the users at its time, evenly over the time.
void spread(Crowd& crowd, const std::vector<UserIndex>& users, double over_seconds,
            const std::function<void(UserIndex)>& act) {
  const int64_t begin = now_ns();
  const auto length = static_cast<double>(to_ns(over_seconds));
  for (std::size_t i = 0; i < users.size();) {
    const int64_t due = begin + static_cast<int64_t>(length * static_cast<double>(i) /
                                                     static_cast<double>(users.size()));
    const int64_t now = now_ns();
    if (now >= due) {
      act(users[i++]);
      // Reading goes on while the generator is behind its schedule.
      if (i % 64 == 0) crowd.poll(0);
    } else {
      crowd.poll(due - now);
    }
  }
}

StormResult finish_storm(const Stage& stage, const Span& span, std::size_t users) {
  wait_until_quiet(stage.crowd);
  StormResult result;
  result.users = static_cast<uint32_t>(users);
  result.server_cpu_us = span.server_cpu_us();
  result.cpu_us_each = span.cpu_us_each();
  result.deliveries = span.deliveries();
  result.done_seconds = span.passed(stage.crowd.last_connected());
  result.told_seconds = span.passed(stage.crowd.last_notification());
  settle(stage.crowd);
  return result;
}

}  // namespace

LoadResult run_paced(const Stage& stage, Operation operation, double per_second, double length) {
  Crowd& crowd = stage.crowd;
  Turns turns(crowd, crowd.users());
  const Span span(stage);
  const auto total = static_cast<uint64_t>(per_second * length);
  uint64_t started = 0;
  while (started < total) {
    const int64_t due = span.start() + to_ns(static_cast<double>(started) / per_second);
    const int64_t now = now_ns();
    if (now < due) {
      crowd.poll(due - now);
      continue;
    }
    const std::optional<UserIndex> user = turns.next();
    if (user) {
      start(crowd, operation, *user, due);
      ++started;
    } else {
      crowd.poll(kLongestTurn);
      if (crowd.connected() == 0 || now > due + kStalled) break;
    }
  }
  return finish(stage, span, started);
}

LoadResult run_at_full_speed(const Stage& stage, Operation operation, uint32_t window,
                             double length) {
  Crowd& crowd = stage.crowd;
  Turns turns(crowd, crowd.users());
  const Span span(stage);
  const int64_t end = span.start() + to_ns(length);
  uint64_t started = 0;
  while (now_ns() < end) {
    while (crowd.operations_open() < window) {
      const std::optional<UserIndex> user = turns.next();
      if (!user) break;
      start(crowd, operation, *user, now_ns());
      ++started;
    }
    crowd.poll(kLongestTurn);
  }
  return finish(stage, span, started);
}

LoadResult run_once(const Stage& stage, Operation operation, uint32_t window) {
  Crowd& crowd = stage.crowd;
  const Span span(stage);
  uint64_t started = 0;
  for (UserIndex user = 0; user < crowd.users(); ++user) {
    if (!crowd.free(user)) continue;
    const int64_t deadline = now_ns() + kStalled;
    while (crowd.operations_open() >= window && now_ns() < deadline) crowd.poll(kLongestTurn);
    if (!crowd.free(user)) continue;
    start(crowd, operation, user, now_ns());
    ++started;
  }
  return finish(stage, span, started);
}

StormResult log_in(const Stage& stage, const std::vector<UserIndex>& users, double over_seconds) {
  const Span span(stage);
  spread(stage.crowd, users, over_seconds, [&](UserIndex user) { stage.crowd.log_in(user); });
  return finish_storm(stage, span, users.size());
}

StormResult leave(const Stage& stage, const std::vector<UserIndex>& users, double over_seconds) {
  const Span span(stage);
  spread(stage.crowd, users, over_seconds, [&](UserIndex user) { stage.crowd.leave(user); });
  const StormResult result = finish_storm(stage, span, users.size());
  for (const UserIndex user : users) stage.crowd.hang_up(user);
  return result;
}

StormResult log_in_at_full_speed(const Stage& stage, const std::vector<UserIndex>& users) {
  const Span span(stage);
  Crowd& crowd = stage.crowd;
  for (std::size_t next = 0; next < users.size();) {
    while (next < users.size() && crowd.connecting() < kConnectWindow) crowd.log_in(users[next++]);
    const uint64_t before = crowd.progress();
    const int64_t deadline = now_ns() + kStalled;
    while (crowd.connecting() >= kConnectWindow && now_ns() < deadline) crowd.poll(kLongestTurn);
    if (crowd.progress() == before && crowd.connecting() >= kConnectWindow) break;
  }
  return finish_storm(stage, span, users.size());
}

StormResult reload(const Stage& stage, const std::vector<UserIndex>& users, double grace_seconds) {
  const Span span(stage);
  for (std::size_t next = 0; next < users.size();) {
    stage.crowd.reload(users[next++]);
    if (next % 64 == 0) stage.crowd.poll(0);
  }
  wait_until_quiet(stage.crowd);
  poll_until(stage.crowd, now_ns() + to_ns(grace_seconds));
  return finish_storm(stage, span, users.size());
}

StormResult lose(const Stage& stage, const std::vector<UserIndex>& users) {
  const Span span(stage);
  for (const UserIndex user : users) stage.crowd.lose(user);
  const StormResult result = finish_storm(stage, span, users.size());
  for (const UserIndex user : users) stage.ledger.gone(user);
  return result;
}

IdleResult connect_and_idle(const Stage& stage, const std::vector<UserIndex>& users,
                            double length) {
  // The first connections bring in pages of the program; they are not what a user costs.
  const auto few = static_cast<std::ptrdiff_t>(kWarmUpShare * static_cast<double>(users.size()));
  const std::vector<UserIndex> first(users.begin(), users.begin() + few);
  static_cast<void>(log_in_at_full_speed(stage, first));
  static_cast<void>(leave(stage, first, 0));

  IdleResult result;
  result.empty = read_memory(stage.servers.front());
  result.arrival = log_in_at_full_speed(stage, users);
  if (stage.crowd.connected() == 0) throw std::runtime_error("nobody could connect");
  const Span span(stage);
  poll_until(stage.crowd, now_ns() + to_ns(length));
  result.idle_cpu_us_per_second = span.server_cpu_us() / length;
  result.connected = read_memory(stage.servers.front());
  return result;
}

}  // namespace bench

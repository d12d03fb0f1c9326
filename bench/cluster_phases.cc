#include "bench/cluster_phases.h"

#include <algorithm>
#include <functional>
#include <queue>
#include <random>
#include <stdexcept>
#include <utility>
#include <vector>

#include "bench/backoff.h"
#include "bench/clock.h"
#include "bench/phases.h"

namespace bench {
namespace {

// A lease of 15 s, the grace, and time for telling: nothing comes until then.
constexpr int64_t kLongestTakeOver = 40 * kNanosPerSecond;
constexpr double kLeaseSeconds = 15;
constexpr std::size_t kLeaveShare = 100;
constexpr int64_t kLookAgain = 100 * kNanosPerMilli;
constexpr int64_t kAway = 500 * kNanosPerMilli;
constexpr int64_t kLongestRecovery = 30 * kNanosPerSecond;
constexpr int64_t kAfterRecovery = kNanosPerSecond;
// `check inter 1s fall 2` in conf/haproxy.cfg.
constexpr int64_t kBalancerNotices = 2 * kNanosPerSecond;
constexpr int64_t kLongestRestart = 120 * kNanosPerSecond;

// Who is to connect again, when, and where.
class Moves {
 public:
  Moves(Fleet& fleet, uint64_t seed)
      : fleet_(fleet),
        random_(seed),
        attempts_(fleet.crowd().users(), 0),
        in_rotation_(fleet.size(), true) {}

  void moved(UserIndex user, bool was_connected) {
    if (was_connected) {
      ++moves_;
      attempts_[user] = 0;
    } else {
      ++refused_;
    }
    due_.emplace(now_ns() + reconnection_delay(attempts_[user]++, random_), user);
  }
  void set_in_rotation(uint32_t node, bool in) { in_rotation_[node] = in; }

  // One turn.
  void poll() {
    Crowd& crowd = fleet_.crowd();
    for (int64_t now = now_ns(); !due_.empty() && due_.top().first <= now; due_.pop()) {
      const UserIndex user = due_.top().second;
      fleet_.place(user, next_node());
      crowd.log_in(user);
    }
    const int64_t next = due_.empty() ? kLongestTurn : due_.top().first - now_ns();
    crowd.poll(std::clamp<int64_t>(next, 0, kLongestTurn));
  }
  [[nodiscard]] bool done() const { return due_.empty() && fleet_.crowd().connecting() == 0; }
  [[nodiscard]] uint32_t moves() const { return moves_; }
  [[nodiscard]] uint32_t refused() const { return refused_; }

 private:
  uint32_t next_node() {
    do {
      cursor_ = (cursor_ + 1) % fleet_.size();
    } while (!in_rotation_[cursor_]);
    return cursor_;
  }

  using Due = std::pair<int64_t, UserIndex>;
  Fleet& fleet_;
  std::mt19937_64 random_;
  std::vector<uint32_t> attempts_;  // by user
  std::vector<bool> in_rotation_;   // by node
  std::priority_queue<Due, std::vector<Due>, std::greater<>> due_;
  uint32_t cursor_ = 0;
  uint32_t moves_ = 0;
  uint32_t refused_ = 0;
};

void restart(Fleet& fleet, Moves& moves, uint32_t node, int64_t balancer_notices) {
  const int64_t start = now_ns();
  fleet.node(node).ask_to_end();
  std::optional<int> status;
  while (!status) {
    moves.poll();
    if (now_ns() > start + balancer_notices) moves.set_in_rotation(node, false);
    if (now_ns() > start + kLongestRestart) throw std::runtime_error("a node does not end");
    status = fleet.node(node).ended();
  }
  fleet.judge_exit(*status);
  moves.set_in_rotation(node, false);
  fleet.start_node(node);
  moves.set_in_rotation(node, true);
  while (!moves.done() && now_ns() < start + kLongestRestart) moves.poll();
}

}  // namespace

KillResult kill_node(Fleet& fleet, uint32_t node) {
  Crowd& crowd = fleet.crowd();
  const uint64_t faults = fleet.ledger().faults().total();
  const std::vector<UserIndex> users = fleet.connected_to(node);
  const int64_t start = now_ns();
  fleet.node(node).kill();
  for (const UserIndex user : users) crowd.lose(user);
  wait_until_quiet(crowd, kLongestTakeOver);
  KillResult result;
  result.users = static_cast<uint32_t>(users.size());
  result.told_seconds = seconds(crowd.last_notification() - start);
  settle(crowd);
  for (const UserIndex user : users) fleet.ledger().gone(user);
  fleet.compare_with_truth();
  result.wrong = fleet.ledger().faults().total() - faults;
  return result;
}

RedisLossResult lose_redis(Fleet& fleet) {
  Crowd& crowd = fleet.crowd();
  const uint64_t faults = fleet.ledger().faults().total();
  const auto ready = [&] {
    uint32_t count = 0;
    for (uint32_t node = 0; node < fleet.size(); ++node) count += fleet.ready(node) ? 1 : 0;
    return count;
  };
  fleet.redis().kill();
  for (const int64_t deadline = now_ns() + kLongestRecovery; ready() > 0;) {
    if (now_ns() > deadline) throw std::runtime_error("a node does not notice that Redis is away");
    crowd.poll(kLongestTurn);
  }
  // What somebody who is not connected has chosen is lost with Redis.
  std::vector<UserIndex> leaving = fleet.who(false);
  const std::size_t share = std::max<std::size_t>(leaving.size() / kLeaveShare, 1);
  std::erase_if(leaving,
                [&](UserIndex user) { return fleet.ledger().truth(user) != Status::online; });
  leaving.resize(std::min(leaving.size(), share));
  for (const UserIndex user : leaving) crowd.leave(user);
  poll_until(crowd, now_ns() + kAway);

  fleet.redis().start();
  const int64_t start = now_ns();
  RedisLossResult result;
  for (int64_t look = start; now_ns() < start + kLongestRecovery;) {
    crowd.poll(kLookAgain);
    if (now_ns() < look) continue;
    look = now_ns() + kLookAgain;
    if (result.ready_seconds == 0 && ready() == fleet.size())
      result.ready_seconds = seconds(now_ns() - start);
    if (result.kept_seconds == 0 && fleet.untrue_in_redis() == 0)
      result.kept_seconds = seconds(now_ns() - start);
    if (result.ready_seconds > 0 && result.kept_seconds > 0 && crowd.quiet()) break;
  }
  result.told_seconds = std::max(0.0, seconds(crowd.last_notification() - start));
  poll_until(crowd, now_ns() + kAfterRecovery);
  settle(crowd);
  for (const UserIndex user : leaving) crowd.hang_up(user);
  fleet.compare_with_truth();
  result.wrong = fleet.ledger().faults().total() - faults;
  fleet.load_contacts();
  return result;
}

RollResult roll(Fleet& fleet, double drain_seconds, uint64_t seed) {
  Crowd& crowd = fleet.crowd();
  const uint64_t faults = fleet.ledger().faults().total();
  const uint64_t told_offline = crowd.told_offline();
  const int64_t start = now_ns();
  Moves moves(fleet, seed);
  crowd.expect_moves(
      [&moves](UserIndex user, bool was_connected) { moves.moved(user, was_connected); });
  const auto notices = std::min(kBalancerNotices, to_ns(0.8 * drain_seconds));
  for (uint32_t node = 0; node < fleet.size(); ++node) restart(fleet, moves, node, notices);
  crowd.expect_moves({});
  RollResult result;
  result.nodes = fleet.size();
  result.moves = moves.moves();
  result.refused = moves.refused();
  result.seconds = seconds(now_ns() - start);
  settle(crowd);
  fleet.compare_with_truth();
  result.told_offline = crowd.told_offline() - told_offline;
  result.wrong = fleet.ledger().faults().total() - faults;
  return result;
}

void outlast_hold(Fleet& fleet, double grace_seconds) {
  poll_until(fleet.crowd(), now_ns() + to_ns(kLeaseSeconds + grace_seconds + 2));
  settle(fleet.crowd());
  fleet.compare_with_truth();
}

}  // namespace bench

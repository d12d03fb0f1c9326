#include "bench/stage.h"

#include <algorithm>
#include <numeric>

namespace bench {
namespace {

constexpr int64_t kAfterglow = 300 * kNanosPerMilli;
// Nobody waits for what need not come.
constexpr int64_t kAfterglowOfBonds = kNanosPerSecond;

}  // namespace

Span::Span(const Stage& stage)
    : ledger_(stage.ledger),
      servers_(stage.servers),
      start_(now_ns()),
      delivered_(stage.ledger.delivered()) {
  for (const pid_t server : servers_) cpu_.push_back(cpu_ns(server));
}

std::vector<double> Span::cpu_us_each() const {
  std::vector<double> each;
  for (std::size_t i = 0; i < servers_.size(); ++i)
    each.push_back(micros(cpu_ns(servers_[i]) - cpu_[i]));
  return each;
}

double Span::server_cpu_us() const {
  const std::vector<double> each = cpu_us_each();
  return std::accumulate(each.begin(), each.end(), 0.0);
}

void poll_until(Crowd& crowd, int64_t deadline) {
  for (int64_t now = now_ns(); now < deadline; now = now_ns()) {
    crowd.poll(std::min(deadline - now, kLongestTurn));
  }
}

void wait_until_quiet(Crowd& crowd, int64_t stalled) {
  uint64_t progress = crowd.progress();
  int64_t deadline = now_ns() + stalled;
  while (!crowd.quiet()) {
    crowd.poll(kLongestTurn);
    const int64_t now = now_ns();
    if (crowd.progress() != progress) {
      progress = crowd.progress();
      deadline = now + stalled;
    }
    if (now > deadline) return;
  }
}

void settle(Crowd& crowd) {
  const int64_t start = now_ns();
  const auto silent_until = [&] {
    return std::max(start, crowd.last_notification()) +
           (crowd.may_be_told_more() ? kAfterglowOfBonds : kAfterglow);
  };
  for (int64_t until = silent_until(); now_ns() < until; until = silent_until())
    poll_until(crowd, until);
  crowd.settle();
}

}  // namespace bench

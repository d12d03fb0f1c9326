// Where a phase runs, what it takes there, and how it waits. One thread.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <vector>

#include "bench/clock.h"
#include "bench/crowd.h"
#include "bench/ledger.h"

namespace bench {

struct Stage {
  Crowd& crowd;
  Ledger& ledger;
  std::vector<pid_t> servers;  // whose CPU counts
};

// What passes, and what the servers use, from its making on.
class Span {
 public:
  explicit Span(const Stage& stage);
  [[nodiscard]] int64_t start() const { return start_; }
  [[nodiscard]] double passed(int64_t until) const {
    return until > start_ ? seconds(until - start_) : 0;
  }
  [[nodiscard]] std::vector<double> cpu_us_each() const;
  [[nodiscard]] double server_cpu_us() const;
  [[nodiscard]] uint64_t deliveries() const { return ledger_.delivered() - delivered_; }

 private:
  const Ledger& ledger_;
  const std::vector<pid_t> servers_;
  int64_t start_;
  std::vector<int64_t> cpu_;
  uint64_t delivered_;
};

// When nothing that is awaited has come for so long, the rest is missing.
constexpr int64_t kStalled = 10 * kNanosPerSecond;
constexpr int64_t kLongestTurn = 50 * kNanosPerMilli;

[[nodiscard]] inline int64_t to_ns(double time) { return static_cast<int64_t>(time * 1e9); }

void poll_until(Crowd& crowd, int64_t deadline);
void wait_until_quiet(Crowd& crowd, int64_t stalled = kStalled);
// Until nothing has come for long enough that what comes too much has shown; then what is missing
// is counted.
void settle(Crowd& crowd);

}  // namespace bench

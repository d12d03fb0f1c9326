// What a run on several nodes measured; each part is there if its phase ran. Plain values.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bench/calibration.h"
#include "bench/ledger.h"
#include "bench/results.h"

namespace bench {

struct KillResult {
  uint32_t users = 0;  // of the node
  double told_seconds = 0;
  uint64_t wrong = 0;  // faults meanwhile
};

// From the first answer of a Redis that came back empty.
struct RedisLossResult {
  double told_seconds = 0;   // until watchers knew who had left meanwhile
  double ready_seconds = 0;  // until all nodes said that they were ready
  double kept_seconds = 0;   // until Redis held what is true of everybody
  uint64_t wrong = 0;

  [[nodiscard]] double truth_seconds() const {
    return std::max({told_seconds, ready_seconds, kept_seconds});
  }
};

struct RollResult {
  uint32_t nodes = 0;
  uint32_t moves = 0;    // connections that nodes ended
  uint32_t refused = 0;  // attempts that were
  double seconds = 0;
  uint64_t told_offline = 0;  // user_offline, of users who all came back
  uint64_t wrong = 0;
};

// The same load with so many nodes. CPU of each process: of the nodes, and of Redis at the end.
struct GrowthResult {
  uint32_t nodes = 0;
  StormResult login;
  LoadResult changes;
};

struct ClusterResults {
  Calibration calibration;
  std::optional<double> redis_bytes_per_user;
  std::optional<StormResult> first_login;  // Redis knows nobody
  std::optional<double> idle_ms_per_second;
  std::optional<LoadResult> heartbeats_max;
  std::optional<LoadResult> heartbeats_idle;
  std::optional<LoadResult> changes;
  std::optional<StormResult> login;
  std::optional<StormResult> logout;
  std::optional<KillResult> kill;
  std::optional<RedisLossResult> redis;
  std::optional<RollResult> rolling;
  std::vector<GrowthResult> growth;
  uint64_t delivered = 0;
  Faults faults;
  std::vector<std::string> examples;
};

}  // namespace bench

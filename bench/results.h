// What a run measured; each part is there if its phase ran. Plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bench/calibration.h"
#include "bench/latency.h"
#include "bench/ledger.h"
#include "bench/server_process.h"

namespace bench {

// A stream of operations of one kind, from the first until all of them were answered and told.
struct LoadResult {
  uint64_t operations = 0;
  uint64_t deliveries = 0;  // notifications that came
  double seconds = 0;
  double server_cpu_us = 0;         // all of it
  std::vector<double> cpu_us_each;  // of each process
  Latencies answers;                // due time to acknowledgement
  Latencies changes;                // due time to the last notification of a status change

  [[nodiscard]] double per_second() const { return static_cast<double>(operations) / seconds; }
  [[nodiscard]] double deliveries_per_second() const {
    return static_cast<double>(deliveries) / seconds;
  }
  [[nodiscard]] double cpu_per_operation() const {
    return server_cpu_us / static_cast<double>(operations);
  }
  [[nodiscard]] double cpu_per_delivery() const {
    return server_cpu_us / static_cast<double>(deliveries);
  }
};

// Many users arriving or going.
struct StormResult {
  uint32_t users = 0;
  uint64_t deliveries = 0;
  double done_seconds = 0;  // first request to the last CONNECT answer
  double told_seconds = 0;  // first request to the last notification
  double server_cpu_us = 0;
  std::vector<double> cpu_us_each;  // of each process

  [[nodiscard]] double per_second() const { return users / done_seconds; }
  [[nodiscard]] double cpu_per_user() const { return server_cpu_us / users; }
};

// All users connected at once and idle.
struct IdleResult {
  Memory empty;      // before anybody connected
  Memory connected;  // with everybody connected
  StormResult arrival;
  double idle_cpu_us_per_second = 0;
};

struct Results {
  Calibration calibration;
  std::optional<Memory> after_loading;  // of a server that has just loaded the contacts file
  std::optional<IdleResult> strangers;  // users without contacts
  std::optional<IdleResult> contacts;
  std::optional<LoadResult> heartbeats_paced;
  std::optional<LoadResult> heartbeats_max;
  std::optional<LoadResult> checks_paced;
  std::optional<LoadResult> checks_max;
  std::optional<LoadResult> changes_paced;
  std::optional<LoadResult> changes_max;
  std::optional<LoadResult> changes_in_a_row;
  std::optional<StormResult> login;
  std::optional<StormResult> logout;
  std::optional<StormResult> reload;
  std::optional<StormResult> loss;
  uint64_t delivered = 0;
  Faults faults;
  std::vector<std::string> examples;
};

}  // namespace bench

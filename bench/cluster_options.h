// What to measure of several nodes, from the command line.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace bench {

enum class ClusterPhase : uint8_t { login, heartbeats, changes, kill, redis, rolling, growth };

struct ClusterOptions {
  uint32_t users = 10'000;
  uint32_t contacts = 100;
  uint64_t seed = 1;
  double seconds = 10;             // of each stream of operations
  double idle_seconds = 30;        // of heartbeats as idle users send them
  double storm_seconds = 2;        // over which storms are spread
  double grace_seconds = 3;        // disconnect_grace of the nodes
  double drain_seconds = 10;       // drain_time of the nodes
  double heartbeat_interval = 30;  // of an idle user
  double changes_per_second = 100;
  uint32_t most_nodes = 4;  // that the cost is measured with, from two on
  double calibration_seconds = 3;
  bool calibrate = true;
  bool quick = false;
  std::set<ClusterPhase> phases;
  std::string server = "build/release/presenced";
  std::vector<std::string> server_arguments;
  std::vector<std::string> redis_arguments;
  std::string markdown;
  std::string save;
};

// As parse_load_options().
[[nodiscard]] std::optional<ClusterOptions> parse_cluster_options(int argc, char** argv,
                                                                  int& exit_code);

}  // namespace bench

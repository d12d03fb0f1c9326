// What to measure, from the command line.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace bench {

enum class Phase : uint8_t { idle, heartbeats, checks, status, login, logout, reload, loss };

struct LoadOptions {
  uint32_t users = 10'000;
  uint32_t contacts = 100;
  uint64_t seed = 1;
  uint32_t threads = 1;
  double seconds = 10;       // of each stream of operations
  double storm_seconds = 2;  // over which storms are spread
  double grace_seconds = 3;  // disconnect_grace of the server
  double heartbeats_per_second = 5'000;
  double checks_per_second = 1'000;
  double changes_per_second = 100;
  double calibration_seconds = 3;
  bool calibrate = true;
  bool quick = false;
  std::set<Phase> phases;
  std::string server = "build/release/presenced";
  std::vector<std::string> server_arguments;
  std::string connect;        // HOST:PORT of a running server instead
  int pid = 0;                // of that one
  std::string contacts_file;  // only write the contacts file there
  std::string markdown;
  std::string save;
};

// Reads the command line. Nothing when the program is to end with `exit_code` (help, or an error,
// which has been printed).
[[nodiscard]] std::optional<LoadOptions> parse_load_options(int argc, char** argv, int& exit_code);

}  // namespace bench

// What the same work costs on this machine, at this moment, without any server around it: the
// absolute times of a shared machine drift, ratios to these do not.
//
// The server side runs in a forked process and is a bare epoll loop (edge-triggered, one read
// until a short read, one write per message); the generator is the calling process. So the CPU
// time of the forked process is that of the server side alone, kernel included.
#pragma once

#include <cstdint>

namespace bench {

struct CalibrationOptions {
  uint32_t echo_connections = 1'000;
  uint32_t echo_bytes = 64;  // payload of a WebSocket frame
  uint32_t send_connections = 10'000;
  uint32_t send_bytes = 200;
  uint32_t send_receivers = 100;
  double rounds_per_second = 100;  // of the paced send
  double seconds = 3;              // of each measurement
};

struct Rate {
  double cpu_us = 0;      // server side, per message
  double per_second = 0;  // messages
};

struct Calibration {
  Rate echo;  // each connection always has one message under way
  // As many messages under way, but taking turns on all of send_connections, as the heartbeats of
  // so many users do: what the kernel holds of an idle socket has left the caches.
  Rate echo_spread;
  Rate send_paced;  // rounds at rounds_per_second, each to random connections
  Rate send_max;    // the next round when the one before the last has arrived
};

// Opens and closes its connections over loopback. Throws std::runtime_error when the machine
// refuses one, or something does not come back.
[[nodiscard]] Calibration calibrate(const CalibrationOptions& options);

// The mean of both, for a run that calibrates before and after.
[[nodiscard]] Calibration mean(const Calibration& a, const Calibration& b);

}  // namespace bench

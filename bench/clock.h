// The two clocks of a measurement: the time that passes, and the CPU time that a process has used.
// Any thread.
#pragma once

#include <sys/types.h>

#include <cstdint>

namespace bench {

constexpr int64_t kNanosPerMicro = 1'000;
constexpr int64_t kNanosPerMilli = 1'000'000;
constexpr int64_t kNanosPerSecond = 1'000'000'000;

// CLOCK_MONOTONIC in nanoseconds.
[[nodiscard]] int64_t now_ns();

// CPU time of all threads of `process`, user and system, in nanoseconds, as the scheduler counts
// it (not sampled by ticks). Throws std::runtime_error when there is no such process.
[[nodiscard]] int64_t cpu_ns(pid_t process);

[[nodiscard]] inline double micros(int64_t ns) { return static_cast<double>(ns) / 1e3; }
[[nodiscard]] inline double millis(int64_t ns) { return static_cast<double>(ns) / 1e6; }
[[nodiscard]] inline double seconds(int64_t ns) { return static_cast<double>(ns) / 1e9; }

}  // namespace bench

#include "bench/clock.h"

#include <fmt/format.h>

#include <ctime>
#include <stdexcept>

namespace bench {
namespace {

int64_t read_clock(clockid_t clock) {
  timespec now{};
  if (clock_gettime(clock, &now) != 0) throw std::runtime_error("a clock cannot be read");
  return now.tv_sec * kNanosPerSecond + now.tv_nsec;
}

}  // namespace

int64_t now_ns() { return read_clock(CLOCK_MONOTONIC); }

int64_t cpu_ns(pid_t process) {
  clockid_t clock{};
  if (clock_getcpuclockid(process, &clock) != 0) {
    throw std::runtime_error(fmt::format("process {} is not running any more", process));
  }
  return read_clock(clock);
}

}  // namespace bench

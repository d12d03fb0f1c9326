#include "adapter/timestamp.h"

#include <fmt/format.h>

#include <chrono>

namespace adapter {
namespace {

constexpr int64_t kYear0 = -62'167'219'200;  // in seconds since 1970
constexpr int64_t kYear10000 = 253'402'300'800;

uint64_t big_endian(std::string_view bytes) {
  uint64_t number = 0;
  for (const char byte : bytes) number = number << 8 | static_cast<unsigned char>(byte);
  return number;
}

// `2026-11-24T16:47:16.000Z`
std::string iso_text(int64_t seconds, int64_t millis) {
  if (seconds < kYear0 || seconds >= kYear10000) return {};
  const std::chrono::sys_seconds time{std::chrono::seconds(seconds)};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                     millis);
}

std::string iso_text_of_nanos(int64_t seconds, uint64_t nanos) {
  constexpr uint64_t kNanosPerMilli = 1'000'000;
  const uint64_t millis = nanos / kNanosPerMilli;
  return millis < 1000 ? iso_text(seconds, static_cast<int64_t>(millis)) : std::string();
}

}  // namespace

std::optional<std::string> timestamp_text(int8_t type, std::string_view bytes) {
  if (type == 0 && bytes.size() == 8) {
    const std::chrono::milliseconds millis(static_cast<int64_t>(big_endian(bytes)));
    const auto seconds = std::chrono::floor<std::chrono::seconds>(millis);
    return iso_text(seconds.count(), (millis - seconds).count());
  }
  if (type != -1) return std::nullopt;
  switch (bytes.size()) {
    case 4: return iso_text(static_cast<int64_t>(big_endian(bytes)), 0);
    case 8: {
      constexpr unsigned kSecondsBits = 34;
      const uint64_t both = big_endian(bytes);
      return iso_text_of_nanos(static_cast<int64_t>(both & ((uint64_t{1} << kSecondsBits) - 1)),
                               both >> kSecondsBits);
    }
    case 12:
      return iso_text_of_nanos(static_cast<int64_t>(big_endian(bytes.substr(4))),
                               big_endian(bytes.substr(0, 4)));
    default: return std::nullopt;
  }
}

}  // namespace adapter

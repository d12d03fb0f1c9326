#include "bench/report.h"

#include <fmt/format.h>

#include <utility>

#include "bench/clock.h"
#include "bench/crowd.h"

namespace bench {
namespace {

constexpr double kHeartbeatBound = 1.5;  // times bare echo
constexpr double kDeliveryBound = 1.5;   // times bare send
constexpr double kCheckBound = 5;        // times bare echo
constexpr double kMemoryBoundKib = 2;
constexpr double kChangeP50Ms = 1.5;
constexpr double kChangeP99Ms = 5;
constexpr double kLoginSeconds = 4;

double kib_per_user(int64_t bytes, uint32_t users) {
  return static_cast<double>(bytes) / 1024 / static_cast<double>(users);
}

double mib(int64_t bytes) { return static_cast<double>(bytes) / 1024 / 1024; }

void add_idle(Table& table, const LoadOptions& options, const Results& results) {
  const uint32_t users = options.users;
  if (results.strangers) {
    const IdleResult& idle = *results.strangers;
    table.plain("connect rate, no contacts", idle.arrival.per_second(), "/s");
    table.plain("CPU per connect, no contacts", idle.arrival.cpu_per_user(), "us");
    table.plain("memory per connected user, no contacts",
                kib_per_user(idle.connected.resident - idle.empty.resident, users), "KiB");
  }
  if (!results.contacts) return;
  const IdleResult& idle = *results.contacts;
  // From a server that knows nobody, if one was measured: what it holds of contacts before anybody
  // connects counts as well.
  const Memory& empty = results.strangers ? results.strangers->empty : idle.empty;
  const std::string with = fmt::format("{} contacts", options.contacts);
  table.plain("connect rate, " + with, idle.arrival.per_second(), "/s");
  table.plain("CPU per connect and its notifications, " + with, idle.arrival.cpu_per_user(), "us");
  table.bounded("memory per connected user, " + with,
                kib_per_user(idle.connected.resident - empty.resident, users), "KiB",
                kMemoryBoundKib);
  table.plain("of it anonymous pages",
              kib_per_user(idle.connected.anonymous - empty.anonymous, users), "KiB");
  table.plain("of it there before anybody connects",
              kib_per_user(idle.empty.resident - empty.resident, users), "KiB");
  table.plain("memory of the server when nobody is connected", mib(idle.empty.resident), "MiB");
  if (results.after_loading) {
    table.plain("memory right after loading a contacts file", mib(results.after_loading->resident),
                "MiB");
  }
  table.plain("CPU of the idle server", idle.idle_cpu_us_per_second / 1e3, "ms/s");
}

void add_requests(Table& table, const LoadOptions& options, const Results& results) {
  const double echo = results.calibration.echo.cpu_us;
  if (const auto& load = results.heartbeats_paced) {
    table.plain(fmt::format("heartbeat at {:g}/s, CPU", options.heartbeats_per_second),
                load->cpu_per_operation(), "us");
    table.plain("heartbeat, p50", millis(load->answers.percentile(0.5)), "ms");
    table.plain("heartbeat, p99", millis(load->answers.percentile(0.99)), "ms");
  }
  if (const auto& load = results.heartbeats_max) {
    table.relative("heartbeat at full speed, CPU", load->cpu_per_operation(), kHeartbeatBound, echo,
                   "bare echo");
    if (const double spread = results.calibration.echo_spread.cpu_us; spread > 0)
      table.plain("heartbeat at full speed, of bare echo over all connections",
                  load->cpu_per_operation() / spread, "x");
    table.plain("heartbeats per second", load->per_second(), "/s");
  }
  if (const auto& load = results.checks_paced) {
    table.plain(fmt::format("check of 50 at {:g}/s, CPU", options.checks_per_second),
                load->cpu_per_operation(), "us");
    table.plain("check of 50, p50", millis(load->answers.percentile(0.5)), "ms");
    table.plain("check of 50, p99", millis(load->answers.percentile(0.99)), "ms");
  }
  if (const auto& load = results.checks_max) {
    table.relative("check of 50 at full speed, CPU", load->cpu_per_operation(), kCheckBound, echo,
                   "bare echo");
    table.plain("checks of 50 per second", load->per_second(), "/s");
  }
}

void add_changes(Table& table, const LoadOptions& options, const Results& results) {
  const Calibration& bare = results.calibration;
  if (const auto& load = results.changes_paced) {
    table.relative(fmt::format("notification at {:g} changes/s, CPU", options.changes_per_second),
                   load->cpu_per_delivery(), kDeliveryBound, bare.send_paced.cpu_us, "bare send");
    const std::string last = fmt::format("change to the last of {} contacts", options.contacts);
    table.bounded(last + ", p50", millis(load->changes.percentile(0.5)), "ms", kChangeP50Ms);
    table.bounded(last + ", p99", millis(load->changes.percentile(0.99)), "ms", kChangeP99Ms);
  }
  if (const auto& load = results.changes_max) {
    table.relative("notification at full speed, CPU", load->cpu_per_delivery(), kDeliveryBound,
                   bare.send_max.cpu_us, "bare send");
    table.plain("notifications per second", load->deliveries_per_second(), "/s");
    table.plain("status changes per second", load->per_second(), "/s");
  }
  if (const auto& load = results.changes_in_a_row) {
    table.plain(fmt::format("notification, {} changes of a user in a row, CPU", kChangesInARow),
                load->cpu_per_delivery(), "us");
  }
}

void add_storm(Table& table, const std::string& name, const std::optional<StormResult>& storm,
               double bound) {
  if (!storm) return;
  const std::string told = fmt::format("{} of {}, until all are told", name, storm->users);
  if (bound > 0) {
    table.bounded(told, storm->told_seconds, "s", bound);
  } else if (storm->deliveries > 0) {
    table.plain(told, storm->told_seconds, "s");
  }
  table.plain(name + ", CPU per user", storm->cpu_per_user(), "us");
  if (storm->deliveries == 0) return;
  table.plain(name + ", CPU per notification",
              storm->server_cpu_us / static_cast<double>(storm->deliveries), "us");
}

}  // namespace

std::vector<Row> make_rows(const LoadOptions& options, const Results& results) {
  Table table;
  table.calibration(results.calibration);
  add_idle(table, options, results);
  add_requests(table, options, results);
  add_changes(table, options, results);
  add_storm(table, "login", results.login, kLoginSeconds);
  add_storm(table, "logout", results.logout, 0);
  add_storm(table, "reload within the grace", results.reload, 0);
  add_storm(table, "lost transports", results.loss, 0);
  // Targets hold for the full numbers only.
  if (options.quick) table.drop_targets();
  table.faults(results.faults, results.delivered);
  return std::move(table.rows);
}

std::vector<Row> make_rows(const Calibration& calibration) {
  Table table;
  table.calibration(calibration);
  return std::move(table.rows);
}

}  // namespace bench

#include "bench/cluster_report.h"

#include <fmt/format.h>

#include <numeric>
#include <utility>

#include "bench/clock.h"

namespace bench {
namespace {

constexpr double kHeartbeatBound = 2;  // times bare echo
constexpr double kLoginBoundUs = 500;
constexpr double kRedisBytesBound = 1'000;
constexpr double kChangeP50Ms = 2.5;
constexpr double kChangeP99Ms = 10;
constexpr double kLoginSeconds = 5;
constexpr double kKillSeconds = 20;
constexpr double kRedisSeconds = 5;

// Of which Redis, the last process, took so much for each of `count`.
double of_redis(const std::vector<double>& cpu_us_each, uint64_t count) {
  return cpu_us_each.empty() ? 0 : cpu_us_each.back() / static_cast<double>(count);
}

// And the nodes, on average.
double of_a_node(const std::vector<double>& cpu_us_each, uint64_t count) {
  if (cpu_us_each.size() < 2) return 0;
  const double nodes = std::accumulate(cpu_us_each.begin(), cpu_us_each.end() - 1, 0.0);
  return nodes / static_cast<double>(cpu_us_each.size() - 1) / static_cast<double>(count);
}

void add_heartbeats(Table& table, const ClusterOptions& options, const ClusterResults& results) {
  if (results.idle_ms_per_second)
    table.plain("CPU of idle nodes and Redis", *results.idle_ms_per_second, "ms/s");
  if (const auto& load = results.heartbeats_max) {
    table.relative("heartbeat at full speed, CPU", load->cpu_per_operation(), kHeartbeatBound,
                   results.calibration.echo.cpu_us, "bare echo");
    table.plain("heartbeat at full speed, CPU of Redis",
                of_redis(load->cpu_us_each, load->operations), "us");
    table.plain("heartbeats per second", load->per_second(), "/s");
  }
  if (const auto& load = results.heartbeats_idle) {
    table.plain(
        fmt::format("heartbeat of idle users, one each {:g} s, CPU", options.heartbeat_interval),
        load->cpu_per_operation(), "us");
    table.plain("heartbeat of idle users, CPU of Redis",
                of_redis(load->cpu_us_each, load->operations), "us");
  }
}

void add_logins(Table& table, const ClusterOptions& options, const ClusterResults& results) {
  if (const auto& storm = results.login) {
    table.bounded("login, CPU", storm->cpu_per_user(), "us", kLoginBoundUs);
    table.plain("login, CPU of Redis", of_redis(storm->cpu_us_each, storm->users), "us");
    table.plain("login, notifications", static_cast<double>(storm->deliveries) / storm->users,
                "each");
    table.bounded(fmt::format("login of {} within {:g} s, until all are told", storm->users,
                              options.storm_seconds),
                  storm->told_seconds, "s", kLoginSeconds);
  }
  if (const auto& storm = results.first_login) {
    table.plain("first login, Redis knows nobody, CPU", storm->cpu_per_user(), "us");
    table.plain("first login, until all are told", storm->told_seconds, "s");
  }
  if (const auto& storm = results.logout) table.plain("logout, CPU", storm->cpu_per_user(), "us");
  if (results.redis_bytes_per_user)
    table.bounded("memory of Redis per online user", *results.redis_bytes_per_user, "bytes",
                  kRedisBytesBound);
}

void add_changes(Table& table, const ClusterOptions& options, const ClusterResults& results) {
  const auto& load = results.changes;
  if (!load) return;
  const std::string name = fmt::format("change to the last of {} contacts on both nodes, at {:g}/s",
                                       options.contacts, options.changes_per_second);
  table.bounded(name + ", p50", millis(load->changes.percentile(0.5)), "ms", kChangeP50Ms);
  table.bounded(name + ", p99", millis(load->changes.percentile(0.99)), "ms", kChangeP99Ms);
  table.plain("change and its notifications, CPU", load->cpu_per_operation(), "us");
}

void add_disturbances(Table& table, const ClusterResults& results) {
  if (const auto& kill = results.kill) {
    const std::string name = fmt::format("node with {} users killed", kill->users);
    table.bounded(name + ", until all watchers know", kill->told_seconds, "s", kKillSeconds);
    table.none(name + ", wrong events", static_cast<double>(kill->wrong));
  }
  if (const auto& redis = results.redis) {
    table.bounded("Redis restarted empty, until truth", redis->truth_seconds(), "s", kRedisSeconds);
    table.plain("of it until who left meanwhile is known everywhere", redis->told_seconds, "s");
    table.plain("of it until all nodes are ready", redis->ready_seconds, "s");
    table.plain("of it until Redis holds everybody", redis->kept_seconds, "s");
    table.none("Redis restarted empty, wrong events", static_cast<double>(redis->wrong));
  }
  if (const auto& rolling = results.rolling) {
    const std::string name = fmt::format("rolling restart of {} nodes", rolling->nodes);
    table.plain(name, rolling->seconds, "s");
    table.plain(name + ", connections moved", rolling->moves, "");
    table.plain(name + ", attempts refused", rolling->refused, "");
    table.none(name + ", offline events for users who came back",
               static_cast<double>(rolling->told_offline));
    table.none(name + ", wrong events", static_cast<double>(rolling->wrong));
  }
}

void add_growth(Table& table, const ClusterResults& results) {
  for (const GrowthResult& growth : results.growth) {
    const LoadResult& changes = growth.changes;
    const StormResult& login = growth.login;
    const std::string name = fmt::format("{} nodes: CPU ", growth.nodes);
    table.plain(name + "per change, all", changes.cpu_per_operation(), "us");
    table.plain(name + "per change, each node", of_a_node(changes.cpu_us_each, changes.operations),
                "us");
    table.plain(name + "per change, Redis", of_redis(changes.cpu_us_each, changes.operations),
                "us");
    table.plain(name + "per login, all", login.cpu_per_user(), "us");
    table.plain(name + "per login, each node", of_a_node(login.cpu_us_each, login.users), "us");
    table.plain(name + "per login, Redis", of_redis(login.cpu_us_each, login.users), "us");
  }
}

}  // namespace

std::vector<Row> make_rows(const ClusterOptions& options, const ClusterResults& results) {
  Table table;
  table.calibration(results.calibration);
  add_heartbeats(table, options, results);
  add_logins(table, options, results);
  add_changes(table, options, results);
  add_disturbances(table, results);
  add_growth(table, results);
  // Targets hold for the full numbers only.
  if (options.quick) table.drop_targets();
  table.faults(results.faults, results.delivered);
  return std::move(table.rows);
}

}  // namespace bench

#include "bench/cluster_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <numeric>

#include "bench/cluster_phases.h"
#include "bench/contact_graph.h"
#include "bench/fleet.h"
#include "bench/phases.h"

namespace bench {
namespace {

constexpr uint32_t kRequestWindow = 1'000;  // as many as the bare echo has under way
constexpr double kIdleSeconds = 5;
// Nodes that have just started read once more whom they follow.
constexpr int64_t kAfterStart = 4 * kNanosPerSecond;
constexpr int64_t kRefresh = 1'200 * kNanosPerMilli;  // nodes write heartbeats once a second

void say(std::string_view what) { fmt::print(stderr, "bench: {}\n", what); }

class ClusterRun {
 public:
  explicit ClusterRun(const ClusterOptions& options)
      : options_(options),
        graph_(options.users, options.contacts, options.seed),
        everybody_(options.users) {
    std::iota(everybody_.begin(), everybody_.end(), 0U);
  }

  ClusterResults run() {
    if (options_.calibrate) {
      say("calibrating");
      results_.calibration = bare();
    }
    {
      say(fmt::format("two nodes, one Redis, {} contacts each for {} users", options_.contacts,
                      options_.users));
      Fleet fleet(options_, graph_, 2);
      measure(fleet);
      disturb(fleet);
      end(fleet);
    }
    if (wanted(ClusterPhase::growth)) measure_growth();
    if (options_.calibrate) {
      say("calibrating again");
      const Calibration after = bare();
      say(fmt::format("bare echo {:.2f} us before, {:.2f} us after",
                      results_.calibration.echo.cpu_us, after.echo.cpu_us));
      results_.calibration = mean(results_.calibration, after);
    }
    return std::move(results_);
  }

 private:
  [[nodiscard]] bool wanted(ClusterPhase phase) const { return options_.phases.contains(phase); }

  [[nodiscard]] Calibration bare() const {
    CalibrationOptions bare;
    bare.seconds = options_.calibration_seconds;
    bare.send_connections = options_.users;
    bare.send_receivers = std::max(options_.contacts, 1U);
    bare.rounds_per_second = options_.changes_per_second;
    return calibrate(bare);
  }

  void measure(Fleet& fleet) {
    const Stage stage = fleet.stage();
    if (!options_.quick) poll_until(stage.crowd, now_ns() + kAfterStart);
    say("everybody logs in for the first time");
    const int64_t before = fleet.redis().used_memory();
    results_.first_login = log_in(stage, everybody_, options_.storm_seconds);
    results_.redis_bytes_per_user =
        static_cast<double>(fleet.redis().used_memory() - before) / options_.users;
    if (wanted(ClusterPhase::heartbeats)) measure_heartbeats(stage);
    if (wanted(ClusterPhase::changes)) {
      say("status changes");
      results_.changes =
          run_paced(stage, Operation::change, options_.changes_per_second, options_.seconds);
    }
    if (!wanted(ClusterPhase::login)) return;
    say("everybody leaves, and logs in again");
    results_.logout = leave(stage, everybody_, options_.storm_seconds);
    results_.login = log_in(stage, everybody_, options_.storm_seconds);
    if (wanted(ClusterPhase::growth) && results_.changes)
      results_.growth.push_back({2, *results_.login, *results_.changes});
  }

  void measure_heartbeats(const Stage& stage) {
    say("heartbeats");
    if (!options_.quick) measure_idle(stage);
    results_.heartbeats_max = run_beating(stage, [&] {
      return run_at_full_speed(stage, Operation::heartbeat, kRequestWindow, options_.seconds);
    });
  }

  void measure_idle(const Stage& stage) {
    const Span span(stage);
    poll_until(stage.crowd, now_ns() + to_ns(kIdleSeconds));
    results_.idle_ms_per_second = span.server_cpu_us() / 1e3 / span.passed(now_ns());
    results_.heartbeats_idle = run_beating(stage, [&] {
      return run_paced(stage, Operation::heartbeat, options_.users / options_.heartbeat_interval,
                       options_.idle_seconds);
    });
  }

  // With all that the heartbeats cause.
  template <class Beat>
  static LoadResult run_beating(const Stage& stage, Beat&& beat) {
    const Span span(stage);
    LoadResult result = beat();
    poll_until(stage.crowd, now_ns() + kRefresh);
    result.server_cpu_us = span.server_cpu_us();
    result.cpu_us_each = span.cpu_us_each();
    return result;
  }

  // A quick run kills a node right after the rolling restart, and by the time that its users are
  // gone, whatever was held has ended, too.
  void disturb(Fleet& fleet) {
    const bool any =
        wanted(ClusterPhase::kill) || wanted(ClusterPhase::redis) || wanted(ClusterPhase::rolling);
    if (!any) return;
    fleet.everybody_out();
    fleet.crowd().ask_for_snapshots(true);
    if (wanted(ClusterPhase::kill) && !options_.quick) kill(fleet);
    if (wanted(ClusterPhase::redis)) {
      fleet.everybody_in();
      say("Redis is restarted empty");
      results_.redis = lose_redis(fleet);
    }
    if (wanted(ClusterPhase::rolling)) {
      fleet.add_node();
      fleet.everybody_out();
      fleet.place_everybody();
      fleet.everybody_in();
      say("three nodes are restarted, one after the other");
      results_.rolling = roll(fleet, options_.drain_seconds, options_.seed);
      const uint64_t faults = fleet.ledger().faults().total();
      const uint64_t told_offline = fleet.crowd().told_offline();
      if (options_.quick && wanted(ClusterPhase::kill)) return kill(fleet);
      say("waiting until nothing is held any more");
      outlast_hold(fleet, options_.grace_seconds);
      results_.rolling->wrong += fleet.ledger().faults().total() - faults;
      results_.rolling->told_offline += fleet.crowd().told_offline() - told_offline;
    } else if (options_.quick && wanted(ClusterPhase::kill)) {
      kill(fleet);
    }
  }

  void kill(Fleet& fleet) {
    fleet.everybody_in();
    say("a node is killed");
    results_.kill = kill_node(fleet, 1);
    if (options_.quick) return;
    fleet.start_node(1);
    fleet.place_everybody();
  }

  void measure_growth() {
    for (uint32_t nodes = 3; nodes <= options_.most_nodes; ++nodes) {
      say(fmt::format("the same with {} nodes", nodes));
      Fleet fleet(options_, graph_, nodes);
      const Stage stage = fleet.stage();
      poll_until(stage.crowd, now_ns() + kAfterStart);
      fleet.everybody_in();
      GrowthResult growth;
      growth.nodes = nodes;
      growth.changes =
          run_paced(stage, Operation::change, options_.changes_per_second, options_.seconds);
      fleet.everybody_out();
      growth.login = log_in(stage, everybody_, options_.storm_seconds);
      results_.growth.push_back(std::move(growth));
      end(fleet);
    }
  }

  void end(Fleet& fleet) {
    fleet.everybody_out();
    fleet.stop();
    const Ledger& ledger = fleet.ledger();
    results_.delivered += ledger.delivered();
    results_.faults += ledger.faults();
    results_.examples.insert(results_.examples.end(), ledger.examples().begin(),
                             ledger.examples().end());
  }

  const ClusterOptions& options_;
  ContactGraph graph_;
  std::vector<UserIndex> everybody_;
  ClusterResults results_;
};

}  // namespace

ClusterResults run_cluster(const ClusterOptions& options) { return ClusterRun(options).run(); }

}  // namespace bench

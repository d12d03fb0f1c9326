#include "bench/cluster_options.h"

#include <CLI/CLI.hpp>
#include <map>

namespace bench {
namespace {

const std::map<std::string, ClusterPhase>& phase_names() {
  static const std::map<std::string, ClusterPhase> names{
      {"login", ClusterPhase::login},     {"heartbeats", ClusterPhase::heartbeats},
      {"changes", ClusterPhase::changes}, {"kill", ClusterPhase::kill},
      {"redis", ClusterPhase::redis},     {"rolling", ClusterPhase::rolling},
      {"growth", ClusterPhase::growth}};
  return names;
}

void make_quick(ClusterOptions& options) {
  options.users = 1'000;
  options.seconds = 1;
  options.storm_seconds = 0.5;
  options.grace_seconds = 1;
  options.drain_seconds = 1;
  options.changes_per_second = 20;
  options.most_nodes = 2;
  options.calibrate = false;
}

void declare(CLI::App& app, ClusterOptions& options) {
  app.add_option("--users", options.users, "connected users")->check(CLI::Range(2, 19'000));
  app.add_option("--contacts", options.contacts, "of each user, an even number");
  app.add_option("--seed", options.seed, "of the contact graph and of the clients' backoff");
  app.add_option("--seconds", options.seconds, "of each stream of operations");
  app.add_option("--idle-seconds", options.idle_seconds, "of the heartbeats of idle users");
  app.add_option("--changes-per-second", options.changes_per_second, "of status");
  app.add_option("--nodes", options.most_nodes, "most nodes that the cost is measured with")
      ->check(CLI::Range(2, 16));
  app.add_option("--server", options.server, "the presenced to start");
  app.add_option("--server-arg", options.server_arguments, "a further argument for it (repeat)");
  app.add_option("--redis-arg", options.redis_arguments,
                 "a further argument for redis-server (repeat)");
  app.add_option("--markdown", options.markdown, "also write the table to this file as Markdown");
  app.add_option("--save", options.save, "also write the figures to this file, one per line");
}

}  // namespace

std::optional<ClusterOptions> parse_cluster_options(int argc, char** argv, int& exit_code) {
  ClusterOptions options;
  // --quick changes defaults, so it is looked for before anything else is read.
  for (int i = 1; i < argc; ++i) options.quick = options.quick || std::string(argv[i]) == "--quick";
  if (options.quick) make_quick(options);

  CLI::App app("Measures several presenced on one Redis, and accounts for every notification.",
               "bench_cluster");
  declare(app, options);
  bool quick = false;
  app.add_flag("--quick", quick, "small numbers, no calibration: only a check of correctness");
  app.add_flag("--calibrate,!--no-calibrate", options.calibrate, "measure the bare loops too");
  std::vector<ClusterPhase> phases;
  app.add_option("--phases", phases, "of login,heartbeats,changes,kill,redis,rolling,growth")
      ->delimiter(',')
      ->transform(CLI::CheckedTransformer(phase_names()));
  try {
    app.parse(argc, argv);
    if (options.contacts % 2 != 0 || options.contacts >= options.users) {
      throw CLI::ValidationError("--contacts", "must be even and less than --users");
    }
  } catch (const CLI::ParseError& error) {
    exit_code = app.exit(error) == 0 ? 0 : 2;
    return std::nullopt;
  }
  options.phases.insert(phases.begin(), phases.end());
  if (phases.empty()) {
    for (const auto& [name, phase] : phase_names()) options.phases.insert(phase);
  }
  return options;
}

}  // namespace bench

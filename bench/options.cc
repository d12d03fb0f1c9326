#include "bench/options.h"

#include <CLI/CLI.hpp>
#include <map>

namespace bench {
namespace {

const std::map<std::string, Phase>& phase_names() {
  static const std::map<std::string, Phase> names{
      {"idle", Phase::idle},     {"heartbeats", Phase::heartbeats},
      {"checks", Phase::checks}, {"status", Phase::status},
      {"login", Phase::login},   {"logout", Phase::logout},
      {"reload", Phase::reload}, {"loss", Phase::loss}};
  return names;
}

void make_quick(LoadOptions& options) {
  options.users = 1'000;
  options.seconds = 1;
  options.storm_seconds = 0.5;
  options.grace_seconds = 1;
  options.heartbeats_per_second = 1'000;
  options.checks_per_second = 100;
  options.changes_per_second = 20;
  options.calibrate = false;
}

void declare(CLI::App& app, LoadOptions& options) {
  app.add_option("--users", options.users, "connected users")->check(CLI::Range(2, 19'000));
  app.add_option("--contacts", options.contacts, "of each user, an even number");
  app.add_option("--seed", options.seed, "of the contact graph");
  app.add_option("--threads", options.threads, "core threads of the server");
  app.add_option("--seconds", options.seconds, "of each stream of operations");
  app.add_option("--heartbeats-per-second", options.heartbeats_per_second, "when paced");
  app.add_option("--checks-per-second", options.checks_per_second, "when paced");
  app.add_option("--changes-per-second", options.changes_per_second, "when paced");
  app.add_option("--server", options.server, "the presenced to start");
  app.add_option("--server-arg", options.server_arguments, "a further argument for it (repeat)");
  auto* connect = app.add_option("--connect", options.connect,
                                 "HOST:PORT of a running server, which knows the contacts file");
  app.add_option("--pid", options.pid, "of that server, for its CPU and memory")->needs(connect);
  app.add_option("--write-contacts", options.contacts_file,
                 "only write the contacts file, and end");
  app.add_option("--markdown", options.markdown, "also write the table to this file as Markdown");
  app.add_option("--save", options.save, "also write the figures to this file, one per line");
}

}  // namespace

std::optional<LoadOptions> parse_load_options(int argc, char** argv, int& exit_code) {
  LoadOptions options;
  // --quick changes defaults, so it is looked for before anything else is read.
  for (int i = 1; i < argc; ++i) options.quick = options.quick || std::string(argv[i]) == "--quick";
  if (options.quick) make_quick(options);

  CLI::App app("Measures a presenced, and accounts for every notification.", "bench_load");
  declare(app, options);
  bool quick = false;
  app.add_flag("--quick", quick, "small numbers, no calibration: only a check of correctness");
  app.add_flag("--calibrate,!--no-calibrate", options.calibrate, "measure the bare loops too");
  std::vector<Phase> phases;
  app.add_option("--phases", phases, "of idle,heartbeats,checks,status,logout,login,reload,loss")
      ->delimiter(',')
      ->transform(CLI::CheckedTransformer(phase_names()));
  try {
    app.parse(argc, argv);
    if (!options.connect.empty() && options.pid <= 0) {
      throw CLI::ValidationError("--connect", "needs --pid");
    }
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

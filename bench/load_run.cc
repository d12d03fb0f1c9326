#include "bench/load_run.h"

#include <fmt/format.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <numeric>
#include <stdexcept>

#include "bench/contact_graph.h"
#include "bench/crowd.h"
#include "bench/phases.h"
#include "bench/server_process.h"

namespace bench {
namespace {

constexpr uint32_t kRequestWindow = 1'000;  // as many as the bare echo has under way
constexpr uint32_t kChangeWindow = 8;
constexpr std::size_t kReloadShare = 10;

void say(std::string_view what) { fmt::print(stderr, "bench: {}\n", what); }

// What is measured is what the phases do, so nothing else happens meanwhile: no server pings within
// a run, no user who goes stale between the phases, no limit on events of one device. A quick
// run measures nothing and has pings.
std::vector<std::string> server_command(const LoadOptions& options, const std::string& directory,
                                        const std::string& contacts) {
  std::vector<std::string> command{
      options.server,
      "--listen=127.0.0.1:0",
      fmt::format("--threads={}", options.threads),
      "--auth-mode=insecure",
      "--data-dir=" + directory,
      fmt::format("--disconnect-grace={:.0f}ms", options.grace_seconds * 1e3),
      "--stale-after=2h",
      options.quick ? "--ping-interval=1s" : "--ping-interval=1h",
      options.quick ? "--ping-timeout=10s" : "--ping-timeout=1h",
      "--limits-events-per-second=0",
      "--log-level=warn"};
  if (!contacts.empty()) command.push_back("--contacts-file=" + contacts);
  command.insert(command.end(), options.server_arguments.begin(), options.server_arguments.end());
  return command;
}

class Run {
 public:
  explicit Run(const LoadOptions& options)
      : options_(options),
        graph_(options.users, options.contacts, options.seed),
        everybody_(options.users) {
    std::iota(everybody_.begin(), everybody_.end(), 0U);
  }

  Results run() {
    calibrate_first();
    const bool ours = options_.connect.empty();
    if (ours && wanted(Phase::idle)) measure_strangers();
    const TemporaryDirectory directory;
    std::unique_ptr<ServerProcess> server;
    if (ours) {
      const std::string contacts = directory.path() + "/contacts.json";
      write_contacts_file(graph_, contacts);
      load_contacts(directory, contacts);
      server = start(directory, "");
    }
    measure(ours ? server->endpoint() : parse_endpoint(options_.connect),
            ours ? server->pid() : options_.pid);
    if (server) stop(*server);
    calibrate_again();
    return std::move(results_);
  }

 private:
  [[nodiscard]] bool wanted(Phase phase) const { return options_.phases.contains(phase); }

  [[nodiscard]] Calibration bare() const {
    CalibrationOptions bare;
    bare.seconds = options_.calibration_seconds;
    bare.send_connections = options_.users;
    bare.send_receivers = std::max(options_.contacts, 1U);
    bare.rounds_per_second = options_.changes_per_second;
    return calibrate(bare);
  }
  void calibrate_first() {
    if (!options_.calibrate) return;
    say("calibrating");
    results_.calibration = bare();
  }
  void calibrate_again() {
    if (!options_.calibrate) return;
    say("calibrating again");
    const Calibration after = bare();
    say(fmt::format("bare echo {:.2f} us before, {:.2f} us after; bare send {:.2f} and {:.2f} us",
                    results_.calibration.echo.cpu_us, after.echo.cpu_us,
                    results_.calibration.send_paced.cpu_us, after.send_paced.cpu_us));
    results_.calibration = mean(results_.calibration, after);
  }

  std::unique_ptr<ServerProcess> start(const TemporaryDirectory& directory,
                                       const std::string& contacts) {
    return std::make_unique<ServerProcess>(
        server_command(options_, directory.path() + "/data", contacts),
        directory.path() + "/server.log");
  }
  void stop(ServerProcess& server) {
    const int status = server.stop();
    if (status == 0) return;
    ++results_.faults.lost;
    results_.examples.push_back(
        WIFSIGNALED(status) ? fmt::format("the server was ended by signal {}", WTERMSIG(status))
                            : fmt::format("the server ended with code {}", WEXITSTATUS(status)));
  }

  // A server that loads the contacts file into its data directory and ends. The one that is
  // measured finds them there, so that what loading leaves behind is not taken for that of users.
  void load_contacts(const TemporaryDirectory& directory, const std::string& contacts) {
    say("a server loads the contacts file");
    const std::unique_ptr<ServerProcess> server = start(directory, contacts);
    results_.after_loading = read_memory(server->pid());
    stop(*server);
  }

  // A server that knows no contacts.
  void measure_strangers() {
    say(fmt::format("{} users without contacts connect", options_.users));
    const ContactGraph nobody(options_.users, 0, options_.seed);
    Ledger ledger(nobody, order());
    const TemporaryDirectory directory;
    const std::unique_ptr<ServerProcess> server = start(directory, "");
    {
      Crowd crowd(nobody, ledger, server->endpoint());
      results_.strangers = connect_and_idle({crowd, ledger, {server->pid()}}, everybody_, 1);
    }
    stop(*server);
    add(ledger);
  }

  void measure(sockaddr_in endpoint, pid_t pid) {
    Ledger ledger(graph_, order());
    Crowd crowd(graph_, ledger, endpoint);
    const Stage stage{crowd, ledger, {pid}};
    if (wanted(Phase::idle)) {
      say(fmt::format("they connect with {} contacts each", options_.contacts));
      results_.contacts = connect_and_idle(stage, everybody_, std::min(options_.seconds, 5.0));
    }
    measure_requests(stage);
    measure_changes(stage);
    measure_storms(stage);
    add(ledger);
  }

  void measure_requests(const Stage& stage) {
    if (wanted(Phase::heartbeats)) {
      everybody_in(stage);
      say("heartbeats");
      results_.heartbeats_paced =
          run_paced(stage, Operation::heartbeat, options_.heartbeats_per_second, options_.seconds);
      results_.heartbeats_max =
          run_at_full_speed(stage, Operation::heartbeat, kRequestWindow, options_.seconds);
    }
    if (wanted(Phase::checks)) {
      everybody_in(stage);
      say("bulk checks");
      results_.checks_paced =
          run_paced(stage, Operation::check, options_.checks_per_second, options_.seconds);
      results_.checks_max =
          run_at_full_speed(stage, Operation::check, kRequestWindow, options_.seconds);
    }
  }

  void measure_changes(const Stage& stage) {
    if (!wanted(Phase::status)) return;
    everybody_in(stage);
    say("status changes");
    results_.changes_paced =
        run_paced(stage, Operation::change, options_.changes_per_second, options_.seconds);
    results_.changes_max =
        run_at_full_speed(stage, Operation::change, kChangeWindow, options_.seconds);
    results_.changes_in_a_row =
        run_at_full_speed(stage, Operation::changes_in_a_row, kChangeWindow, options_.seconds);
  }

  void measure_storms(const Stage& stage) {
    const auto share =
        static_cast<std::ptrdiff_t>(std::max<std::size_t>(everybody_.size() / kReloadShare, 1));
    const std::vector<UserIndex> some(everybody_.begin(), everybody_.begin() + share);
    if (wanted(Phase::reload)) {
      everybody_in(stage);
      say("a tenth of the users reload");
      results_.reload = reload(stage, some, options_.grace_seconds + 1);
    }
    if (wanted(Phase::loss)) {
      everybody_in(stage);
      say("a tenth of the users lose their transport");
      results_.loss = lose(stage, some);
    }
    if (wanted(Phase::logout)) {
      everybody_in(stage);
      say("everybody leaves");
      results_.logout = leave(stage, everybody_, options_.storm_seconds);
    }
    if (wanted(Phase::login)) {
      everybody_out(stage);
      say("everybody logs in");
      results_.login = log_in(stage, everybody_, options_.storm_seconds);
    }
  }

  static std::vector<UserIndex> users_where(const Crowd& crowd, bool offline) {
    std::vector<UserIndex> users;
    for (UserIndex user = 0; user < crowd.users(); ++user) {
      if (crowd.offline(user) == offline) users.push_back(user);
    }
    return users;
  }
  static void everybody_in(const Stage& stage) {
    const std::vector<UserIndex> users = users_where(stage.crowd, true);
    if (!users.empty()) static_cast<void>(log_in_at_full_speed(stage, users));
    if (stage.crowd.connected() == 0) throw std::runtime_error("nobody could connect");
  }
  static void everybody_out(const Stage& stage) {
    const std::vector<UserIndex> users = users_where(stage.crowd, false);
    if (!users.empty()) static_cast<void>(leave(stage, users, 0));
  }

  [[nodiscard]] Order order() const { return options_.threads == 1 ? Order::single : Order::none; }

  void add(const Ledger& ledger) {
    results_.delivered += ledger.delivered();
    results_.faults += ledger.faults();
    results_.examples.insert(results_.examples.end(), ledger.examples().begin(),
                             ledger.examples().end());
  }

  const LoadOptions& options_;
  ContactGraph graph_;
  std::vector<UserIndex> everybody_;
  Results results_;
};

}  // namespace

Results run_load(const LoadOptions& options) { return Run(options).run(); }

}  // namespace bench

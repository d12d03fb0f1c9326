#include "bench/fleet.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <stdexcept>
#include <string_view>

#include "bench/clock.h"
#include "bench/phases.h"

namespace bench {
namespace {

constexpr int64_t kReadyTimeout = 30 * kNanosPerSecond;
constexpr uint32_t kLookWindow = 200;

// Whether GET /readyz is answered with 200.
bool is_ready(const sockaddr_in& endpoint) {
  const int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const timeval patience{1, 0};
  setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  constexpr std::string_view kRequest =
      "GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
  std::array<char, 64> buffer{};
  ssize_t count = -1;
  if (connect(client, reinterpret_cast<const sockaddr*>(&endpoint), sizeof endpoint) == 0 &&
      send(client, kRequest.data(), kRequest.size(), MSG_NOSIGNAL) > 0) {
    count = recv(client, buffer.data(), buffer.size(), 0);
  }
  close(client);
  return count > 0 && std::string_view(buffer.data(), static_cast<std::size_t>(count))
                          .starts_with("HTTP/1.1 200 ");
}

}  // namespace

Fleet::Fleet(const ClusterOptions& options, const ContactGraph& graph, uint32_t nodes)
    : options_(options),
      graph_(graph),
      redis_(directory_.path(), options.redis_arguments),
      home_(graph.users(), 0),
      ledger_(graph, Order::per_node) {
  load_contacts();
  for (uint32_t node = 0; node < nodes; ++node) add_node();
  crowd_ = std::make_unique<Crowd>(graph_, ledger_, nodes_.front()->endpoint());
  place_everybody();
}

// As the single server that is measured: no pings, nobody who goes stale, no limit on events.
std::vector<std::string> Fleet::command() const {
  std::vector<std::string> command{
      options_.server,
      "--listen=127.0.0.1:0",
      "--threads=1",
      "--auth-mode=insecure",
      "--redis-url=" + redis_.url(),
      fmt::format("--disconnect-grace={:.0f}ms", options_.grace_seconds * 1e3),
      fmt::format("--drain-time={:.0f}ms", options_.drain_seconds * 1e3),
      "--stale-after=2h",
      "--ping-interval=1h",
      "--ping-timeout=1h",
      "--limits-events-per-second=0",
      "--log-level=warn"};
  command.insert(command.end(), options_.server_arguments.begin(), options_.server_arguments.end());
  return command;
}

Stage Fleet::stage() {
  Stage stage{*crowd_, ledger_, {}};
  for (const auto& node : nodes_)
    if (node->pid() > 0) stage.servers.push_back(node->pid());
  stage.servers.push_back(redis_.pid());
  return stage;
}

void Fleet::add_node() {
  nodes_.emplace_back();
  start_node(size() - 1);
}

void Fleet::start_node(uint32_t node) {
  nodes_[node] = std::make_unique<ServerProcess>(command(), log_of(node));
  const int64_t deadline = now_ns() + kReadyTimeout;
  while (!ready(node)) {
    if (now_ns() > deadline) throw std::runtime_error("a node does not become ready");
    pause_briefly();
  }
}

void Fleet::stop() {
  for (const auto& node : nodes_)
    if (node->pid() > 0) node->ask_to_end();
  for (const auto& node : nodes_)
    if (node->pid() > 0) judge_exit(node->wait());
  if (ledger_.faults().total() == 0) return;
  for (uint32_t node = 0; node < size(); ++node)
    fmt::print(stderr, "bench: node {} wrote:\n{}", node, read_file(log_of(node)));
}

std::string Fleet::log_of(uint32_t node) const {
  return fmt::format("{}/node-{}.log", directory_.path(), node);
}

void Fleet::judge_exit(int status) {
  if (status == 0) return;
  ledger_.connection_lost(0, WIFSIGNALED(status)
                                 ? fmt::format("a node was ended by signal {}", WTERMSIG(status))
                                 : fmt::format("a node ended with code {}", WEXITSTATUS(status)));
}

bool Fleet::ready(uint32_t node) const {
  return nodes_[node]->pid() > 0 && is_ready(nodes_[node]->endpoint());
}

void Fleet::place(UserIndex user, uint32_t node) {
  home_[user] = node;
  crowd_->set_home(user, nodes_[node]->endpoint(), static_cast<uint8_t>(node));
}

void Fleet::place_everybody() {
  for (UserIndex user = 0; user < graph_.users(); ++user) place(user, user % size());
}

std::vector<UserIndex> Fleet::connected_to(uint32_t node) const {
  std::vector<UserIndex> users;
  for (const UserIndex user : who(false))
    if (home_[user] == node) users.push_back(user);
  return users;
}

std::vector<UserIndex> Fleet::who(bool offline) const {
  std::vector<UserIndex> users;
  for (UserIndex user = 0; user < graph_.users(); ++user)
    if (crowd_->offline(user) == offline) users.push_back(user);
  return users;
}

void Fleet::everybody_in() {
  const std::vector<UserIndex> users = who(true);
  if (!users.empty()) static_cast<void>(log_in_at_full_speed(stage(), users));
  if (crowd_->connected() == 0) throw std::runtime_error("nobody could connect");
  // What Redis holds of devices lives on by heartbeats, and phases take their time.
  static_cast<void>(run_once(stage(), Operation::heartbeat, kLookWindow));
}

void Fleet::everybody_out() {
  const std::vector<UserIndex> users = who(false);
  if (!users.empty()) static_cast<void>(leave(stage(), users, 0));
}

void Fleet::load_contacts() {
  std::vector<RedisCommand> commands;
  for (UserIndex user = 0; user < graph_.users(); ++user) {
    if (graph_.contacts() == 0) break;
    RedisCommand command{"SADD", "presence:contacts:" + user_name(user)};
    for (uint32_t slot = 0; slot < graph_.contacts(); ++slot)
      command.push_back(user_name(graph_.contact(user, slot)));
    commands.push_back(std::move(command));
  }
  redis_.ask(commands);
}

uint32_t Fleet::untrue_in_redis() {
  std::vector<RedisCommand> commands;
  for (UserIndex user = 0; user < graph_.users(); ++user) {
    commands.push_back({"HGET", "presence:user:" + user_name(user), "status"});
    commands.push_back({"SCARD", "presence:devices:" + user_name(user)});
  }
  const std::vector<std::string> answers = redis_.ask(commands);
  uint32_t untrue = 0;
  for (UserIndex user = 0; user < graph_.users(); ++user) {
    const std::string& status = answers[2 * user];
    const bool offline = ledger_.truth(user) == Status::offline;
    const bool right = offline ? status.empty() || status == "offline"
                               : status == status_name(ledger_.truth(user));
    if (!right || answers[2 * user + 1] != (offline ? "0" : "1")) ++untrue;
  }
  return untrue;
}

void Fleet::compare_with_truth() {
  ledger_.compare();
  static_cast<void>(run_once(stage(), Operation::look_around, kLookWindow));
  if (const uint32_t untrue = untrue_in_redis())
    ledger_.wrong_answer(0, fmt::format("Redis is wrong about {} users", untrue));
}

}  // namespace bench

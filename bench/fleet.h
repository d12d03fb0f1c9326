// Several nodes on one Redis, and the users on them. One thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "bench/cluster_options.h"
#include "bench/contact_graph.h"
#include "bench/crowd.h"
#include "bench/ledger.h"
#include "bench/redis_process.h"
#include "bench/server_process.h"
#include "bench/stage.h"

namespace bench {

class Fleet {
 public:
  // Starts Redis with the contacts in it, and the nodes. The arguments must outlive the fleet.
  // Throws std::runtime_error when something does not start.
  Fleet(const ClusterOptions& options, const ContactGraph& graph, uint32_t nodes);

  [[nodiscard]] Crowd& crowd() { return *crowd_; }
  [[nodiscard]] Ledger& ledger() { return ledger_; }
  [[nodiscard]] RedisProcess& redis() { return redis_; }
  [[nodiscard]] ServerProcess& node(uint32_t node) { return *nodes_[node]; }
  [[nodiscard]] uint32_t size() const { return static_cast<uint32_t>(nodes_.size()); }
  // With the processes that run: the nodes, and Redis at the end.
  [[nodiscard]] Stage stage();

  // Returns when it is ready.
  void start_node(uint32_t node);
  void add_node();
  // Counts it as a fault when one does not end as it should. After faults, shows what nodes wrote.
  void stop();
  void judge_exit(int status);
  [[nodiscard]] bool ready(uint32_t node) const;

  // Where a user, or everybody by turns, connects from now on.
  void place(UserIndex user, uint32_t node);
  void place_everybody();
  [[nodiscard]] std::vector<UserIndex> connected_to(uint32_t node) const;
  [[nodiscard]] std::vector<UserIndex> who(bool offline) const;

  void everybody_in();
  void everybody_out();

  void load_contacts();
  // Of how many users Redis says something else than what is true, to other programs: the status,
  // or the number of devices.
  [[nodiscard]] uint32_t untrue_in_redis();
  // All that is believed must be true: by watchers, by nodes, and by Redis.
  void compare_with_truth();

 private:
  [[nodiscard]] std::vector<std::string> command() const;
  [[nodiscard]] std::string log_of(uint32_t node) const;

  const ClusterOptions& options_;
  const ContactGraph& graph_;
  TemporaryDirectory directory_;
  RedisProcess redis_;
  std::vector<std::unique_ptr<ServerProcess>> nodes_;
  std::vector<uint32_t> home_;  // by user
  Ledger ledger_;
  std::unique_ptr<Crowd> crowd_;
};

}  // namespace bench

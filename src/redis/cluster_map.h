// ClusterMap: which master serves which slot, as far as is known, and kept up to date. Every
// refresh asks another node first, so that the view of a node that was cut off is not believed for
// long.
//
// In the loop's thread.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "redis/environment.h"
#include "redis/server_query.h"
#include "redis/slot_map.h"
#include "redis/timers.h"

namespace redis {

class ClusterMap {
 public:
  // Asks at once. `changed` is called after each answer, or failure, in later turns; it may not
  // destroy the map.
  ClusterMap(Environment& environment, std::function<void()> changed);

  [[nodiscard]] const SlotMap& slots() const { return slots_; }
  [[nodiscard]] bool known() const { return known_; }
  [[nodiscard]] const std::string& trouble() const { return trouble_; }  // of the last refresh

  void refresh();  // soon: at most ten times a second
  void set_master(int slot, const Address& address) { slots_.set_master(slot, address); }

 private:
  void ask();
  void answered(base::Result<ServerQuery::Found> found, const std::vector<Address>& servers);
  [[nodiscard]] std::vector<Address> servers() const;

  Environment& environment_;
  std::function<void()> changed_;
  SlotMap slots_;
  bool known_ = false;
  std::string trouble_ = "redis: the cluster has not answered yet";
  std::size_t first_ = 0;
  base::SteadyTime asked_at_{};
  bool asking_ = false;
  Timer timer_;
  std::unique_ptr<ServerQuery> query_;
};

}  // namespace redis

#include "redis/cluster_map.h"

#include <algorithm>
#include <utility>

#include "redis/command.h"

namespace redis {
namespace {

constexpr base::Duration kLeastDelay{100};
constexpr base::Duration kUntilComplete{500};  // while slots have no master

}  // namespace

ClusterMap::ClusterMap(Environment& environment, std::function<void()> changed)
    : environment_(environment), changed_(std::move(changed)), timer_([this] { ask(); }) {
  ask();
}

void ClusterMap::refresh() {
  if (asking_) return;
  const base::SteadyTime soonest = asked_at_ + kLeastDelay;
  if (!timer_.armed() || timer_.deadline() > soonest)
    environment_.timers.arm(timer_, std::max(soonest, environment_.timers.now()));
}

std::vector<Address> ClusterMap::servers() const {
  std::vector<Address> all = slots_.masters();
  for (const Address& seed : environment_.options.url.addresses)
    if (std::ranges::find(all, seed) == all.end()) all.push_back(seed);
  return all;
}

void ClusterMap::ask() {
  asked_at_ = environment_.timers.now();
  asking_ = true;
  const std::vector<Address> all = servers();
  const auto judge = [](const Reply& reply) -> std::string {
    const auto map = SlotMap::parse(reply, Address{});
    if (!map) return map.error().message;
    return map->masters().empty() ? "this node knows no master of any slot" : "";
  };
  query_ = std::make_unique<ServerQuery>(
      environment_, all, first_++, environment_.for_servers(), Command{"CLUSTER", "SLOTS"}, judge,
      [this, all](base::Result<ServerQuery::Found> found) { answered(std::move(found), all); });
}

void ClusterMap::answered(base::Result<ServerQuery::Found> found,
                          const std::vector<Address>& servers) {
  asking_ = false;
  if (!found) {
    trouble_ = found.error().message;
    environment_.timers.arm_in(timer_, kUntilComplete);
    return changed_();
  }
  slots_ = *SlotMap::parse(found->reply, servers[found->server]);
  known_ = true;
  trouble_ = slots_.complete() ? "" : "redis: slots of the cluster are served by no one";
  if (!slots_.complete()) environment_.timers.arm_in(timer_, kUntilComplete);
  changed_();
}

}  // namespace redis

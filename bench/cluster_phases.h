// The phases in which something fails or is restarted. In each, what watchers are told is accounted
// for, and afterwards all that anybody believes is compared with the truth. Watchers should have
// taken snapshots. One thread.
#pragma once

#include "bench/cluster_results.h"
#include "bench/fleet.h"

namespace bench {

// kill -9; its users do not come back.
[[nodiscard]] KillResult kill_node(Fleet& fleet, uint32_t node);

// Redis is killed, some users leave while it is away, and it is started again with nothing in it.
// It holds the contacts again at the end.
[[nodiscard]] RedisLossResult lose_redis(Fleet& fleet);

// One node after the other is told to end and started again, behind a balancer that looks at
// /readyz from time to time; clients reconnect as those of Socket.IO do.
[[nodiscard]] RollResult roll(Fleet& fleet, double drain_seconds, uint64_t seed);

// Until nothing is held any more of users who were with a node that has ended.
void outlast_hold(Fleet& fleet, double grace_seconds);

}  // namespace bench

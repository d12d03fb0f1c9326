// One whole run on several nodes: calibration, the phases, and the calibration again. One thread.
#pragma once

#include "bench/cluster_options.h"
#include "bench/cluster_results.h"

namespace bench {

// As run_load().
[[nodiscard]] ClusterResults run_cluster(const ClusterOptions& options);

}  // namespace bench

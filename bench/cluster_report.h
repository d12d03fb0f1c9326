// The rows of a run on several nodes. Pure.
#pragma once

#include <vector>

#include "bench/cluster_options.h"
#include "bench/cluster_results.h"
#include "bench/table.h"

namespace bench {

[[nodiscard]] std::vector<Row> make_rows(const ClusterOptions& options,
                                         const ClusterResults& results);

}  // namespace bench

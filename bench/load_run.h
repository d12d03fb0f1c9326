// One whole run of the load generator: calibration, servers, phases in an order in which each
// finds what it needs, and the calibration again. One thread.
#pragma once

#include "bench/options.h"
#include "bench/results.h"

namespace bench {

// Prints what it is doing to standard error. Throws std::runtime_error when the run cannot go on
// (no server, no sockets).
[[nodiscard]] Results run_load(const LoadOptions& options);

}  // namespace bench

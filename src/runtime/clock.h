// The one place that reads the machine's clocks. Everything else is handed a base::Instant.
#pragma once

#include "base/time.h"

namespace runtime {

// CLOCK_MONOTONIC and CLOCK_REALTIME, in that order, each rounded down to the millisecond. Any
// thread; some 40 ns.
[[nodiscard]] base::Instant read_clocks();

}  // namespace runtime

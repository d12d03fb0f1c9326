// The rows of a run on one server. Pure.
#pragma once

#include <vector>

#include "bench/options.h"
#include "bench/results.h"
#include "bench/table.h"

namespace bench {

[[nodiscard]] std::vector<Row> make_rows(const LoadOptions& options, const Results& results);
// Of the calibration alone.
[[nodiscard]] std::vector<Row> make_rows(const Calibration& calibration);

}  // namespace bench

#include "bench/latency.h"

#include <algorithm>
#include <cmath>

namespace bench {

int64_t Latencies::percentile(double fraction) const {
  if (values_.empty()) return 0;
  std::vector<int64_t> sorted = values_;
  const auto rank = static_cast<std::size_t>(std::ceil(fraction * static_cast<double>(count())));
  const std::size_t index = std::min(std::max<std::size_t>(rank, 1), count()) - 1;
  std::nth_element(sorted.begin(), sorted.begin() + static_cast<std::ptrdiff_t>(index),
                   sorted.end());
  return sorted[index];
}

}  // namespace bench

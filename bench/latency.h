// Durations of single operations, kept one by one: a run has at most a few million. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace bench {

class Latencies {
 public:
  void add(int64_t ns) { values_.push_back(ns); }
  [[nodiscard]] std::size_t count() const { return values_.size(); }
  // The smallest value that at least `fraction` (0 to 1) of all do not exceed; 0 without any.
  [[nodiscard]] int64_t percentile(double fraction) const;

 private:
  std::vector<int64_t> values_;
};

}  // namespace bench

// The table of a run: each figure beside its target, which is either absolute or a multiple of the
// calibration of the same run. Pure but for write_file().
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "bench/options.h"
#include "bench/results.h"

namespace bench {

struct Row {
  std::string name;
  double value = 0;
  std::string unit;
  double bound = 0;       // 0: no target
  std::string reference;  // how the bound comes about, for people

  [[nodiscard]] bool has_target() const { return !reference.empty(); }
  [[nodiscard]] bool ok() const { return value <= bound; }
};

[[nodiscard]] std::vector<Row> make_rows(const LoadOptions& options, const Results& results);
// Of the calibration alone.
[[nodiscard]] std::vector<Row> make_rows(const Calibration& calibration);

// Aligned columns for a terminal.
[[nodiscard]] std::string to_text(const std::vector<Row>& rows);
[[nodiscard]] std::string to_markdown(const std::vector<Row>& rows);
// `name<TAB>value<TAB>unit` per line, for comparing runs.
[[nodiscard]] std::string to_figures(const std::vector<Row>& rows);

// Throws std::runtime_error when it cannot be written.
void write_file(const std::string& path, const std::string& text);

}  // namespace bench

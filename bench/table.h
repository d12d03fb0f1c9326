// The table of a run: each figure beside its target, which is either absolute or a multiple of the
// calibration of the same run. Pure but for write_file().
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bench/calibration.h"
#include "bench/ledger.h"

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

class Table {
 public:
  void plain(std::string name, double value, std::string unit);
  void bounded(std::string name, double value, std::string unit, double bound);
  // No more than nothing.
  void none(std::string name, double value);
  // `factor` times what the calibration measured; a plain row without a calibration.
  void relative(std::string name, double us, double factor, double bare_us,
                const std::string& bare);
  void calibration(const Calibration& bare);
  void faults(const Faults& faults, uint64_t delivered);
  // What is in it now is not judged.
  void drop_targets();

  std::vector<Row> rows;
};

// Aligned columns for a terminal.
[[nodiscard]] std::string to_text(const std::vector<Row>& rows);
[[nodiscard]] std::string to_markdown(const std::vector<Row>& rows);
// `name<TAB>value<TAB>unit` per line, for comparing runs.
[[nodiscard]] std::string to_figures(const std::vector<Row>& rows);

// Throws std::runtime_error when it cannot be written.
void write_file(const std::string& path, const std::string& text);

}  // namespace bench

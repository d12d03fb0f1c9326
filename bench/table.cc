#include "bench/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <stdexcept>
#include <utility>

namespace bench {
namespace {

std::string format_value(const Row& row) {
  const bool whole = row.unit.empty() || row.unit == "/s" || row.unit == "bytes";
  const std::string number = whole ? fmt::format("{:.0f}", row.value)
                                   : fmt::format("{:.{}f}", row.value, row.value < 10 ? 2 : 1);
  return row.unit.empty() ? number : number + " " + row.unit;
}

std::string verdict(const Row& row) {
  if (!row.has_target()) return "";
  return row.ok() ? "OK" : "MISSED";
}

}  // namespace

void Table::plain(std::string name, double value, std::string unit) {
  rows.push_back({std::move(name), value, std::move(unit), 0, ""});
}

void Table::bounded(std::string name, double value, std::string unit, double bound) {
  std::string reference = fmt::format("{:g} {}", bound, unit);
  rows.push_back({std::move(name), value, std::move(unit), bound, std::move(reference)});
}

void Table::none(std::string name, double value) {
  rows.push_back({std::move(name), value, "", 0, "0"});
}

void Table::relative(std::string name, double us, double factor, double bare_us,
                     const std::string& bare) {
  if (bare_us <= 0) return plain(std::move(name), us, "us");
  rows.push_back({std::move(name), us, "us", factor * bare_us,
                  fmt::format("{:g} x {} = {:.1f} us (is {:.2f} x)", factor, bare, factor * bare_us,
                              us / bare_us)});
}

void Table::calibration(const Calibration& bare) {
  if (bare.echo.cpu_us <= 0) return;
  plain("bare echo, CPU per message", bare.echo.cpu_us, "us");
  plain("bare echo, messages per second", bare.echo.per_second, "/s");
  plain("bare echo over all connections, CPU per message", bare.echo_spread.cpu_us, "us");
  plain("bare send, 100 rounds per second, CPU per message", bare.send_paced.cpu_us, "us");
  plain("bare send, at full speed, CPU per message", bare.send_max.cpu_us, "us");
  plain("bare send, messages per second", bare.send_max.per_second, "/s");
}

void Table::faults(const Faults& faults, uint64_t delivered) {
  plain("notifications accounted for", static_cast<double>(delivered), "");
  const std::pair<const char*, uint64_t> counts[] = {{"missing", faults.missing},
                                                     {"duplicate", faults.duplicate},
                                                     {"out of order", faults.out_of_order},
                                                     {"unexpected", faults.unexpected},
                                                     {"wrong", faults.wrong},
                                                     {"lost connections and answers", faults.lost}};
  for (const auto& [name, count] : counts) none(name, static_cast<double>(count));
}

void Table::drop_targets() {
  for (Row& row : rows) row.reference.clear();
}

std::string to_text(const std::vector<Row>& rows) {
  std::size_t name_width = 0;
  for (const Row& row : rows) name_width = std::max(name_width, row.name.size());
  std::string text;
  for (const Row& row : rows) {
    const std::string line = fmt::format("{:<{}}  {:>14}  {:<6}  {}", row.name, name_width,
                                         format_value(row), verdict(row), row.reference);
    text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  return text;
}

std::string to_markdown(const std::vector<Row>& rows) {
  std::string text = "| measured | value | target | |\n|---|---:|---|---|\n";
  for (const Row& row : rows) {
    text += fmt::format("| {} | {} | {} | {} |\n", row.name, format_value(row), row.reference,
                        verdict(row));
  }
  return text;
}

std::string to_figures(const std::vector<Row>& rows) {
  std::string text;
  for (const Row& row : rows) {
    text += fmt::format("{}\t{:.3f}\t{}\n", row.name, row.value, row.unit);
  }
  return text;
}

void write_file(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  if (!file) throw std::runtime_error(fmt::format("{} cannot be written", path));
}

}  // namespace bench

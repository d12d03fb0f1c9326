// bench_cluster: measures several presenced on one Redis under thousands of users, and accounts for
// every notification. Exit codes as those of bench_load.
#include <fmt/format.h>

#include <exception>

#include "bench/cluster_options.h"
#include "bench/cluster_report.h"
#include "bench/cluster_run.h"

namespace {

int run(const bench::ClusterOptions& options) {
  const bench::ClusterResults results = bench::run_cluster(options);
  const std::vector<bench::Row> rows = bench::make_rows(options, results);
  fmt::print("{}", bench::to_text(rows));
  for (const std::string& example : results.examples) fmt::print("fault: {}\n", example);
  if (!options.markdown.empty()) bench::write_file(options.markdown, bench::to_markdown(rows));
  if (!options.save.empty()) bench::write_file(options.save, bench::to_figures(rows));
  return results.faults.total() == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  int exit_code = 0;
  const auto options = bench::parse_cluster_options(argc, argv, exit_code);
  if (!options) return exit_code;
  try {
    return run(*options);
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench_cluster: {}\n", error.what());
    return 2;
  }
}

// bench_load: measures a presenced under thousands of users and accounts for every notification.
// Exit code 0; 1 when anything was missing, came twice, out of order or unasked for; 2 when the
// run could not be made.
#include <fmt/format.h>

#include <exception>

#include "bench/contact_graph.h"
#include "bench/load_run.h"
#include "bench/options.h"
#include "bench/report.h"

namespace {

int run(const bench::LoadOptions& options) {
  if (!options.contacts_file.empty()) {
    bench::write_contacts_file({options.users, options.contacts, options.seed},
                               options.contacts_file);
    return 0;
  }
  const bench::Results results = bench::run_load(options);
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
  const auto options = bench::parse_load_options(argc, argv, exit_code);
  if (!options) return exit_code;
  try {
    return run(*options);
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench_load: {}\n", error.what());
    return 2;
  }
}

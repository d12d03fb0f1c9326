// bench_calibrate: what a bare epoll echo and a bare one-to-many send cost on this machine now.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <exception>

#include "bench/calibration.h"
#include "bench/report.h"

int main(int argc, char** argv) {
  bench::CalibrationOptions options;
  CLI::App app("Measures the floor: a bare epoll echo and a bare one-to-many send.",
               "bench_calibrate");
  app.add_option("--seconds", options.seconds, "of each of the three measurements");
  app.add_option("--echo-connections", options.echo_connections);
  app.add_option("--send-connections", options.send_connections);
  CLI11_PARSE(app, argc, argv);
  try {
    fmt::print("{}", bench::to_text(bench::make_rows(bench::calibrate(options))));
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench_calibrate: {}\n", error.what());
    return 2;
  }
}

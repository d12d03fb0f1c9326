#include "bench/report.h"

#include <gmock/gmock.h>

namespace bench {
namespace {

using testing::HasSubstr;
using testing::Not;

Results results_with_heartbeats(double cpu_us) {
  Results results;
  results.calibration.echo.cpu_us = 10;
  results.heartbeats_max.emplace();
  results.heartbeats_max->operations = 1000;
  results.heartbeats_max->seconds = 1;
  results.heartbeats_max->server_cpu_us = cpu_us * 1000;
  return results;
}

TEST(Report, judges_against_the_calibration_of_the_same_run) {
  const LoadOptions options;
  EXPECT_THAT(to_text(make_rows(options, results_with_heartbeats(14.9))),
              HasSubstr("OK      1.5 x bare echo = 15.0 us (is 1.49 x)"));
  EXPECT_THAT(to_text(make_rows(options, results_with_heartbeats(15.1))),
              HasSubstr("MISSED  1.5 x bare echo"));
}

TEST(Report, a_quick_run_judges_only_the_accounting) {
  LoadOptions options;
  options.quick = true;
  Results results = results_with_heartbeats(100);
  EXPECT_THAT(to_text(make_rows(options, results)), Not(HasSubstr("MISSED")));
  results.faults.missing = 1;
  EXPECT_THAT(to_text(make_rows(options, results)), HasSubstr("MISSED"));
}

TEST(Report, counts_what_the_contacts_take_before_anybody_connects) {
  LoadOptions options;
  options.users = 1024;
  Results results;
  results.strangers.emplace().empty.resident = 1 << 20;
  results.contacts.emplace().empty.resident = 2 << 20;
  results.contacts->connected.resident = 4 << 20;
  EXPECT_THAT(to_markdown(make_rows(options, results)),
              HasSubstr("| memory per connected user, 100 contacts | 3.00 KiB | 2 KiB | MISSED |"));
}

TEST(Report, writes_figures_for_comparison) {
  const std::vector<Row> rows{{"a name", 1.5, "us", 0, ""}};
  EXPECT_EQ(to_figures(rows), "a name\t1.500\tus\n");
}

}  // namespace
}  // namespace bench

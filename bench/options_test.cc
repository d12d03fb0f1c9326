#include "bench/options.h"

#include <gtest/gtest.h>

namespace bench {
namespace {

std::optional<LoadOptions> parse(std::vector<std::string> arguments, int& exit_code) {
  arguments.insert(arguments.begin(), "bench_load");
  std::vector<char*> pointers;
  pointers.reserve(arguments.size());
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  return parse_load_options(static_cast<int>(pointers.size()), pointers.data(), exit_code);
}

TEST(LoadOptions, measure_everything_by_default) {
  int exit_code = 0;
  const auto options = parse({}, exit_code);
  ASSERT_TRUE(options);
  EXPECT_EQ(options->users, 10'000U);
  EXPECT_EQ(options->contacts, 100U);
  EXPECT_EQ(options->phases.size(), 8U);
  EXPECT_TRUE(options->calibrate);
}

TEST(LoadOptions, quick_only_changes_defaults) {
  int exit_code = 0;
  const auto options = parse({"--users", "500", "--quick"}, exit_code);
  ASSERT_TRUE(options);
  EXPECT_EQ(options->users, 500U);
  EXPECT_EQ(options->seconds, 1);
  EXPECT_FALSE(options->calibrate);
}

TEST(LoadOptions, phases_are_named) {
  int exit_code = 0;
  const auto options = parse({"--phases", "login,status"}, exit_code);
  ASSERT_TRUE(options);
  EXPECT_EQ(options->phases, (std::set<Phase>{Phase::login, Phase::status}));
}

TEST(LoadOptions, wrong_ones_end_the_program_with_2) {
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{"--phases", "sleep"},
                                             {"--contacts", "7"},
                                             {"--users", "50"},
                                             {"--users", "50000"},
                                             {"--connect", "127.0.0.1:1"},
                                             {"--nonsense"}}) {
    int exit_code = 0;
    testing::internal::CaptureStderr();
    EXPECT_FALSE(parse(arguments, exit_code)) << arguments[0];
    EXPECT_NE(testing::internal::GetCapturedStderr(), "");
    EXPECT_EQ(exit_code, 2);
  }
}

}  // namespace
}  // namespace bench

#include <fmt/format.h>

#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "app/commands.h"
#include "config/command_line.h"

extern char** environ;

// Exit codes: 0 done, 1 the work failed, 2 the settings or the arguments are at fault.
int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  try {
    const auto command = config::parse_command_line(arguments, config::environment_from(environ));
    if (!command) {
      fmt::print(stderr, "presenced: {}\n", command.error().message);
      return 2;
    }
    return app::run(*command);
  } catch (const std::exception& error) {
    fmt::print(stderr, "presenced: {}\n", error.what());
    return 1;
  }
}

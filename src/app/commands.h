// What each command of the command line does.
#pragma once

#include "config/command_line.h"

namespace app {

// Runs the command, prints what it has to say, and returns the exit code.
int run(const config::CommandLine& command);

}  // namespace app

// The log: one line per event on standard error, as text for people or as JSON for machines.
#pragma once

#include "config/settings.h"

namespace app {

// Sets up the default spdlog logger. Before any thread is started.
void set_up_logging(const config::Settings::Log& settings);

}  // namespace app

// serve: the composition root. Builds everything that the settings ask for, runs until SIGTERM or
// SIGINT, and takes it down in the reverse order.
#pragma once

#include "base/result.h"
#include "config/load.h"

namespace app {

// Returns when the server has ended cleanly. A refusal is one line for the operator that names the
// setting at fault.
base::Result<void> serve(const config::Loaded& loaded);

}  // namespace app

// Reading the small files that settings name. Internal to config (config::read_file is in load.h).
#pragma once

#include <string>

#include "base/result.h"

namespace config {

// Whether the file can be opened and is no directory; the refusal is that of read_file().
[[nodiscard]] base::Result<void> check_readable(const std::string& path);

}  // namespace config

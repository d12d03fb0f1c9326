// The settings in a TOML file, flattened to their names. Internal to config.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/values.h"

namespace config {

struct TomlEntry {
  std::string name;  // `auth.mode`; as written, known or not
  RawValue value;
  std::string origin;  // `presenced.toml:12`
};

// `file` is what origins call it. The refusal of text that is no TOML names file and line.
[[nodiscard]] base::Result<std::vector<TomlEntry>> read_toml(std::string_view text,
                                                             const std::string& file);

}  // namespace config

// The nearest known name to one that was mistyped. Internal to config; pure.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace config {

// "; did you mean `NAME`?" with the nearest of `names`, or nothing when none is near. A name's last
// part (`mode`) is near to the whole (`auth.mode`).
[[nodiscard]] std::string did_you_mean(std::string_view given, std::span<const std::string> names);

}  // namespace config

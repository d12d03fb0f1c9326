// The nearest known name to one that was mistyped. Internal to config; pure.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace config {

// "; did you mean `NAME`?" with the nearest of `names`, or nothing when none is near. A name's last
// part (`mode`) is near to the whole (`auth.mode`). All begin with the same `prefix` letters, which
// do not count.
[[nodiscard]] std::string did_you_mean(std::string_view given, std::span<const std::string> names,
                                       std::size_t prefix = 0);

}  // namespace config

// Comparing secrets (API keys, signatures) without telling by the time it takes how much of a guess
// was right.
#pragma once

#include <string_view>

namespace auth {

// The time depends on the lengths only.
[[nodiscard]] bool constant_time_equals(std::string_view a, std::string_view b);

}  // namespace auth

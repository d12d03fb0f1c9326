// JavaScript's Date in msgpack. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace adapter {

// The text that JSON.stringify() writes for the time in a msgpack extension: one of the standard's
// three timestamps (type -1), or what older packages write (type 0). Empty for a time outside of
// the years 0 to 9999; nothing for what is no time.
[[nodiscard]] std::optional<std::string> timestamp_text(int8_t type, std::string_view bytes);

}  // namespace adapter

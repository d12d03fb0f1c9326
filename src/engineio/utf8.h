// Whether text is UTF-8, decided by a library.
#pragma once

#include <string_view>

namespace engineio {

[[nodiscard]] bool is_utf8(std::string_view text);

}  // namespace engineio

// Is this text what it claims to be? Every string of a client or an operator that is kept or sent
// on passes here once. Pure, no allocation, any thread.
#pragma once

#include <string_view>

namespace base {

// Well-formed UTF-8 as RFC 3629 says: no overlong forms, no surrogates, nothing above U+10FFFF.
// The empty text is valid.
[[nodiscard]] bool is_valid_utf8(std::string_view text);

// True when valid UTF-8 `text` holds a control character: C0 (below U+0020), DEL or C1 (U+0080 to
// U+009F).
[[nodiscard]] bool has_control_character(std::string_view text);

}  // namespace base

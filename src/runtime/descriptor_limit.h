// How many descriptors the process may have. A container often gives 20,000 and no way to more.
#pragma once

#include <cstddef>

namespace runtime {

// Raises the soft limit (RLIMIT_NOFILE) to the hard one and returns it. Logs when that was not
// possible. Idempotent.
std::size_t raise_descriptor_limit();

}  // namespace runtime

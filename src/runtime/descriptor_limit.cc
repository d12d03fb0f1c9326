#include "runtime/descriptor_limit.h"

#include <spdlog/spdlog.h>
#include <sys/resource.h>

#include <cerrno>
#include <cstring>

namespace runtime {

std::size_t raise_descriptor_limit() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur == limit.rlim_max) {
    spdlog::debug("descriptors: the limit is {}", limit.rlim_cur);
  } else {
    const rlim_t before = limit.rlim_cur;
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0) {
      spdlog::warn("descriptors: the limit stays at {}: {}", before, std::strerror(errno));
      return before;
    }
    spdlog::info("descriptors: limit raised from {} to {}", before, limit.rlim_cur);
  }
  return limit.rlim_cur;
}

}  // namespace runtime

// CHECK(condition): an invariant of our own code. When it is broken the process cannot be trusted
// any more, so it stops and says where. Nothing that comes from outside may ever decide a CHECK.
#pragma once

#include <string_view>

namespace base {
[[noreturn]] void check_failed(const char* file, int line, std::string_view condition);
}  // namespace base

#define CHECK(condition)                                    \
  do {                                                      \
    if (!(condition)) [[unlikely]]                          \
      ::base::check_failed(__FILE__, __LINE__, #condition); \
  } while (false)

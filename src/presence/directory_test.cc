#include "presence/directory.h"

#include <gtest/gtest.h>

namespace presence {
namespace {
TEST(Directory, Compiles) {
  SUCCEED();
}
}  // namespace
}  // namespace presence

#include "presence/cursor.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace presence {
namespace {

RC_GTEST_PROP(CursorProperty, ComesBack, (Version run, uint32_t user, Version sequence)) {
  const Cursor cursor{run, user, sequence};
  RC_ASSERT(parse_cursor(encode_cursor(cursor)) == cursor);
}

TEST(Cursor, RefusesOtherText) {
  for (const char* text : {"", ".", "a", "a.b", "a.b.c.d", "a.b.", "-1.2.3", "a b.c.d",
                           "zzzzzzzzzzzzzzzzzzzz.1.1", "1.zzzzzzzzzzzzz.1"})
    EXPECT_EQ(parse_cursor(text), std::nullopt) << text;
}

}  // namespace
}  // namespace presence

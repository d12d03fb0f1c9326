#include "base/sip_hash.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace base {
namespace {

// Worked out with a separate implementation of the paper's algorithm, which for SipHash-2-4 gives
// the vector printed there: key 00..0f, text 00, 01, 02, ...
TEST(SipHash, GivesTheKnownValues) {
  const HashKey key{0x0706050403020100ULL, 0x0f0e0d0c0b0a0908ULL};
  std::string text;
  for (int i = 0; i < 63; ++i) text.push_back(static_cast<char>(i));
  const std::pair<std::size_t, uint64_t> known[] = {
      {0, 0xabac0158050fc4dcULL},  {1, 0xc9f49bf37d57ca93ULL},  {7, 0xd3927d989bb11140ULL},
      {8, 0x369095118d299a8eULL},  {15, 0xd320d86d2a519956ULL}, {16, 0xcc4fdd1a7d908b66ULL},
      {63, 0x9d199062b7bbb3a8ULL},
  };
  for (const auto& [size, hash] : known)
    EXPECT_EQ(sip_hash(key, std::string_view(text).substr(0, size)), hash) << size;
}

TEST(SipHash, DependsOnTheKey) {
  EXPECT_NE(sip_hash({1, 2}, "alice"), sip_hash({1, 3}, "alice"));
  EXPECT_NE(sip_hash({1, 2}, "alice"), sip_hash({2, 2}, "alice"));
}

}  // namespace
}  // namespace base

#include "cluster/edge_changes.h"

#include <gtest/gtest.h>

#include <string>

namespace cluster {
namespace {

using presence::EdgeChange;
using Kind = EdgeChange::Kind;

const std::string kTwo = "1:25:added5:alice3:bob1:19:unblocked3:bob5:alice1:0";

TEST(EdgeChangesTest, AreReadAsTheyAreWritten) {
  EXPECT_EQ(parse_edge_changes(kTwo),
            (std::vector<EdgeChange>{{Kind::added, "alice", "bob", true},
                                     {Kind::unblocked, "bob", "alice", false}}));
  EXPECT_EQ(parse_edge_changes("1:0"), std::vector<EdgeChange>{});
  for (const Kind kind : {Kind::added, Kind::removed, Kind::blocked, Kind::unblocked}) {
    const std::string name(edge_change_name(kind));
    const auto read =
        parse_edge_changes("1:1" + std::to_string(name.size()) + ":" + name + "1:a1:b1:0");
    EXPECT_EQ(read, (std::vector<EdgeChange>{{kind, "a", "b", false}})) << name;
  }
}

TEST(EdgeChangesTest, NothingElseIsBelieved) {
  for (std::size_t length = 0; length < kTwo.size(); ++length)
    EXPECT_FALSE(parse_edge_changes(kTwo.substr(0, length))) << length;
  EXPECT_FALSE(parse_edge_changes(kTwo + "1:x"));
  EXPECT_FALSE(parse_edge_changes("16:9007199254740991"));
  EXPECT_FALSE(parse_edge_changes("1:15:moved1:a1:b1:0"));
  EXPECT_FALSE(parse_edge_changes("1:15:added1:a1:b1:2"));
  EXPECT_FALSE(parse_edge_changes("1:15:added1:a1:a1:0")) << "nobody sees themselves";
  EXPECT_FALSE(parse_edge_changes("1:15:added0:1:b1:0"));
  EXPECT_FALSE(parse_edge_changes("1:15:added1:a1:\n1:0"));
}

}  // namespace
}  // namespace cluster

#include "contacts/edge_writer.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "presence/ids.h"

namespace contacts {
namespace {

using presence::Edge;
using Edges = std::vector<Edge>;

std::string written(Format format, const Edges& edges, std::size_t page = 1000) {
  const auto writer = EdgeWriter::make(format);
  std::string out;
  for (std::size_t i = 0; i < edges.size(); i += page)
    writer->write(std::span(edges).subspan(i, std::min(page, edges.size() - i)), out);
  writer->finish(out);
  return out;
}

const Edges kThree = {{"alice", "b,ob"}, {"alice", "carol"}, {"d\"ave", "\\"}};

TEST(EdgeWriter, WritesEachFormat) {
  EXPECT_EQ(written(Format::json, kThree),
            "{\n\"alice\": [\"b,ob\", \"carol\"],\n\"d\\\"ave\": [\"\\\\\"]\n}\n");
  EXPECT_EQ(written(Format::ndjson, kThree),
            "{\"user\": \"alice\", \"contact\": \"b,ob\"}\n"
            "{\"user\": \"alice\", \"contact\": \"carol\"}\n"
            "{\"user\": \"d\\\"ave\", \"contact\": \"\\\\\"}\n");
  EXPECT_EQ(written(Format::csv, kThree),
            "user,contact\nalice,\"b,ob\"\nalice,carol\n\"d\"\"ave\",\\\n");
}

TEST(EdgeWriter, NoEdgesAreAValidFileToo) {
  EXPECT_EQ(written(Format::json, {}), "{}\n");
  EXPECT_EQ(written(Format::ndjson, {}), "");
  EXPECT_EQ(written(Format::csv, {}), "user,contact\n");
}

rc::Gen<std::string> user_id() {
  static const std::vector<std::string> kParts = {
      "a", "b", "\"", "\\", ",", " ", "'", "=", "{", "]", "é", "\xF0\x9F\x98\x80", "\xC2\xA0", "/"};
  return rc::gen::suchThat(
      rc::gen::map(rc::gen::container<std::vector<std::string>>(rc::gen::elementOf(kParts)),
                   [](const std::vector<std::string>& parts) {
                     std::string id;
                     for (const std::string& part : parts) id += part;
                     return id;
                   }),
      [](const std::string& id) { return presence::check_user_id(id, "id").has_value(); });
}

RC_GTEST_PROP(EdgeWriterProperty, WhatIsWrittenReadsTheSame, ()) {
  Edges edges;
  const auto count = *rc::gen::inRange(0, 20);
  const auto ids = *rc::gen::container<std::vector<std::string>>(6, user_id());
  for (int i = 0; i < count; ++i) {
    Edge edge{*rc::gen::elementOf(ids), *rc::gen::elementOf(ids)};
    if (edge.viewer != edge.subject) edges.push_back(std::move(edge));
  }
  std::sort(edges.begin(), edges.end());
  for (const Format format : {Format::json, Format::ndjson, Format::csv}) {
    const std::string text = written(format, edges);
    RC_ASSERT(written(format, edges, 3) == text);
    const auto parser = EdgeParser::make(format, Direction::one_way, "f");
    Edges read;
    RC_ASSERT(parser->feed(text, read).has_value());
    RC_ASSERT(parser->finish(read).has_value());
    RC_ASSERT(read == edges);
  }
}

}  // namespace
}  // namespace contacts

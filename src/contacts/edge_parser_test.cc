#include "contacts/edge_parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <vector>

namespace contacts {
namespace {

using namespace std::string_literals;
using presence::Edge;
using testing::HasSubstr;
using testing::StartsWith;

using Edges = std::vector<Edge>;

// The edges, or the refusal's message; the input comes in pieces of `piece` bytes.
struct Parsed {
  Edges edges;
  std::string refusal;
};

Parsed parse(Format format, std::string_view text, Direction direction = Direction::one_way,
             std::size_t piece = std::string_view::npos) {
  const auto parser = EdgeParser::make(format, direction, "f");
  Parsed parsed;
  while (!text.empty()) {
    const std::string copy(text.substr(0, piece));  // so that reading beyond it is found
    text.remove_prefix(copy.size());
    if (auto fed = parser->feed(copy, parsed.edges); !fed) {
      parsed.refusal = fed.error().message;
      return parsed;
    }
  }
  if (auto end = parser->finish(parsed.edges); !end) parsed.refusal = end.error().message;
  return parsed;
}

const Edges kTwo = {{"alice", "bob"}, {"alice", "carol"}};

TEST(EdgeParser, ReadsEachFormat) {
  for (const auto& [format, text] : std::vector<std::pair<Format, std::string>>{
           {Format::json, R"({"alice": ["bob", "carol"], "dave": []})"},
           {Format::ndjson,
            "{\"user\":\"alice\",\"contact\":\"bob\"}\n"
            "{\"contact\":\"carol\",\"user\":\"alice\"}\n"},
           {Format::csv, "user,contact\nalice,bob\nalice,carol\n"},
       }) {
    const Parsed parsed = parse(format, text);
    EXPECT_EQ(parsed.refusal, "");
    EXPECT_EQ(parsed.edges, kTwo);
  }
}

TEST(EdgeParser, MutualGivesBothDirections) {
  EXPECT_EQ(parse(Format::json, R"({"alice":["bob"]})", Direction::mutual).edges,
            (Edges{{"alice", "bob"}, {"bob", "alice"}}));
}

TEST(EdgeParser, AcceptsCrLfEmptyLinesNoFinalBreakAndAByteOrderMark) {
  EXPECT_EQ(parse(Format::csv, "\xEF\xBB\xBFuser,contact\r\n\r\nalice,bob\r\nalice,carol").edges,
            kTwo);
  EXPECT_EQ(parse(Format::ndjson,
                  "\xEF\xBB\xBF\r\n \n{\"user\":\"alice\",\"contact\":\"bob\"}\r\n"
                  "{\"user\":\"alice\",\"contact\":\"carol\"}")
                .edges,
            kTwo);
  EXPECT_EQ(parse(Format::json, "\xEF\xBB\xBF\n{\"alice\":[\"bob\",\n\"carol\"]}\n\n").edges, kTwo);
}

TEST(EdgeParser, EmptyInput) {
  EXPECT_EQ(parse(Format::ndjson, "").refusal, "");
  EXPECT_EQ(parse(Format::json, "{}").refusal, "");
  EXPECT_EQ(parse(Format::csv, "user,contact").refusal, "");
  EXPECT_EQ(parse(Format::json, "").refusal, "f:1: the object is cut short");
  EXPECT_EQ(parse(Format::csv, "").refusal, "f:1: the header `user,contact` is missing");
}

TEST(EdgeParser, CsvQuotingIsThatOfRfc4180) {
  const Parsed parsed = parse(Format::csv, "\"user\",contact\n\"a,b\",\"say \"\"hi\"\"\"\n");
  EXPECT_EQ(parsed.refusal, "");
  EXPECT_EQ(parsed.edges, (Edges{{"a,b", "say \"hi\""}}));
}

struct Refused {
  Format format;
  std::string text;
  std::string message;
};

TEST(EdgeParser, RefusalsNameFileLineAndField) {
  const std::vector<Refused> cases = {
      {Format::csv, "user;contact\n", "f:1: the header must be `user,contact`"},
      {Format::csv, "user,contact\nalice\n", "f:2: a line has exactly two fields"},
      {Format::csv, "user,contact\n\nalice,bob,x\n", "f:3: a line has exactly two fields"},
      {Format::csv, "user,contact\nalice,\n", "f:2: contact: a user id must not be empty"},
      {Format::csv, "user,contact\n\"\",bob\n", "f:2: user: a user id must not be empty"},
      {Format::csv, "user,contact\n\"\"\n", "f:2: a line has exactly two fields"},
      {Format::csv, "user,contact\na\"b,c\n", "f:2: a quote within"},
      {Format::csv, "user,contact\n\"a\"b,c\n", "f:2: a quoted field must be followed"},
      {Format::csv, "user,contact\n\"a", "f:2: a quoted field is cut short"},
      {Format::csv, "user,contact\na\rb,c\n", "f:2: a CR must be followed by LF"},
      {Format::csv, "user,contact\na,b\r", "f:2: a CR must be followed by LF"},
      {Format::csv, "user,contact\n\"a\nb\",c\n", "f:2: user: a user id holds no control"},
      {Format::csv, "user,contact\na," + std::string(129, 'x') + "\n",
       "f:2: contact: a user id has at most 128 bytes"},
      {Format::csv, "user,contact\na,\xC0\x80\n", "f:2: contact: a user id must be valid UTF-8"},
      {Format::csv, "user,contact\na,a\n", "f:2: contact: a user cannot be their own contact"},
      {Format::ndjson, "\n[1]\n", "f:2: must be an object"},
      {Format::ndjson, "\n\n{\"user\":\"a\"}\n", "f:3: contact: missing"},
      {Format::ndjson, "{\"user\":1,\"contact\":\"b\"}", "f:1: user: must be a string"},
      {Format::ndjson, "{\"user\":\"a\",\"contact\":\"\\u0000\"}",
       "f:1: contact: a user id holds no control characters"},
      {Format::ndjson, "{\"user\":\"a\"", "f:1: not valid JSON"},
      {Format::ndjson, std::string(70000, ' '), "f:1: a line has at most 65536 bytes"},
      {Format::json, "[]", "f:1: must be an object of users"},
      {Format::json, "7", "f:1: must be an object of users"},
      {Format::json, "\n{\"a\":\n\"b\"}", "f:3: a: must be an array"},
      {Format::json, "{\"a\":{}}", "f:1: a: must be an array"},
      {Format::json, "{\"a\":[\"b\",\n7]}", "f:2: a[1]: must be a string"},
      {Format::json, "{\"a\":[[]]}", "f:1: a[0]: must be a string"},
      {Format::json, "{\"a\":[\"b\",\"\"]}", "f:1: a[1]: contact: a user id must not be empty"},
      {Format::json, "{\"\":[\"b\"]}", "f:1: user: a user id must not be empty"},
      {Format::json, "{\"a\":[\"a\"]}", "f:1: a[0]: contact: a user cannot be their own contact"},
      {Format::json, "{\"" + std::string(129, 'x') + "\":[]}",
       "f:1: user: a user id has at most 128 bytes"},
      {Format::json, "{\"a\":[\"b\"]} {}", "f:1: something follows the object"},
      {Format::json, "{\"a\":[\"b\"", "f:1: the object is cut short"},
      {Format::json, "{\"a\" [\"b\"]}", "f:1: not valid JSON"},
      {Format::json, "\xEF\xBB{}", "f:1: a byte order mark is cut short"},
  };
  for (const Refused& refused : cases) {
    EXPECT_THAT(parse(refused.format, refused.text).refusal, StartsWith(refused.message))
        << refused.text.substr(0, 100);
    EXPECT_THAT(parse(refused.format, refused.text, Direction::one_way, 1).refusal,
                StartsWith(refused.message))
        << "byte by byte: " << refused.text.substr(0, 100);
  }
}

TEST(EdgeParser, TheFirstRefusalIsTheLast) {
  const auto parser = EdgeParser::make(Format::csv, Direction::one_way, "f");
  Edges edges;
  const auto first = parser->feed("nonsense\n", edges);
  ASSERT_FALSE(first);
  const auto second = parser->feed("user,contact\na,b\n", edges);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().message, first.error().message);
  EXPECT_FALSE(parser->finish(edges));
  EXPECT_TRUE(edges.empty());
}

TEST(EdgeParser, DeepNestingIsRefusedNotFollowed) {
  const std::string deep = "{\"a\":" + std::string(100'000, '[');
  EXPECT_NE(parse(Format::json, deep).refusal, "");
  EXPECT_NE(parse(Format::ndjson, "{\"user\":" + std::string(60'000, '[') + "\n").refusal, "");
}

TEST(EdgeParser, ATextThatIsTooLongIsRefused) {
  const std::string text(200'000, 'x');
  EXPECT_EQ(parse(Format::json, "{\"a\":[\"" + text + "\"]}").refusal,
            "f:1: a[0]: contact: a user id has at most 128 bytes");
  EXPECT_EQ(parse(Format::json, "{\"" + text + "\":[]}").refusal,
            "f:1: user: a user id has at most 128 bytes");
  EXPECT_EQ(parse(Format::csv, "user,contact\n\"" + text).refusal,
            "f:2: user: a user id has at most 128 bytes");
}

// What is wrong is found in the order of the text, not in that of the pieces.
TEST(EdgeParser, TheRefusalDoesNotDependOnThePieces) {
  for (const std::string text : {"\"a\x1A\"", "{\"a\":\"b\x01\"}", "{\"a\":[12x]}",
                                 "{\"a\":[\"b\\q\"]}", "{\"a\":[\"\xC3\"]}"}) {
    const std::string whole = parse(Format::json, text).refusal;
    EXPECT_NE(whole, "");
    for (std::size_t piece = 1; piece < text.size(); ++piece)
      EXPECT_EQ(parse(Format::json, text, Direction::one_way, piece).refusal, whole) << text;
  }
}

TEST(Format, IsTakenFromTheNameOrTheExtension) {
  EXPECT_EQ(format_from_name("csv", "format"), Format::csv);
  EXPECT_THAT(format_from_name("xml", "--format").error().message, HasSubstr("--format"));
  EXPECT_EQ(format_from_path("/tmp/a.b/contacts.JSON"), Format::json);
  EXPECT_EQ(format_from_path("contacts.jsonl"), Format::ndjson);
  EXPECT_EQ(format_from_path("contacts.ndjson"), Format::ndjson);
  EXPECT_EQ(format_from_path("contacts.csv"), Format::csv);
  EXPECT_FALSE(format_from_path("dir.csv/contacts"));
  EXPECT_THAT(format_from_path("contacts.txt").error().message, StartsWith("contacts.txt: "));
}

// What Boost.JSON says of a broken character may differ with where it was cut.
std::string kind_of(const std::string& refusal) {
  const std::string syntax = "not valid JSON";
  return refusal.find(syntax) == std::string::npos ? refusal : syntax;
}

// However the input is cut, it reads the same: also where it is refused.
RC_GTEST_PROP(EdgeParserProperty, PiecesMakeNoDifference, ()) {
  static const std::vector<std::pair<Format, std::string>> kInputs = {
      {Format::json,
       "\xEF\xBB\xBF{\"ali\\u00e7e\": [\"b\\\"ob\", \"\xF0\x9F\x98\x80\"],\n\"b\":[\"c\"]}\n"},
      {Format::ndjson,
       "{\"user\":\"\\ud83d\\ude00\",\"contact\":\"b\"}\r\n\n{\"user\":\"x\",\"contact\":\"y\"}"},
      {Format::csv, "user,contact\r\n\"a\"\"b\",c\r\n\r\n\"\xF0\x9F\x98\x80,\",d"},
  };
  auto [format, text] = *rc::gen::elementOf(kInputs);
  if (*rc::gen::arbitrary<bool>()) {
    const auto at = *rc::gen::inRange<std::size_t>(0, text.size());
    text[at] = *rc::gen::elementOf(std::string(",\"\n\r{}[]:ax \\\xC3\x80"));
  }
  const Parsed whole = parse(format, text);
  for (std::size_t piece = 1; piece < 8; ++piece) {
    const Parsed pieces = parse(format, text, Direction::one_way, piece);
    RC_ASSERT(pieces.edges == whole.edges);
    RC_ASSERT(kind_of(pieces.refusal) == kind_of(whole.refusal));
  }
  // At every single place.
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    const auto parser = EdgeParser::make(format, Direction::one_way, "f");
    Edges edges;
    bool good = parser->feed(text.substr(0, cut), edges).has_value();
    good = good && parser->feed(text.substr(cut), edges).has_value();
    good = good && parser->finish(edges).has_value();
    RC_ASSERT(good == whole.refusal.empty());
    RC_ASSERT(edges == whole.edges);
  }
}

}  // namespace
}  // namespace contacts

// Contact files: any bytes in any of the formats, cut in any way, give the same edges and the same
// refusal as in one piece; every edge is one that a store may hold; and what is written of the
// edges reads the same again.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "contacts/edge_parser.h"
#include "contacts/edge_writer.h"
#include "presence/ids.h"

namespace {

using Edges = std::vector<presence::Edge>;

// The refusal's message; empty when there was none.
std::string parse(contacts::Format format, std::string_view bytes, std::size_t piece,
                  Edges& edges) {
  const auto parser = contacts::EdgeParser::make(format, contacts::Direction::one_way, "f");
  while (!bytes.empty()) {
    const std::string part(bytes.substr(0, piece));
    bytes.remove_prefix(part.size());
    if (const auto fed = parser->feed(part, edges); !fed) return fed.error().message;
  }
  const auto finished = parser->finish(edges);
  return finished ? "" : finished.error().message;
}

// What Boost.JSON says of a broken character differs with where it was cut: its line, when the line
// ends within the character, and which half of a surrogate pair it blames.
std::string kind_of(const std::string& refusal) {
  constexpr std::string_view kSyntax = "not valid JSON";
  if (refusal.find(kSyntax) != std::string::npos) return std::string(kSyntax);
  return refusal;
}

void check(bool good) {
  if (!good) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const auto format = static_cast<contacts::Format>(data[0] % 3);
  const std::size_t piece = data[1] % 16 + 1U;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);

  Edges whole;
  const std::string refusal = parse(format, bytes, std::string_view::npos, whole);
  Edges pieces;
  check(kind_of(parse(format, bytes, piece, pieces)) == kind_of(refusal));
  check(pieces == whole);
  for (const presence::Edge& edge : whole) {
    check(presence::check_user_id(edge.viewer, "").has_value());
    check(presence::check_user_id(edge.subject, "").has_value());
    check(edge.viewer != edge.subject);
  }

  std::sort(whole.begin(), whole.end());
  for (const auto out_format :
       {contacts::Format::json, contacts::Format::ndjson, contacts::Format::csv}) {
    std::string written;
    const auto writer = contacts::EdgeWriter::make(out_format);
    writer->write(whole, written);
    writer->finish(written);
    Edges again;
    check(parse(out_format, written, std::string_view::npos, again).empty());
    check(again == whole);
  }
  return 0;
}

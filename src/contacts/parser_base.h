// What the parsers of all formats share: the byte order mark, the count of lines, the check of ids,
// both directions of a pair, and that the first refusal is the last.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "contacts/edge_parser.h"

namespace contacts {

class ParserBase : public EdgeParser {
 public:
  ParserBase(Direction direction, std::string source_name)
      : direction_(direction), source_name_(std::move(source_name)) {}

  base::Result<void> feed(std::string_view piece, std::vector<presence::Edge>& out) final;
  base::Result<void> finish(std::vector<presence::Edge>& out) final;

 protected:
  using Edges = std::vector<presence::Edge>;

  // Without the byte order mark; not called again after a refusal.
  virtual base::Result<void> parse(std::string_view piece, Edges& out) = 0;
  virtual base::Result<void> parse_end(Edges& out) = 0;

  // Refuses, without saying where, what cannot be an edge.
  static base::Result<void> check(std::string_view user, std::string_view contact);
  // Appends the edge, or both of a mutual pair.
  void append(std::string_view user, std::string_view contact, Edges& out) const;
  // Both; a refusal names the current line.
  base::Result<void> emit(std::string_view user, std::string_view contact, Edges& out) const;

  // A refusal at the current line.
  [[nodiscard]] tl::unexpected<base::Error> refuse(std::string_view what) const;

  void count_lines(std::string_view passed);
  void next_line() { ++line_; }

 private:
  base::Result<void> skip_byte_order_mark(std::string_view& piece);
  base::Result<void> remember(base::Result<void> outcome);

  const Direction direction_;
  const std::string source_name_;
  uint64_t line_ = 1;
  std::size_t mark_bytes_ = 0;  // of the byte order mark that have been seen
  bool mark_done_ = false;
  std::optional<base::Error> refusal_;
};

}  // namespace contacts

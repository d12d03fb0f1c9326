// EdgeParser: contact files in, directed edges out (contract, section 10). Sans-I/O and
// incremental: pieces of any size come in, a request body as well as a file, and memory stays
// bounded by the longest user id (JSON, CSV) or line (NDJSON), never by the file.
//
//   JSON     {"alice": ["bob", "carol"], ...}
//   NDJSON   {"user": "alice", "contact": "bob"}   one object per line; other fields are ignored
//   CSV      header `user,contact`, RFC 4180 quoting, LF or CRLF
//
// A byte order mark at the start, empty lines and CRLF are accepted. Each user id is checked; a
// user who is their own contact is refused. A refusal is kInvalidArgument, "NAME:LINE: FIELD: why",
// the line counted from 1 (that where a CSV record starts). After a refusal the parser is finished.
//
// One thread; no exceptions leave it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "presence/ports.h"

namespace contacts {

enum class Format : uint8_t { json, ndjson, csv };

// `json`, `ndjson`, `csv`; anything else is kInvalidArgument naming `field`.
base::Result<Format> format_from_name(std::string_view name, std::string_view field);
// By the extension: .json, .ndjson or .jsonl, .csv, without regard to case.
base::Result<Format> format_from_path(std::string_view path);

// Is `alice: bob` one edge (alice sees bob) or two?
enum class Direction : uint8_t { mutual, one_way };

// A line of NDJSON may have this many bytes.
constexpr std::size_t kMaxLineBytes = 64U << 10;

class EdgeParser {
 public:
  // `source_name` is what refusals call the input: a file name, or "body".
  static std::unique_ptr<EdgeParser> make(Format format, Direction direction,
                                          std::string source_name);
  virtual ~EdgeParser() = default;

  // Appends the edges that `piece` completes to `out`; with Direction::mutual both directions of a
  // pair, one behind the other. What was appended before a refusal stands.
  virtual base::Result<void> feed(std::string_view piece, std::vector<presence::Edge>& out) = 0;
  // The input is complete: refuses what was cut short, appends what the last line held.
  virtual base::Result<void> finish(std::vector<presence::Edge>& out) = 0;
};

}  // namespace contacts

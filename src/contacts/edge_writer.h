// EdgeWriter: directed edges in, a contact file out, in the formats of contacts/edge_parser.h.
// The same edges in the same order give the same bytes. Edges are directed, so reading the output
// back with Direction::one_way gives exactly the edges that were written.
//
// Incremental: whoever pages through edges appends each page and sends or writes what has come
// together. One thread.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "contacts/edge_parser.h"
#include "presence/ports.h"

namespace contacts {

class EdgeWriter {
 public:
  static std::unique_ptr<EdgeWriter> make(Format format);
  virtual ~EdgeWriter() = default;

  // Edges come grouped by viewer (a store's order is), over all calls together, and their ids have
  // passed check_user_id().
  virtual void write(std::span<const presence::Edge> edges, std::string& out) = 0;
  virtual void finish(std::string& out) = 0;
};

}  // namespace contacts

// Reading and writing whole contact files, for the command line and contacts.file. Blocks the
// calling thread; exceptions of the file system stay inside.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "base/result.h"
#include "contacts/edge_parser.h"
#include "presence/ports.h"

namespace contacts {

// Takes edges in batches of some thousands; a refusal ends the import and is passed on.
using EdgeSink = std::function<base::Result<void>(std::vector<presence::Edge>)>;

struct ImportStats {
  uint64_t bytes = 0;
  uint64_t edges = 0;  // directed edges handed to the sink, duplicates included
};

// Without a format the extension decides. The file is read twice, first to see that all of it is
// right: nothing of a broken file is handed over.
base::Result<ImportStats> import_file(const std::filesystem::path& path,
                                      std::optional<Format> format, Direction direction,
                                      const EdgeSink& sink);

// Where exported bytes go: a file, standard output, a response. A refusal ends the export.
using ByteSink = std::function<base::Result<void>(std::string_view)>;

// Hands pages of edges to whom it is given and returns when there are no more.
using EdgeSource = std::function<base::Result<void>(
    const std::function<base::Result<void>(std::span<const presence::Edge>)>&)>;

// Writes all edges of `source`, which are grouped by viewer, in `format`.
base::Result<void> export_edges(Format format, const EdgeSource& source, const ByteSink& sink);

}  // namespace contacts

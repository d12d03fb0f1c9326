// Edge changes as scripts/edges.lua answers and publishes them: a count, then of each change the
// kind, viewer, subject and whether the subject blocks the viewer (as texts,
// cluster/text_reader.h). Sans-I/O.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "presence/ports.h"

namespace cluster {

// As the script is told, and says.
[[nodiscard]] std::string_view edge_change_name(presence::EdgeChange::Kind kind);

// Nothing for a text that the script does not write.
[[nodiscard]] std::optional<std::vector<presence::EdgeChange>> parse_edge_changes(
    std::string_view text);

}  // namespace cluster

// Outcome: what scripts/report.lua answers and publishes. Sans-I/O; what comes from Redis may have
// been written by anybody, so nothing of it is trusted.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "presence/truth.h"

namespace cluster {

struct Outcome {
  presence::Truth truth;
  bool refused = false;                 // the device that wanted to join would be one too many
  std::string_view reporter;            // the node incarnation; a view into the text
  std::vector<std::string_view> nodes;  // of truth.devices, in their order; views into the text
};

// Nothing for a text that the script does not write. Devices of `node` are marked as here.
std::optional<Outcome> parse_outcome(std::string_view text, std::string_view node);

// Only the user that it is about, to see at little cost whether it is of interest.
std::optional<std::string_view> user_of_outcome(std::string_view text);

}  // namespace cluster

// Outcome: what scripts/report.lua answers and publishes. Sans-I/O; what comes from Redis may have
// been written by anybody, so nothing of it is trusted.
#pragma once

#include <cstdint>
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
  uint64_t attachment = 0;              // of the reporter, which counts them
  std::vector<std::string_view> nodes;  // of truth.devices, in their order; views into the text
};

// Nothing for a text that the script does not write. Devices of `node` are marked as here.
std::optional<Outcome> parse_outcome(std::string_view text, std::string_view node);

// What it begins with, to see at little cost whether it is of interest.
struct OutcomeHead {
  std::string_view user;
  std::string_view reporter;
  uint64_t attachment = 0;
};
std::optional<OutcomeHead> parse_outcome_head(std::string_view text);

}  // namespace cluster

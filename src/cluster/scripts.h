// The Lua scripts of this folder (scripts/*.lua), which say themselves what they take and answer.
#pragma once

#include "redis/script.h"

namespace cluster {

const redis::Script& report_script();
const redis::Script& lease_script();
const redis::Script& edges_script();
const redis::Script& known_script();

}  // namespace cluster

// Steps: commands to Redis in phases: those of a phase leave together, and the next one begins when
// all of them have succeeded. In the thread of the client's loop.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "redis/client.h"

namespace cluster {

// One command on its way to a client. Called once.
using Step = redis::Function<void(redis::Client&, redis::Callback)>;
using Phase = std::vector<Step>;

[[nodiscard]] Step step(redis::Command command, std::string key);

// `then` gets all replies, in the order of the steps, or kStoreUnavailable after the first failure,
// once nothing is on its way any more; possibly before the call returns, if there are no steps. It
// is destroyed uncalled if the client is destroyed first.
using Replies = std::vector<redis::Reply>;
void run(redis::Client& client, std::vector<Phase> phases,
         redis::Function<void(base::Result<Replies>)> then);

}  // namespace cluster

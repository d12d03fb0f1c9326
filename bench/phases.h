// The phases of a run, each a function over a crowd: drive the load, wait until everything awaited
// has come (or nothing comes any more), and return what it took. After each the ledger is settled.
// One thread.
#pragma once

#include <cstdint>
#include <vector>

#include "bench/results.h"
#include "bench/stage.h"

namespace bench {

enum class Operation : uint8_t { heartbeat, check, look_around, change, changes_in_a_row };

// Operations of all users in turn, `per_second` of them, each due at its own time; the next free
// user takes the turn of one who is busy.
[[nodiscard]] LoadResult run_paced(const Stage& stage, Operation operation, double per_second,
                                   double seconds);
// The same as fast as it goes, with `window` operations under way.
[[nodiscard]] LoadResult run_at_full_speed(const Stage& stage, Operation operation, uint32_t window,
                                           double seconds);
// Once by everybody who is connected, with `window` operations under way.
[[nodiscard]] LoadResult run_once(const Stage& stage, Operation operation, uint32_t window);

// Everybody of `users` logs in (or leaves deliberately), evenly over `over_seconds`.
[[nodiscard]] StormResult log_in(const Stage& stage, const std::vector<UserIndex>& users,
                                 double over_seconds);
[[nodiscard]] StormResult leave(const Stage& stage, const std::vector<UserIndex>& users,
                                double over_seconds);
// Everybody of `users` logs in, a few hundred at a time, as fast as the server takes them.
[[nodiscard]] StormResult log_in_at_full_speed(const Stage& stage,
                                               const std::vector<UserIndex>& users);
// Everybody of `users` loses the transport and comes back at once, within the grace: nobody is
// told anything, also not when `grace_seconds` are over.
[[nodiscard]] StormResult reload(const Stage& stage, const std::vector<UserIndex>& users,
                                 double grace_seconds);
// Everybody of `users` loses the transport for good: the others are told when the grace is over.
[[nodiscard]] StormResult lose(const Stage& stage, const std::vector<UserIndex>& users);

// Everybody logs in and is left alone for `seconds`. Throws std::runtime_error when nobody gets in.
[[nodiscard]] IdleResult connect_and_idle(const Stage& stage, const std::vector<UserIndex>& users,
                                          double seconds);

}  // namespace bench

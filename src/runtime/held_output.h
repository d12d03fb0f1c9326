// HeldOutput: connections whose output can wait while the loop cannot keep up. Each write is a
// system call, so that in a storm (everybody logs in, a network comes back) a socket that gets one
// notification per turn costs one call for each of them; with what collected in a fifth of a second
// they cost a fraction. A loop that keeps up holds nothing.
//
// Only output that was sent with Urgency::kCanWait is held, and only until something urgent is sent
// on the same connection, so the order stays. Used by the ConnectionSet, in its thread.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "base/time.h"

namespace runtime {

class Connection;
class EventLoop;

class HeldOutput {
 public:
  explicit HeldOutput(EventLoop& loop) : loop_(loop) {}

  // False when the connection's output has to leave with this turn.
  [[nodiscard]] bool hold(Connection& connection);

  // At the end of a turn: some of those that have waited long enough, or all before the loop would
  // sleep. Valid until the next call; to be written now.
  [[nodiscard]] std::span<Connection* const> take_due();

  [[nodiscard]] bool empty() const { return held_.empty() && due_.empty(); }
  void forget_closed();

 private:
  EventLoop& loop_;
  std::vector<Connection*> held_;
  std::vector<Connection*> due_;  // those after the first `taken_` are still to be taken
  std::size_t taken_ = 0;
  base::SteadyTime since_{};  // of the first of held_
};

}  // namespace runtime

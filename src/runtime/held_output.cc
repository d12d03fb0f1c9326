#include "runtime/held_output.h"

#include <algorithm>

#include "runtime/connection.h"
#include "runtime/event_loop.h"

namespace runtime {
namespace {

// A loop that has been busy for less is not behind: it had much to do at once.
constexpr base::Duration kBurst{20};
constexpr base::Duration kLongest{200};
// Each holds a queue, some 200 bytes.
constexpr std::size_t kMostHeld = 65'536;
// Others have their turn in between.
constexpr std::size_t kWritesPerTurn = 2048;

// Half of how long it has been busy already, so that waiting never more than doubles a delay.
base::Duration longest_wait(base::Duration busy) {
  return std::clamp((busy - kBurst) / 2, base::Duration::zero(), kLongest);
}

}  // namespace

bool HeldOutput::hold(Connection& connection) {
  if (connection.held) return true;
  if (held_.size() >= kMostHeld || longest_wait(loop_.busy_for()) == base::Duration::zero())
    return false;
  if (held_.empty()) since_ = loop_.now().steady;
  connection.held = true;
  held_.push_back(&connection);
  return true;
}

std::span<Connection* const> HeldOutput::take_due() {
  if (taken_ == due_.size()) {
    due_.clear();
    taken_ = 0;
    if (held_.empty()) return {};
    const base::Duration busy = loop_.busy_for();
    if (busy != base::Duration::zero() && loop_.now().steady - since_ < longest_wait(busy))
      return {};
    std::swap(due_, held_);
  }
  const std::size_t count = std::min(kWritesPerTurn, due_.size() - taken_);
  const auto some = std::span<Connection* const>(due_).subspan(taken_, count);
  for (Connection* connection : some) connection->held = false;
  taken_ += count;
  return some;
}

void HeldOutput::forget_closed() {
  const auto closed = [](const Connection* connection) { return connection->closed(); };
  due_.erase(due_.begin(), due_.begin() + static_cast<std::ptrdiff_t>(taken_));
  taken_ = 0;
  std::erase_if(due_, closed);
  std::erase_if(held_, closed);
}

}  // namespace runtime

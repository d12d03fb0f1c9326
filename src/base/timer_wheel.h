// TimerWheel: many coarse deadlines for the price of two links each.
//
// A hashed wheel: a node lies in the slot of its deadline's tick modulo the number of slots, so a
// deadline more than one turn ahead is met, looked at and left again once per turn. Arming and
// cancelling are a few instructions and allocate nothing; a deadline that moves with every message
// (a device was heard) is best left armed and compared with its stamp when it is due. The simple
// solution, a heap of timers, costs 190 bytes and most of a microsecond each.
//
// A node is due at the first advance() whose time is not before its deadline, never earlier.
// Pure: time is handed in. One thread. The wheel does not own its nodes; a node that is destroyed
// unlinks itself.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/time.h"

namespace base {

class TimerWheel;

class TimerNode {
 public:
  TimerNode() = default;
  ~TimerNode() { unlink(); }
  TimerNode(const TimerNode&) = delete;
  TimerNode& operator=(const TimerNode&) = delete;

  [[nodiscard]] bool armed() const { return next_ != nullptr; }
  [[nodiscard]] SteadyTime deadline() const { return deadline_; }

 private:
  friend class TimerWheel;
  void unlink() {
    if (next_ == nullptr) return;
    next_->previous_ = previous_;
    previous_->next_ = next_;
    next_ = previous_ = nullptr;
  }

  TimerNode* next_ = nullptr;
  TimerNode* previous_ = nullptr;
  SteadyTime deadline_{};
};

class TimerWheel {
 public:
  // `slots` is a power of two. Deadlines are kept to the millisecond; `tick` only says how they
  // are spread over slots.
  TimerWheel(Duration tick, std::size_t slots, SteadyTime now);

  void arm(TimerNode& node, SteadyTime deadline);
  static void cancel(TimerNode& node) { node.unlink(); }

  // Calls `due(node)` for each node whose deadline has come, in order of their ticks. The node is
  // disarmed before the call, which may arm, cancel or destroy any node.
  template <class Due>
  void advance(SteadyTime now, Due&& due) {
    if (bound_known_ && (!bound_ || now < *bound_)) {
      current_tick_ = std::max(current_tick_, tick_of(now));
      return;
    }
    collect(now);
    while (TimerNode* node = pop_due()) due(*node);
  }

  // A time before which nothing is due: the earliest deadline when it lies within one turn of the
  // wheel, the end of that turn otherwise; that of a node cancelled meanwhile, too. Nothing when no
  // node is armed. Kept until advance() passes it, so that asking in every turn of a loop is free.
  [[nodiscard]] std::optional<SteadyTime> next_due() const;

 private:
  [[nodiscard]] int64_t tick_of(SteadyTime t) const { return t.time_since_epoch() / tick_; }
  [[nodiscard]] std::size_t slot_of(int64_t tick) const {
    return static_cast<std::size_t>(tick) & (slots_.size() - 1);
  }
  [[nodiscard]] std::optional<SteadyTime> find_next_due() const;
  [[nodiscard]] std::optional<SteadyTime> earliest_in(std::size_t first, std::size_t last,
                                                      int64_t tick, bool& later_turn) const;
  void collect(SteadyTime now);
  TimerNode* pop_due();
  static void link_before(TimerNode& head, TimerNode& node);

  Duration tick_;
  std::vector<TimerNode> slots_;
  // A bit per slot: clear when it is known to be empty. Nodes leave without telling the wheel.
  mutable std::vector<uint64_t> occupied_;
  mutable std::optional<SteadyTime> bound_;  // next_due(), when it is known
  mutable bool bound_known_ = true;
  TimerNode due_;
  int64_t current_tick_;
};

}  // namespace base

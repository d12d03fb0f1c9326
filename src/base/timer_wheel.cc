#include "base/timer_wheel.h"

#include <algorithm>
#include <bit>

#include "base/check.h"

namespace base {

TimerWheel::TimerWheel(Duration tick, std::size_t slots, SteadyTime now)
    : tick_(tick), slots_(slots), occupied_((slots + 63) / 64), current_tick_(tick_of(now)) {
  CHECK(std::has_single_bit(slots));
  CHECK(tick > Duration::zero());
  for (TimerNode& head : slots_) head.next_ = head.previous_ = &head;
  due_.next_ = due_.previous_ = &due_;
}

void TimerWheel::link_before(TimerNode& head, TimerNode& node) {
  node.previous_ = head.previous_;
  node.next_ = &head;
  head.previous_->next_ = &node;
  head.previous_ = &node;
}

void TimerWheel::arm(TimerNode& node, SteadyTime deadline) {
  node.unlink();
  node.deadline_ = deadline;
  // A deadline in the past lies in the slot that the next advance() looks at first.
  const int64_t tick = std::max(tick_of(deadline), current_tick_);
  const std::size_t slot = slot_of(tick);
  link_before(slots_[slot], node);
  occupied_[slot / 64] |= uint64_t{1} << slot % 64;
  if (bound_known_ && (!bound_ || deadline < *bound_)) bound_ = deadline;
}

void TimerWheel::collect(SteadyTime now) {
  const int64_t last = tick_of(now);
  // After a long pause one turn visits every slot there is.
  const int64_t first = std::max(current_tick_, last - static_cast<int64_t>(slots_.size()) + 1);
  for (int64_t tick = first; tick <= last; ++tick) {
    const std::size_t slot = slot_of(tick);
    if ((occupied_[slot / 64] >> slot % 64 & 1) == 0) continue;
    TimerNode& head = slots_[slot];
    for (TimerNode* node = head.next_; node != &head;) {
      TimerNode* next = node->next_;
      if (node->deadline_ <= now) {
        node->unlink();
        link_before(due_, *node);
      }
      node = next;
    }
  }
  // The slot of `now` itself may still hold nodes that are due later within the same tick.
  current_tick_ = std::max(current_tick_, last);
  bound_known_ = false;
}

TimerNode* TimerWheel::pop_due() {
  if (due_.next_ == &due_) return nullptr;
  TimerNode* node = due_.next_;
  node->unlink();
  return node;
}

std::optional<SteadyTime> TimerWheel::next_due() const {
  if (!bound_known_) {
    bound_ = find_next_due();
    bound_known_ = true;
  }
  return bound_;
}

// Looks at slots [first, last), whose ticks begin with `tick`, for a deadline of this turn. Sets
// `later_turn` when only ones of later turns were met.
std::optional<SteadyTime> TimerWheel::earliest_in(std::size_t first, std::size_t last, int64_t tick,
                                                  bool& later_turn) const {
  for (std::size_t slot = first; slot < last; ++slot) {
    const uint64_t bits = occupied_[slot / 64] >> slot % 64;
    if (bits == 0) {
      slot |= 63;  // the last one of this word
      continue;
    }
    slot += static_cast<std::size_t>(std::countr_zero(bits));
    if (slot >= last) break;
    const TimerNode& head = slots_[slot];
    if (head.next_ == &head) occupied_[slot / 64] &= ~(uint64_t{1} << slot % 64);
    const int64_t slot_tick = tick + static_cast<int64_t>(slot - first);
    std::optional<SteadyTime> earliest;
    for (const TimerNode* node = head.next_; node != &head; node = node->next_) {
      if (tick_of(node->deadline_) > slot_tick) {
        later_turn = true;
      } else if (!earliest || node->deadline_ < *earliest) {
        earliest = node->deadline_;
      }
    }
    if (earliest) return earliest;
  }
  return std::nullopt;
}

std::optional<SteadyTime> TimerWheel::find_next_due() const {
  bool later_turn = false;
  const std::size_t start = slot_of(current_tick_);
  const auto ahead = static_cast<int64_t>(slots_.size() - start);
  if (auto due = earliest_in(start, slots_.size(), current_tick_, later_turn)) return due;
  if (auto due = earliest_in(0, start, current_tick_ + ahead, later_turn)) return due;
  if (!later_turn) return std::nullopt;
  return SteadyTime(tick_ * (current_tick_ + static_cast<int64_t>(slots_.size())));
}

}  // namespace base

#include "base/timer_wheel.h"

#include <algorithm>
#include <bit>

#include "base/check.h"

namespace base {

TimerWheel::TimerWheel(Duration tick, std::size_t slots, SteadyTime now)
    : tick_(tick), slots_(slots), current_tick_(tick_of(now)) {
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
  link_before(slots_[static_cast<std::size_t>(tick) & (slots_.size() - 1)], node);
}

void TimerWheel::collect(SteadyTime now) {
  const int64_t last = tick_of(now);
  // After a long pause one turn visits every slot there is.
  const int64_t first = std::max(current_tick_, last - static_cast<int64_t>(slots_.size()) + 1);
  for (int64_t tick = first; tick <= last; ++tick) {
    TimerNode& head = slots_[static_cast<std::size_t>(tick) & (slots_.size() - 1)];
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
}

TimerNode* TimerWheel::pop_due() {
  if (due_.next_ == &due_) return nullptr;
  TimerNode* node = due_.next_;
  node->unlink();
  return node;
}

std::optional<SteadyTime> TimerWheel::next_due() const {
  bool later_turn = false;
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    const int64_t tick = current_tick_ + static_cast<int64_t>(i);
    const TimerNode& head = slots_[static_cast<std::size_t>(tick) & (slots_.size() - 1)];
    std::optional<SteadyTime> earliest;
    for (const TimerNode* node = head.next_; node != &head; node = node->next_) {
      if (tick_of(node->deadline_) > tick) {
        later_turn = true;
      } else if (!earliest || node->deadline_ < *earliest) {
        earliest = node->deadline_;
      }
    }
    if (earliest) return earliest;
  }
  if (!later_turn) return std::nullopt;
  return SteadyTime(tick_ * (current_tick_ + static_cast<int64_t>(slots_.size())));
}

}  // namespace base

#include "base/timer_wheel.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <deque>
#include <map>
#include <vector>

namespace base {
namespace {

SteadyTime at(int64_t ms) { return SteadyTime(Duration(ms)); }

std::vector<TimerNode*> advance(TimerWheel& wheel, int64_t ms) {
  std::vector<TimerNode*> fired;
  wheel.advance(at(ms), [&](TimerNode& node) { fired.push_back(&node); });
  return fired;
}

TEST(TimerWheel, FiresAtTheDeadlineAndNotBefore) {
  TimerWheel wheel(Duration(10), 8, at(1000));
  TimerNode node;
  wheel.arm(node, at(1025));
  EXPECT_TRUE(advance(wheel, 1024).empty());
  EXPECT_EQ(advance(wheel, 1025).size(), 1U);
  EXPECT_FALSE(node.armed());
}

TEST(TimerWheel, KeepsDeadlinesSeveralTurnsAhead) {
  TimerWheel wheel(Duration(10), 8, at(0));
  TimerNode node;
  wheel.arm(node, at(500));
  for (int64_t t = 1; t < 500; ++t) EXPECT_TRUE(advance(wheel, t).empty()) << t;
  EXPECT_EQ(advance(wheel, 500).size(), 1U);
}

TEST(TimerWheel, CancelledAndDestroyedNodesNeverFire) {
  TimerWheel wheel(Duration(10), 8, at(0));
  TimerNode cancelled;
  wheel.arm(cancelled, at(20));
  TimerWheel::cancel(cancelled);
  {
    TimerNode destroyed;
    wheel.arm(destroyed, at(20));
  }
  EXPECT_TRUE(advance(wheel, 100).empty());
}

TEST(TimerWheel, ACallbackMayCancelAnotherNodeThatIsDue) {
  TimerWheel wheel(Duration(10), 8, at(0));
  TimerNode first;
  TimerNode second;
  wheel.arm(first, at(20));
  wheel.arm(second, at(20));
  int fired = 0;
  wheel.advance(at(30), [&](TimerNode&) {
    ++fired;
    TimerWheel::cancel(second);
  });
  EXPECT_EQ(fired, 1);
}

TEST(TimerWheel, NextDueNamesTheEarliestDeadline) {
  TimerWheel wheel(Duration(10), 8, at(0));
  EXPECT_FALSE(wheel.next_due());
  TimerNode later;
  TimerNode sooner;
  wheel.arm(later, at(47));
  wheel.arm(sooner, at(43));
  EXPECT_EQ(wheel.next_due(), at(43));
}

TEST(TimerWheel, NextDueLooksAroundTheEndOfTheArray) {
  TimerWheel wheel(Duration(1), 256, at(250));
  TimerNode far;
  TimerNode near;
  wheel.arm(far, at(250 + 200));
  EXPECT_EQ(wheel.next_due(), at(450));
  EXPECT_TRUE(advance(wheel, 449).empty());
  wheel.arm(near, at(449 + 255));
  EXPECT_EQ(advance(wheel, 450).size(), 1U);
  EXPECT_EQ(wheel.next_due(), at(704));
  wheel.arm(far, at(100'000));
  TimerWheel::cancel(near);
  EXPECT_LE(wheel.next_due(), at(704));
  EXPECT_TRUE(advance(wheel, 710).empty());
  EXPECT_EQ(wheel.next_due(), at(710 + 256));  // the end of a turn: `far` is beyond
}

// Against the obvious model: a map from node to deadline.
RC_GTEST_PROP(TimerWheelProperty, AgreesWithAListOfDeadlines, ()) {
  TimerWheel wheel(Duration(*rc::gen::inRange(1, 20)), 16, at(100));
  std::deque<TimerNode> nodes(20);
  std::map<TimerNode*, int64_t> model;
  int64_t now = 100;
  const auto steps = *rc::gen::inRange(1, 100);
  for (int i = 0; i < steps; ++i) {
    TimerNode& node = nodes[static_cast<std::size_t>(*rc::gen::inRange(0, 20))];
    switch (*rc::gen::inRange(0, 3)) {
      case 0: {
        const int64_t deadline = now + *rc::gen::inRange(-50, 1500);
        wheel.arm(node, at(deadline));
        model[&node] = deadline;
        break;
      }
      case 1:
        TimerWheel::cancel(node);
        model.erase(&node);
        break;
      default: {
        if (const auto next = wheel.next_due()) {
          for (const auto& [armed, deadline] : model)
            RC_ASSERT(at(std::max(deadline, now)) >= std::min(*next, at(std::max(deadline, now))));
        } else {
          RC_ASSERT(model.empty());
        }
        now += *rc::gen::inRange(0, 700);
        for (TimerNode* fired : advance(wheel, now)) {
          RC_ASSERT(model.count(fired) == 1U);
          RC_ASSERT(model[fired] <= now);
          model.erase(fired);
        }
        for (const auto& [armed, deadline] : model) RC_ASSERT(deadline > now);
      }
    }
  }
}

}  // namespace
}  // namespace base

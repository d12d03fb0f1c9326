#include "app/deadlines.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "runtime/clock.h"
#include "runtime/event_loop.h"

namespace app {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using Due = std::optional<base::SteadyTime>;

class DeadlinesTest : public testing::Test {
 protected:
  // A turn of the loop: what is due, then whatever happens, then the end.
  void turn(const std::function<void()>& what_happens = [] {}) {
    deadlines.wheel().advance(now, [this](base::TimerNode& node) { deadlines.on_due(node); });
    what_happens();
    deadlines.rearm();
  }
  void turn_after(base::Duration time) {
    now += time;
    turn();
  }
  // How long the loop may sleep.
  [[nodiscard]] base::Duration sleep() {
    const Due next = deadlines.wheel().next_due();
    return next ? *next - now : base::Duration(-1);
  }
  // A source whose time the test sets, and which notes its name when it is due.
  Due& add(const std::string& name) {
    auto due = std::make_shared<Due>();
    deadlines.watch([due] { return *due; },
                    [this, due, name] {
                      due->reset();
                      called += name;
                    });
    return *due;
  }

  base::SteadyTime now{milliseconds(5'000'000)};
  Deadlines deadlines{[this] { return now; }};
  std::string called;
};

TEST_F(DeadlinesTest, CallsOnceWhenTheTimeHasCome) {
  add("a") = now + milliseconds(10);
  turn();
  EXPECT_EQ(sleep(), milliseconds(10));
  turn_after(milliseconds(9));
  EXPECT_EQ(called, "");
  EXPECT_EQ(sleep(), milliseconds(1));
  turn_after(milliseconds(1));
  EXPECT_EQ(called, "a");
  turn_after(milliseconds(1));
  turn_after(hours(1));
  EXPECT_EQ(called, "a");
}

TEST_F(DeadlinesTest, LetsTheLoopSleepWhenThereIsNothingToDo) {
  add("a");
  turn();
  EXPECT_EQ(sleep(), base::Duration(-1));
  turn_after(hours(24));
  EXPECT_EQ(called, "");
}

TEST_F(DeadlinesTest, FollowsATimeThatMoves) {
  Due& due = add("a");
  due = now + milliseconds(50);
  turn();
  due = now + milliseconds(20);  // earlier
  turn();
  EXPECT_EQ(sleep(), milliseconds(20));
  due = now + milliseconds(5'000);  // later, beyond a turn of the wheel
  turn();
  for (int i = 0; i < 4; ++i) turn_after(milliseconds(1'249));
  EXPECT_EQ(called, "");
  turn_after(milliseconds(4));
  EXPECT_EQ(called, "a");
}

TEST_F(DeadlinesTest, WhatWasCancelledIsNotCalled) {
  Due& due = add("a");
  due = now + milliseconds(10);
  turn();
  due.reset();
  turn();
  turn_after(milliseconds(10));
  EXPECT_EQ(called, "");
}

TEST_F(DeadlinesTest, WhatWasPutOffOrCancelledInTheTurnThatWouldCallItIsNotCalled) {
  Due& later = add("later");
  Due& never = add("never");
  later = never = now + milliseconds(10);
  turn();
  // Sockets are read before timers: what they bring counts.
  now += milliseconds(10);
  later = now + milliseconds(10);
  never.reset();
  turn();
  EXPECT_EQ(called, "");
  EXPECT_EQ(sleep(), milliseconds(10));
  turn_after(milliseconds(10));
  EXPECT_EQ(called, "later");
}

TEST_F(DeadlinesTest, OneThatIsDueMayCancelAnother) {
  Due first;
  Due second;
  deadlines.watch([&] { return first; },
                  [&] {
                    called += "1";
                    first = second = std::nullopt;
                  });
  deadlines.watch([&] { return second; },
                  [&] {
                    called += "2";
                    first = second = std::nullopt;
                  });
  first = second = now + milliseconds(10);
  turn();
  turn_after(milliseconds(10));
  EXPECT_EQ(called.size(), 1U) << called;
}

TEST_F(DeadlinesTest, ATimeThatHasPassedIsDueInTheNextTurnAndOncePerTurn) {
  int calls = 0;
  const base::SteadyTime past = now - milliseconds(100);
  deadlines.watch([past] { return past; }, [&] { ++calls; });
  turn();
  EXPECT_EQ(calls, 0);
  EXPECT_LE(sleep(), milliseconds(0));
  turn();
  EXPECT_EQ(calls, 1);
  turn();
  EXPECT_EQ(calls, 2);
}

TEST_F(DeadlinesTest, WhatFallsDueWhileItIsCalledComesNext) {
  int calls = 0;
  Due due = now + milliseconds(10);
  deadlines.watch([&] { return due; },
                  [&] {
                    ++calls;
                    due = calls < 3 ? Due(now) : std::nullopt;
                  });
  turn();
  now += milliseconds(10);
  for (int i = 1; i <= 3; ++i) {
    turn();
    EXPECT_EQ(calls, i);
  }
  turn_after(hours(1));
  EXPECT_EQ(calls, 3);
}

TEST_F(DeadlinesTest, RepeatsAtEachInterval) {
  std::vector<base::SteadyTime> calls;
  deadlines.every(milliseconds(500), [&] { calls.push_back(now); });
  turn();
  const base::SteadyTime begin = now;
  for (int i = 0; i < 2'000; ++i) turn_after(milliseconds(1));
  ASSERT_EQ(calls.size(), 4U);
  for (std::size_t i = 0; i < calls.size(); ++i)
    EXPECT_EQ(calls[i] - begin, milliseconds(500) * (static_cast<int>(i) + 1));
}

// The machine slept, or the thread was not scheduled.
TEST_F(DeadlinesTest, AfterAJumpEverythingThatIsDueIsCalledOnce) {
  int repeated = 0;
  deadlines.every(milliseconds(500), [&] { ++repeated; });
  add("a") = now + milliseconds(10);
  add("b") = now + hours(2);
  add("c") = now + hours(48);
  turn();
  turn_after(hours(24));
  EXPECT_EQ(repeated, 1);
  EXPECT_EQ(called.size(), 2U) << called;
  EXPECT_EQ(sleep(), milliseconds(500));
  turn_after(milliseconds(500));
  EXPECT_EQ(repeated, 2);
  turn_after(hours(24));
  EXPECT_NE(called.find('c'), std::string::npos);
}

TEST_F(DeadlinesTest, TheSourcesOfOneTimeAreAllCalled) {
  for (int i = 0; i < 100; ++i) add("x") = now + milliseconds(i % 3);
  turn();
  turn_after(milliseconds(3));
  EXPECT_EQ(called.size(), 100U);
}

TEST(DeadlinesInALoop, WakeALoopThatSleeps) {
  runtime::EventLoop loop;
  Deadlines deadlines([&loop] { return loop.now().steady; });
  loop.add_wheel(deadlines.wheel(), [&](base::TimerNode& node) { deadlines.on_due(node); });
  loop.at_turn_end([&] { deadlines.rearm(); });
  const base::SteadyTime begin = runtime::read_clocks().steady;
  int calls = 0;
  deadlines.every(milliseconds(5), [&] {
    if (++calls == 3) loop.stop();
  });
  ASSERT_TRUE(loop.post([] {}));  // the first turn, which arms them
  loop.run();
  EXPECT_EQ(calls, 3);
  EXPECT_GE(runtime::read_clocks().steady - begin, milliseconds(15));
  loop.remove_wheel(deadlines.wheel());
}

}  // namespace
}  // namespace app

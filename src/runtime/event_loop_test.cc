#include "runtime/event_loop.h"

#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "runtime/clock.h"
#include "runtime/signals.h"

namespace runtime {
namespace {

TEST(EventLoop, RunsWhatOtherThreadsPostInOrder) {
  EventLoop loop;
  std::vector<int> ran;
  std::thread poster([&] {
    for (int i = 0; i < 1000; ++i)
      EXPECT_TRUE(loop.post([&ran, &loop, i] {
        EXPECT_TRUE(loop.in_loop_thread());
        ran.push_back(i);
      }));
    EXPECT_FALSE(loop.in_loop_thread());
    EXPECT_TRUE(loop.post([&loop] { loop.stop(); }));
  });
  loop.run();
  poster.join();
  ASSERT_EQ(ran.size(), 1000U);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(ran[static_cast<std::size_t>(i)], i);
}

TEST(EventLoop, TasksMayOwnWhatCannotBeCopied) {
  EventLoop loop;
  int seen = 0;
  EXPECT_TRUE(loop.post([&seen, &loop, owned = std::make_unique<int>(7)] {
    seen = *owned;
    loop.stop();
  }));
  loop.run();
  EXPECT_EQ(seen, 7);
}

TEST(EventLoop, RefusesWhatDoesNotFitIntoTheMailbox) {
  EventLoop loop(EventLoop::Options{.mailbox_limit = 2});
  EXPECT_TRUE(loop.post([] {}));
  EXPECT_TRUE(loop.post([&loop] { loop.stop(); }));
  EXPECT_FALSE(loop.post([] { FAIL(); }));
  loop.run();
  EXPECT_TRUE(loop.post([] { FAIL(); }));  // never run: the loop has stopped
}

TEST(EventLoop, StopsBeforeItRuns) {
  EventLoop loop;
  loop.stop();
  loop.run();
}

TEST(EventLoop, CallsHooksAtTheEndOfATurnInOrder) {
  EventLoop loop;
  std::string log;
  loop.at_turn_end([&] { log += "1"; });
  loop.at_turn_end([&] { log += "2 "; });
  EXPECT_TRUE(loop.post([&] {
    log += "a";
    EXPECT_TRUE(loop.post([&] {
      log += "b";
      loop.stop();
    }));
  }));
  loop.run();
  EXPECT_EQ(log, "a12 b12 ");
}

TEST(EventLoop, ShowsTheSameTimeDuringATurn) {
  EventLoop loop;
  EXPECT_TRUE(loop.post([&] {
    const base::Instant first = loop.now();
    const auto until = read_clocks().steady + base::Duration(5);
    while (read_clocks().steady < until) {
    }
    EXPECT_EQ(loop.now().steady, first.steady);
    EXPECT_TRUE(loop.post([&loop, first] {
      EXPECT_GE(loop.now().steady, first.steady + base::Duration(5));
      loop.stop();
    }));
  }));
  loop.run();
}

struct Timer : base::TimerNode {};

TEST(EventLoop, DrivesWheels) {
  EventLoop loop;
  base::TimerWheel wheel(base::Duration(1), 64, loop.now().steady);
  Timer first;
  Timer second;
  const base::SteadyTime start = read_clocks().steady;
  std::vector<base::Duration> fired;
  loop.add_wheel(wheel, [&](base::TimerNode& node) {
    EXPECT_GE(loop.now().steady, node.deadline());
    fired.push_back(node.deadline() - start);
    // Armed while the loop runs, and beyond one turn of the wheel.
    if (&node == &first) wheel.arm(second, start + base::Duration(100));
    if (&node == &second) loop.stop();
  });
  wheel.arm(first, start + base::Duration(10));
  loop.run();
  EXPECT_EQ(fired, (std::vector{base::Duration(10), base::Duration(100)}));
  loop.remove_wheel(wheel);
}

TEST(EventLoop, WakesForADeadlineThatComesEarlierThanItWasAsleepFor) {
  EventLoop loop;
  base::TimerWheel wheel(base::Duration(1), 64, loop.now().steady);
  Timer far;
  Timer near;
  loop.add_wheel(wheel, [&](base::TimerNode& node) {
    EXPECT_EQ(&node, &near);
    loop.stop();
  });
  wheel.arm(far, read_clocks().steady + std::chrono::hours(1));
  std::thread other([&] {
    EXPECT_TRUE(loop.post([&] { wheel.arm(near, loop.now().steady + base::Duration(5)); }));
  });
  loop.run();
  other.join();
  loop.remove_wheel(wheel);
}

class TestStage final : public TurnStage {
 public:
  void before_hooks() override { before(); }
  bool after_hooks() override {
    after();
    return true;
  }
  std::function<void()> before = [] {};
  std::function<void()> after = [] {};
};

TEST(EventLoop, StagesComeAndGoDuringATurn) {
  EventLoop loop;
  std::string calls;
  TestStage leaves;
  TestStage stays;
  std::vector<std::unique_ptr<TestStage>> more;
  leaves.before = [&] {
    calls += 'l';
    loop.remove_stage(leaves);
    for (int i = 0; i < 100; ++i) loop.add_stage(*more.emplace_back(std::make_unique<TestStage>()));
  };
  leaves.after = [&] { calls += 'X'; };
  stays.before = [&] { calls += 's'; };
  stays.after = [&] {
    calls += 'S';
    if (calls.size() > 4) loop.stop();
  };
  loop.add_stage(leaves);
  loop.add_stage(stays);
  EXPECT_TRUE(loop.post([] {}));
  loop.run();
  EXPECT_EQ(calls, "lsSsS");
  for (const auto& stage : more) loop.remove_stage(*stage);
}

TEST(EventLoop, KeepsWhatIsToBeDestroyedUntilTheEndOfTheTurn) {
  EventLoop loop;
  auto object = std::make_shared<int>(1);
  const std::weak_ptr<int> seen = object;
  TestStage stage;
  int turns = 0;
  stage.before = [&] {
    if (turns == 0) loop.destroy_later(std::move(object));
  };
  stage.after = [&] {
    EXPECT_EQ(seen.expired(), turns > 0);
    if (++turns == 2) loop.stop();
  };
  loop.add_stage(stage);
  EXPECT_TRUE(loop.post([] {}));
  loop.run();
  EXPECT_EQ(turns, 2);
  loop.remove_stage(stage);
}

TEST(Signals, CallBackInTheLoop) {
  EventLoop loop;
  int received = 0;
  {
    const Signals signals(loop, {SIGUSR1, SIGUSR2}, [&](int signal) {
      EXPECT_TRUE(loop.in_loop_thread());
      received = signal;
      loop.stop();
    });
    std::raise(SIGUSR2);
    loop.run();
  }
  EXPECT_EQ(received, SIGUSR2);
}

}  // namespace
}  // namespace runtime

// Test support: event loops, each in a thread of its own, and questions to those threads.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <future>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "runtime/event_loop.h"
#include "store/test_support.h"

namespace app {

class LoopThreads {
 public:
  LoopThreads(unsigned count, std::size_t mailbox_limit) {
    for (unsigned i = 0; i < count; ++i)
      loops_.push_back(std::make_unique<runtime::EventLoop>(
          runtime::EventLoop::Options{.mailbox_limit = mailbox_limit}));
  }
  ~LoopThreads() { stop(); }

  [[nodiscard]] unsigned count() const { return static_cast<unsigned>(loops_.size()); }
  runtime::EventLoop& operator[](unsigned thread) { return *loops_[thread]; }
  [[nodiscard]] std::vector<runtime::EventLoop*> pointers() const {
    std::vector<runtime::EventLoop*> all;
    for (const auto& loop : loops_) all.push_back(loop.get());
    return all;
  }

  // Calls `build(t)` in each thread, one after the other, then lets them all run; `destroy(t)` is
  // called in the thread when its loop has ended.
  void start(const std::function<void(unsigned)>& build,
             const std::function<void(unsigned)>& destroy) {
    auto go = std::make_shared<std::promise<void>>();
    const std::shared_future<void> gone = go->get_future().share();
    for (unsigned thread = 0; thread < count(); ++thread) {
      std::promise<void> built;
      auto is_built = built.get_future();
      threads_.emplace_back([=, this, built = std::move(built)]() mutable {
        build(thread);
        built.set_value();
        gone.wait();
        loops_[thread]->run();
        destroy(thread);
      });
      is_built.wait();
    }
    go->set_value();
  }
  void stop() {
    for (const auto& loop : loops_) loop->stop();
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }

  // Runs `action` in the thread and gives what it returns. A full mailbox is waited for.
  template <class Action>
  auto in(unsigned thread, Action action) {
    using Value = decltype(action());
    const auto task = std::make_shared<std::packaged_task<Value()>>(std::move(action));
    auto value = task->get_future();
    EXPECT_TRUE(store::eventually([&] { return loops_[thread]->post([task] { (*task)(); }); }));
    return value.get();
  }
  // Until `condition` holds, asked in the thread.
  [[nodiscard]] bool eventually_in(unsigned thread, const std::function<bool()>& condition) {
    return store::eventually([&] { return in(thread, condition); });
  }

 private:
  std::vector<std::unique_ptr<runtime::EventLoop>> loops_;
  std::vector<std::thread> threads_;
};

// Keeps a loop's thread in a task until it is let go.
class Held {
 public:
  explicit Held(runtime::EventLoop& loop) {
    const auto entered = std::make_shared<std::promise<void>>();
    auto is_there = entered->get_future();
    EXPECT_TRUE(store::eventually([&] {
      return loop.post([entered, gone = gone_] {
        entered->set_value();
        gone.wait();
      });
    }));
    is_there.wait();
  }
  ~Held() { let_go(); }
  void let_go() {
    if (!std::exchange(free_, true)) go_.set_value();
  }

 private:
  std::promise<void> go_;
  std::shared_future<void> gone_ = go_.get_future().share();
  bool free_ = false;
};

}  // namespace app

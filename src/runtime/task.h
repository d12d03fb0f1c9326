// Task: a function to be called once, which may own what cannot be copied. std::function demands
// copies, and a message for another thread often holds the only owner of something.
#pragma once

#include <memory>
#include <type_traits>
#include <utility>

namespace runtime {

class Task {
 public:
  Task() = default;

  template <class Function, class = std::enable_if_t<!std::is_same_v<std::decay_t<Function>, Task>>>
  Task(Function&& function)  // NOLINT(google-explicit-constructor): reads as a lambda at the call
      : call_(std::make_unique<Holder<std::decay_t<Function>>>(std::forward<Function>(function))) {}

  // Requires a task that holds a function.
  void operator()() { call_->run(); }
  explicit operator bool() const { return call_ != nullptr; }

 private:
  struct Callable {
    virtual ~Callable() = default;
    virtual void run() = 0;
  };
  template <class Function>
  struct Holder final : Callable {
    explicit Holder(Function&& f) : function(std::move(f)) {}
    explicit Holder(const Function& f) : function(f) {}
    void run() override { function(); }
    Function function;
  };

  std::unique_ptr<Callable> call_;
};

}  // namespace runtime

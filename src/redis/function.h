// Function<void(Arguments...)>: like std::function, but what it holds need not be copyable
// (std::move_only_function is C++23). A callback often is the only owner of something.
#pragma once

#include <memory>
#include <type_traits>
#include <utility>

namespace redis {

template <class Signature>
class Function;

template <class... Arguments>
class Function<void(Arguments...)> {
 public:
  Function() = default;

  template <class F, class = std::enable_if_t<!std::is_same_v<std::decay_t<F>, Function>>>
  Function(F&& function)  // NOLINT(google-explicit-constructor): reads as a lambda at the call
      : call_(std::make_unique<Holder<std::decay_t<F>>>(std::forward<F>(function))) {}

  // Requires a function.
  void operator()(Arguments... arguments) { call_->run(std::forward<Arguments>(arguments)...); }
  explicit operator bool() const { return call_ != nullptr; }

 private:
  struct Callable {
    virtual ~Callable() = default;
    virtual void run(Arguments... arguments) = 0;
  };
  template <class F>
  struct Holder final : Callable {
    explicit Holder(F&& f) : function(std::move(f)) {}
    explicit Holder(const F& f) : function(f) {}
    void run(Arguments... arguments) override { function(std::forward<Arguments>(arguments)...); }
    F function;
  };

  std::unique_ptr<Callable> call_;
};

}  // namespace redis

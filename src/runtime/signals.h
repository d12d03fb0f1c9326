// Signals: calls back in a loop's thread when the process receives one of some signals, which then
// lose their default effect. Made and destroyed in the loop's thread (the main one), before and
// after run().
#pragma once

#include <functional>
#include <initializer_list>
#include <memory>

#include "runtime/event_loop.h"

namespace runtime {

class Signals {
 public:
  Signals(EventLoop& loop, std::initializer_list<int> signals,
          std::function<void(int signal)> callback);
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace runtime

#include "runtime/signals.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <utility>

namespace runtime {

class Signals::Impl {
 public:
  Impl(EventLoop& loop, std::initializer_list<int> signals, std::function<void(int)> callback)
      : set_(loop.io_context()), callback_(std::move(callback)) {
    for (const int signal : signals) set_.add(signal);
    wait();
  }

 private:
  void wait() {
    set_.async_wait([this](const boost::system::error_code& error, int signal) {
      if (error) return;  // cancelled by the destructor: `this` is gone
      callback_(signal);
      wait();
    });
  }

  boost::asio::signal_set set_;
  std::function<void(int)> callback_;
};

Signals::Signals(EventLoop& loop, std::initializer_list<int> signals,
                 std::function<void(int)> callback)
    : impl_(std::make_unique<Impl>(loop, signals, std::move(callback))) {}
Signals::~Signals() = default;

}  // namespace runtime

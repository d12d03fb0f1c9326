// Mailbox: tasks for one thread, put there by any, taken out all at once, in order.
#pragma once

#include <atomic>
#include <cstddef>
#include <mutex>
#include <vector>

#include "runtime/task.h"

namespace runtime {

class Mailbox {
 public:
  explicit Mailbox(std::size_t limit) : limit_(limit) {}

  enum class Put { kRefused, kFirst, kMore };
  // kFirst: the box was empty, so its owner has to be woken. kRefused: it is full; the task is
  // left with the caller. Any thread.
  [[nodiscard]] Put put(Task& task);

  // What was put before the call; `out` must be empty. The owner's thread.
  void take_all(std::vector<Task>& out);

  // False as soon as a put() has returned, until take_all(). Any thread.
  [[nodiscard]] bool empty() const { return !has_mail_.load(std::memory_order_acquire); }

 private:
  const std::size_t limit_;
  std::atomic<bool> has_mail_ = false;
  std::mutex mutex_;
  std::vector<Task> tasks_;
};

}  // namespace runtime

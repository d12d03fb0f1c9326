#include "runtime/mailbox.h"

#include <utility>

namespace runtime {

Mailbox::Put Mailbox::put(Task& task) {
  const std::lock_guard lock(mutex_);
  if (tasks_.size() >= limit_) return Put::kRefused;
  tasks_.push_back(std::move(task));
  return has_mail_.exchange(true, std::memory_order_release) ? Put::kMore : Put::kFirst;
}

void Mailbox::take_all(std::vector<Task>& out) {
  const std::lock_guard lock(mutex_);
  tasks_.swap(out);
  has_mail_.store(false, std::memory_order_release);
}

}  // namespace runtime

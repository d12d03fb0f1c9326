#include "app/deadlines.h"

#include <memory>
#include <utility>

namespace app {
namespace {

constexpr base::Duration kTick{1};
constexpr std::size_t kSlots = 1024;

}  // namespace

Deadlines::Deadlines(std::function<base::SteadyTime()> clock)
    : clock_(std::move(clock)), wheel_(kTick, kSlots, clock_()) {}

void Deadlines::on_due(base::TimerNode& node) {
  auto& source = static_cast<Source&>(node);
  // Asked again: what happened since the last turn may have put it off, or made it needless.
  const std::optional<base::SteadyTime> due = source.next();
  if (due && *due <= clock_()) source.due();
}

void Deadlines::watch(NextDue next, std::function<void()> due) {
  Source& source = sources_.emplace_back();
  source.next = std::move(next);
  source.due = std::move(due);
}

void Deadlines::every(base::Duration interval, std::function<void()> due) {
  auto next = std::make_shared<base::SteadyTime>(clock_() + interval);
  watch([next] { return *next; },
        [this, next, interval, due = std::move(due)] {
          *next = clock_() + interval;
          due();
        });
}

void Deadlines::rearm() {
  for (Source& source : sources_) {
    const std::optional<base::SteadyTime> due = source.next();
    if (!due) {
      base::TimerWheel::cancel(source);
    } else if (!source.armed() || source.deadline() != *due) {
      wheel_.arm(source, *due);
    }
  }
}

}  // namespace app

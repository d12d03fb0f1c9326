#include "app/deadlines.h"

#include <memory>

namespace app {
namespace {

constexpr base::Duration kTick{1};
constexpr std::size_t kSlots = 1024;

}  // namespace

Deadlines::Deadlines(runtime::EventLoop& loop)
    : loop_(loop), wheel_(kTick, kSlots, loop.now().steady) {
  loop_.add_wheel(wheel_, [](base::TimerNode& node) { static_cast<Source&>(node).due(); });
}

Deadlines::~Deadlines() { loop_.remove_wheel(wheel_); }

void Deadlines::watch(NextDue next, std::function<void()> due) {
  Source& source = sources_.emplace_back();
  source.next = std::move(next);
  source.due = std::move(due);
}

void Deadlines::every(base::Duration interval, std::function<void()> due) {
  auto next = std::make_shared<base::SteadyTime>(loop_.now().steady + interval);
  watch([next] { return *next; },
        [this, next, interval, due = std::move(due)] {
          *next = loop_.now().steady + interval;
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

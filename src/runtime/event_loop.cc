#include "runtime/event_loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "base/check.h"
#include "runtime/clock.h"
#include "runtime/mailbox.h"

namespace runtime {
namespace {

// To collect many events takes its time, too: only what took longer was a pause.
constexpr std::chrono::microseconds kPause{100};
constexpr base::Duration kLongestSleep = std::chrono::hours(1);

struct DrivenWheel {
  base::TimerWheel* wheel;
  std::function<void(base::TimerNode&)> due;
};

// Nobody reads the eventfd: its descriptor is edge-triggered, and a write is an edge.
class Waker final : public Pollable {
 public:
  Waker() : fd_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) { CHECK(fd_ >= 0); }
  ~Waker() override { close(fd_); }
  Waker(const Waker&) = delete;
  Waker& operator=(const Waker&) = delete;

  void wake() const {
    const uint64_t one = 1;
    // Fails only when the counter is full, and then the loop has been told often enough.
    [[maybe_unused]] const ssize_t written = write(fd_, &one, sizeof one);
  }
  [[nodiscard]] int fd() const { return fd_; }
  void on_ready(uint32_t) override {}

 private:
  int fd_;
};

}  // namespace

class EventLoop::Impl {
 public:
  explicit Impl(const Options& options)
      : mailbox_(options.mailbox_limit), epoll_fd_(epoll_create1(EPOLL_CLOEXEC)), devices_(io_) {
    CHECK(epoll_fd_ >= 0);
    devices_.assign(epoll_fd_);
    CHECK(watch(waker_.fd(), EPOLLIN | EPOLLET, waker_));
  }

  base::Instant now() {
    if (!now_) now_ = read_clocks();
    return *now_;
  }

  base::Duration busy_for() {
    if (!found_work_) return base::Duration::zero();
    return now().steady - busy_since_;
  }

  bool post(Task task) {
    switch (mailbox_.put(task)) {
      case Mailbox::Put::kRefused: return false;
      case Mailbox::Put::kMore: return true;
      case Mailbox::Put::kFirst: break;
    }
    if (!in_loop_thread()) waker_.wake();
    return true;
  }

  void at_turn_end(std::function<void()> hook) { hooks_.push_back(std::move(hook)); }

  void add_wheel(base::TimerWheel& wheel, std::function<void(base::TimerNode&)> due) {
    wheels_.push_back({&wheel, std::move(due)});
  }
  void remove_wheel(base::TimerWheel& wheel) {
    std::erase_if(wheels_, [&](const DrivenWheel& w) { return w.wheel == &wheel; });
  }

  boost::asio::io_context& io_context() {
    if (!std::exchange(nested_, true)) wait_for_devices();
    return io_;
  }

  void run() {
    thread_ = std::this_thread::get_id();
    while (!stopped_.load(std::memory_order_relaxed)) turn();
    thread_ = std::thread::id();
  }

  void stop() {
    stopped_ = true;
    waker_.wake();
  }

  [[nodiscard]] bool in_loop_thread() const {
    return thread_.load(std::memory_order_relaxed) == std::this_thread::get_id();
  }

  bool watch(int fd, uint32_t events, Pollable& pollable) const {
    epoll_event event{};
    event.events = events;
    event.data.ptr = &pollable;
    return epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, fd, &event) == 0;
  }
  void unwatch(int fd) const { epoll_ctl(epoll_fd_, EPOLL_CTL_DEL, fd, nullptr); }

  void add_stage(TurnStage& stage) { stages_.push_back(&stage); }
  // The place stays until the next turn, because this turn may be walking over it.
  void remove_stage(TurnStage& stage) {
    std::replace(stages_.begin(), stages_.end(), &stage, static_cast<TurnStage*>(nullptr));
  }

  void destroy_later(std::shared_ptr<void> object) { buried_.push_back(std::move(object)); }

 private:
  void turn() {
    found_work_ = false;
    std::erase(stages_, nullptr);
    wait();
    for (std::size_t i = 0; i < wheels_.size(); ++i)
      wheels_[i].wheel->advance(now().steady, wheels_[i].due);
    take_mail();
    if (!found_work_) busy_since_ = now().steady;
    for (std::size_t i = 0; i < stages_.size(); ++i)
      if (stages_[i] != nullptr) stages_[i]->before_hooks();
    for (std::size_t i = 0; i < hooks_.size(); ++i) hooks_[i]();
    more_to_do_ = false;
    for (std::size_t i = 0; i < stages_.size(); ++i)
      if (stages_[i] != nullptr) more_to_do_ |= stages_[i]->after_hooks();
    std::exchange(buried_, {});
    now_.reset();
  }

  // How long nothing is due; kLongestSleep at most.
  base::Duration time_to_sleep() {
    if (more_to_do_ || !mailbox_.empty()) return base::Duration::zero();
    std::optional<base::SteadyTime> due;
    for (const DrivenWheel& w : wheels_)
      if (const auto next = w.wheel->next_due(); next && (!due || *next < *due)) due = next;
    if (!due) return kLongestSleep;
    return std::clamp(*due - read_clocks().steady, base::Duration::zero(), kLongestSleep);
  }

  // While nobody uses the io_context, its three system calls per turn are saved. Otherwise this
  // runs one of its handlers, which mostly is the one for the device sockets. More handlers have
  // more turns: asking Asio for another costs a system call when there is none.
  void wait() {
    const base::Duration sleep = time_to_sleep();
    if (sleep != base::Duration::zero()) wait_began_ = std::chrono::steady_clock::now();
    if (!nested_) {
      poll_devices(static_cast<int>(sleep.count()));
    } else if (sleep == base::Duration::zero()) {
      found_work_ |= io_.poll_one() != 0;
    } else {
      found_work_ |= io_.run_one_for(sleep) != 0;
    }
    wait_ended();
  }

  // Called before what was waited for is dealt with, wherever that is known.
  void wait_ended() {
    if (!wait_began_) return;
    if (std::chrono::steady_clock::now() - *wait_began_ >= kPause) busy_since_ = now().steady;
    wait_began_.reset();
  }

  void wait_for_devices() {
    devices_.async_wait(boost::asio::posix::descriptor_base::wait_read,
                        [this](const boost::system::error_code& error) {
                          if (error) return;
                          poll_devices(0);
                          wait_for_devices();
                        });
  }

  void poll_devices(int timeout_millis) {
    const int count =
        epoll_wait(epoll_fd_, events_.data(), static_cast<int>(events_.size()), timeout_millis);
    wait_ended();
    found_work_ |= count > 0;
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events_[static_cast<std::size_t>(i)];
      static_cast<Pollable*>(event.data.ptr)->on_ready(event.events);
    }
  }

  void take_mail() {
    if (mailbox_.empty()) return;
    found_work_ = true;
    mailbox_.take_all(mail_);
    for (Task& task : mail_) task();
    mail_.clear();
  }

  std::atomic<bool> stopped_ = false;
  std::atomic<std::thread::id> thread_;
  Mailbox mailbox_;
  Waker waker_;
  boost::asio::io_context io_{1};
  int epoll_fd_;
  boost::asio::posix::stream_descriptor devices_;  // owns epoll_fd_
  std::array<epoll_event, 512> events_;
  std::vector<Task> mail_;
  std::vector<DrivenWheel> wheels_;
  std::vector<std::function<void()>> hooks_;
  std::vector<TurnStage*> stages_;
  std::optional<base::Instant> now_;
  base::SteadyTime busy_since_ = read_clocks().steady;
  bool found_work_ = false;  // in this turn
  std::optional<std::chrono::steady_clock::time_point> wait_began_;
  bool more_to_do_ = false;
  bool nested_ = false;  // the epoll set is watched by the io_context
  std::vector<std::shared_ptr<void>> buried_;
};

EventLoop::EventLoop() : EventLoop(Options()) {}
EventLoop::EventLoop(Options options) : impl_(std::make_unique<Impl>(options)) {}
EventLoop::~EventLoop() = default;
base::Instant EventLoop::now() { return impl_->now(); }
base::Duration EventLoop::busy_for() { return impl_->busy_for(); }
bool EventLoop::post(Task task) { return impl_->post(std::move(task)); }
void EventLoop::at_turn_end(std::function<void()> hook) { impl_->at_turn_end(std::move(hook)); }
void EventLoop::add_wheel(base::TimerWheel& wheel, std::function<void(base::TimerNode&)> due) {
  impl_->add_wheel(wheel, std::move(due));
}
void EventLoop::remove_wheel(base::TimerWheel& wheel) { impl_->remove_wheel(wheel); }
boost::asio::io_context& EventLoop::io_context() { return impl_->io_context(); }
void EventLoop::run() { impl_->run(); }
void EventLoop::stop() { impl_->stop(); }
bool EventLoop::in_loop_thread() const { return impl_->in_loop_thread(); }
bool EventLoop::watch(int fd, uint32_t events, Pollable& pollable) {
  return impl_->watch(fd, events, pollable);
}
void EventLoop::unwatch(int fd) { impl_->unwatch(fd); }
void EventLoop::destroy_later(std::shared_ptr<void> object) {
  impl_->destroy_later(std::move(object));
}
void EventLoop::add_stage(TurnStage& stage) { impl_->add_stage(stage); }
void EventLoop::remove_stage(TurnStage& stage) { impl_->remove_stage(stage); }

}  // namespace runtime

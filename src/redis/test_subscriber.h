// Test support: a Subscriber in a TestLoop, and what it has told, for a test to wait for.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "redis/subscriber.h"
#include "redis/test_loop.h"

namespace redis {

class TestSubscriber final : private Subscriber::Listener {
 public:
  explicit TestSubscriber(const std::string& url) : TestSubscriber(TestClient::options_for(url)) {}
  explicit TestSubscriber(Options options) {
    loop_.in([&] {
      auto created = Subscriber::create(loop_.loop(), random_, std::move(options), *this);
      if (!created) throw std::runtime_error(created.error().message);
      subscriber_ = std::move(*created);
    });
  }
  ~TestSubscriber() override {
    loop_.in([&] { subscriber_.reset(); });
  }

  void subscribe(const Subscription& subscription) {
    loop_.in([&] { subscriber_->subscribe(subscription); });
  }
  void unsubscribe(const Subscription& subscription) {
    loop_.in([&] { subscriber_->unsubscribe(subscription); });
  }
  [[nodiscard]] bool completes() {
    return loop_.eventually_in([&] { return subscriber_->complete(); });
  }
  // "CHANNEL: PAYLOAD" (with the pattern in brackets), "subscribed NAME", "interrupted: REASON"
  [[nodiscard]] bool hears(const std::string& event) {
    return loop_.eventually_in([&] { return std::ranges::find(events_, event) != events_.end(); });
  }
  [[nodiscard]] bool hears_of(const std::string& reason) {
    return loop_.eventually_in([&] {
      return std::ranges::any_of(events_, [&](const std::string& event) {
        return event.starts_with("interrupted: ") && event.find(reason) != std::string::npos;
      });
    });
  }
  std::vector<std::string> take_events() {
    return loop_.in([&] { return std::exchange(events_, {}); });
  }

 private:
  void on_message(const Subscription& subscription, std::string_view channel,
                  std::string_view payload) override {
    std::string event(channel);
    if (subscription.name != channel) event += " (" + subscription.name + ")";
    events_.push_back(event + ": " + std::string(payload));
  }
  void on_subscribed(const Subscription& subscription) override {
    events_.push_back("subscribed " + subscription.name);
  }
  void on_interrupted(const std::string& reason) override {
    events_.push_back("interrupted: " + reason);
  }

  TestLoop loop_;
  runtime::SystemRandom random_;
  std::unique_ptr<Subscriber> subscriber_;
  std::vector<std::string> events_;
};

}  // namespace redis

// Test support: an event loop in a thread of its own, and a client in it that a test can wait for.
#pragma once

#include <future>
#include <memory>
#include <mutex>
#include <thread>

#include "redis/client.h"
#include "redis/test_process.h"
#include "runtime/event_loop.h"
#include "runtime/random.h"

namespace redis {

class TestLoop {
 public:
  TestLoop() : thread_([this] { loop_.run(); }) {}
  ~TestLoop() { stop(); }
  TestLoop(const TestLoop&) = delete;
  TestLoop& operator=(const TestLoop&) = delete;

  runtime::EventLoop& loop() { return loop_; }

  // Runs `action` in the loop's thread and gives what it returns.
  template <class Action>
  auto in(Action action) {
    std::packaged_task<decltype(action())()> task(std::move(action));
    auto value = task.get_future();
    EXPECT_TRUE(loop_.post([&task] { task(); }));
    return value.get();
  }
  [[nodiscard]] bool eventually_in(const std::function<bool()>& condition) {
    return eventually([&] { return in(condition); });
  }
  void stop() {
    loop_.stop();
    if (thread_.joinable()) thread_.join();
  }

 private:
  runtime::EventLoop loop_;
  std::thread thread_;
};

// A Client in a TestLoop; every function may be called from the test's thread.
class TestClient {
 public:
  explicit TestClient(const std::string& url) : TestClient(options_for(url)) {}
  explicit TestClient(Options options) {
    loop_.in([&] {
      auto created = Client::create(
          loop_.loop(), random_, std::move(options),
          [this](bool up, const std::string& reason) { states_.push_back(up ? "up" : reason); });
      if (!created) throw std::runtime_error(created.error().message);
      client_ = std::move(*created);
    });
  }
  ~TestClient() {
    loop_.in([&] { client_.reset(); });
  }
  TestClient(const TestClient&) = delete;
  TestClient& operator=(const TestClient&) = delete;

  static Options options_for(const std::string& url) {
    auto parsed = Url::parse(url);
    if (!parsed) throw std::runtime_error(parsed.error().message);
    return {.url = *parsed};
  }

  template <class Action>
  auto in(Action action) {
    return loop_.in(std::move(action));
  }
  runtime::EventLoop& loop() { return loop_.loop(); }
  Client& client() { return *client_; }  // in the loop's thread only

  [[nodiscard]] bool comes_up() {
    return loop_.eventually_in([&] { return client_->up(); });
  }
  [[nodiscard]] bool goes_down() {
    return loop_.eventually_in([&] { return !client_->up(); });
  }
  [[nodiscard]] std::vector<std::string> states() {
    return in([&] { return states_; });
  }
  [[nodiscard]] std::string trouble() {
    return in([&] { return client_->trouble(); });
  }

  std::future<Answer> start(const Command& command, std::string_view key = {},
                            WhenDown when_down = WhenDown::kFail) {
    return in([&] {
      std::promise<Answer> promise;
      auto answer = promise.get_future();
      client_->call(command, key, keeping(std::move(promise)), when_down);
      return answer;
    });
  }
  Answer ask(const Command& command, std::string_view key = {},
             WhenDown when_down = WhenDown::kFail) {
    return wait_for(start(command, key, when_down));
  }
  Answer run(const Script& script, const std::vector<std::string_view>& keys,
             const std::vector<std::string_view>& arguments = {}) {
    return wait_for(in([&] {
      std::promise<Answer> promise;
      auto answer = promise.get_future();
      client_->call(script, keys, arguments, keeping(std::move(promise)));
      return answer;
    }));
  }
  static Answer wait_for(std::future<Answer> answer) {
    if (answer.wait_for(kTestDeadline) != std::future_status::ready)
      throw std::runtime_error("no answer");
    return answer.get();
  }

 private:
  static Callback keeping(std::promise<Answer> promise) {
    return [promise = std::move(promise)](Answer answer) mutable {
      promise.set_value(std::move(answer));
    };
  }

  TestLoop loop_;
  runtime::SystemRandom random_;
  std::unique_ptr<Client> client_;
  std::vector<std::string> states_;
};

}  // namespace redis

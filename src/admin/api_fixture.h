// Test support: the interface on a real directory and a real store, its exchanges without network.
// What the store answers waits until the test lets it in, as if the loop had its turn then.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "admin/api.h"
#include "admin/fake_exchange.h"
#include "gateway/hub_fixture.h"
#include "store/embedded_store.h"
#include "store/test_support.h"

namespace admin {

class ApiTest : public gateway::HubTest {
 protected:
  static constexpr const char* kKey = "operator-key";

  ApiTest() { start({.api_key = kKey, .node = "n1", .started = now.steady}); }

  void start(ApiOptions options) {
    api = std::make_unique<Api>(
        std::move(options), hub, *kept,
        [this](std::function<void()> task) {
          const std::lock_guard lock(mutex_);
          posted_.push_back(std::move(task));
        },
        [this] { return unready; }, [] { return std::size_t{7}; }, [] { return std::size_t{1}; });
  }

  // The head of a request; its body and the store's answers follow when the test says so.
  FakeExchange& open(const std::string& method, const std::string& target,
                     const std::string& authorization = std::string("Bearer ") + kKey) {
    std::vector<net::HttpHeader> headers;
    if (!authorization.empty()) headers.push_back({"Authorization", authorization});
    exchanges_.push_back(std::make_unique<FakeExchange>(method, target, std::move(headers)));
    api->on_request(*exchanges_.back());
    return *exchanges_.back();
  }
  FakeExchange& call(const std::string& method, const std::string& target,
                     const std::string& body = {}) {
    FakeExchange& exchange = open(method, target);
    exchange.send(body);
    exchange.end_body();
    let_in(exchange);
    return exchange;
  }
  // What the store has to say, until the exchange is over.
  void let_in(const FakeExchange& exchange) {
    EXPECT_TRUE(store::eventually([&] {
      run_posted();
      return exchange.over();
    })) << "no answer";
  }
  // Waits for the store, whose answer stays outside.
  void wait_for_store() {
    EXPECT_TRUE(store::eventually([this] {
      const std::lock_guard lock(mutex_);
      return !posted_.empty();
    }));
  }
  std::size_t run_posted() {
    std::deque<std::function<void()>> tasks;
    {
      const std::lock_guard lock(mutex_);
      tasks.swap(posted_);
    }
    for (const auto& task : tasks) task();
    return tasks.size();
  }

  // A problem as RFC 9457 wants it, and what it says.
  static void expect_problem(const FakeExchange& exchange, int status, const std::string& code,
                             const std::string& detail) {
    ASSERT_EQ(exchange.status(), status) << exchange.body();
    EXPECT_EQ(exchange.header("Content-Type"), "application/problem+json");
    EXPECT_EQ(exchange.header("Cache-Control"), "no-store");
    const boost::json::object problem = boost::json::parse(exchange.body()).as_object();
    EXPECT_EQ(problem.size(), 5U);
    EXPECT_EQ(problem.at("type"), "about:blank");
    EXPECT_NE(problem.at("title").as_string(), "");
    EXPECT_EQ(problem.at("status"), status);
    EXPECT_EQ(problem.at("code").as_string(), code);
    EXPECT_THAT(std::string(problem.at("detail").as_string()), testing::HasSubstr(detail));
  }
  static boost::json::object json_of(const FakeExchange& exchange) {
    EXPECT_EQ(exchange.status(), 200) << exchange.body();
    EXPECT_EQ(exchange.header("Content-Type"), "application/json");
    EXPECT_EQ(exchange.header("Cache-Control"), "no-store");
    return boost::json::parse(exchange.body()).as_object();
  }
  std::string contacts_of(const std::string& user) {
    return call("GET", "/v1/users/" + user + "/contacts").body();
  }

  store::TemporaryDirectory place;
  std::unique_ptr<store::EmbeddedStore> kept =
      *store::EmbeddedStore::open({.data_dir = place.path() / "data"});
  std::string unready;
  std::unique_ptr<Api> api;

 private:
  std::mutex mutex_;
  std::deque<std::function<void()>> posted_;
  std::deque<std::unique_ptr<FakeExchange>> exchanges_;
};

}  // namespace admin

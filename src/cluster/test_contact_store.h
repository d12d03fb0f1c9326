// Test support: a ContactStore in a loop of its own.
#pragma once

#include <memory>
#include <stdexcept>
#include <string>

#include "cluster/contact_store.h"
#include "redis/test_loop.h"
#include "redis/test_redis.h"
#include "store/test_support.h"

namespace cluster {

class TestContactStore {
 public:
  // Returns once all of Redis can be reached.
  explicit TestContactStore(const std::string& url, std::size_t max_contacts = 100'000) {
    loop_.in([&] {
      ContactStoreOptions options;
      options.redis = redis::TestClient::options_for(url);
      options.redis.command_timeout = base::Duration(1'000);
      options.prefix = "presence:";
      options.max_contacts = max_contacts;
      auto created = ContactStore::create(loop_.loop(), random_, std::move(options));
      if (!created) throw std::runtime_error(created.error().message);
      store_ = std::move(*created);
    });
    if (!reaches_redis()) throw std::runtime_error("the store does not reach Redis");
  }
  ~TestContactStore() { destroy(); }
  TestContactStore(const TestContactStore&) = delete;
  TestContactStore& operator=(const TestContactStore&) = delete;

  store::Store& store() { return *store_; }
  store::Waiting waiting() { return store::Waiting(*store_); }
  void destroy() {
    loop_.in([&] { store_.reset(); });
  }
  [[nodiscard]] bool reaches_redis() {
    return redis::eventually([&] {
      return store::wait_for<std::vector<presence::Edge>>(
                 [&](auto done) { store_->load_edges(std::nullopt, 1, done); })
          .has_value();
    });
  }

 private:
  redis::TestLoop loop_;
  runtime::SystemRandom random_;
  std::unique_ptr<ContactStore> store_;
};

}  // namespace cluster

// For the tests of stores only: waiting for completions, and temporary directories.
#pragma once

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "store/store.h"

namespace store {

constexpr std::chrono::seconds kPatience{30};

// Calls `operation` with a completion and waits for it.
template <class T, class Call>
base::Result<T> wait_for(Call call) {
  const auto promise = std::make_shared<std::promise<base::Result<T>>>();
  auto future = promise->get_future();
  call(Done<T>([promise](base::Result<T> outcome) { promise->set_value(std::move(outcome)); }));
  if (future.wait_for(kPatience) != std::future_status::ready)
    return base::fail(base::ErrorCode::kInternal, "no completion");
  return future.get();
}

// Waits until a condition holds that other threads change: asks again and again, with a deadline.
template <class Condition>
bool eventually(Condition condition) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::mutex mutex;
    std::unique_lock lock(mutex);
    std::condition_variable().wait_for(lock, std::chrono::milliseconds(2));
  }
  return true;
}

// Bytes that SQLite holds, of all databases of this process.
inline int64_t sqlite_memory() { return sqlite3_memory_used(); }

// In memory where the system has such a place: what is tested is what survives the process, and
// waiting for a disk would make these tests slow.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    const bool in_memory = ::access("/dev/shm", W_OK | X_OK) == 0;
    const std::filesystem::path parent =
        in_memory ? "/dev/shm" : std::filesystem::temp_directory_path();
    std::string pattern = (parent / "presenced-test.XXXXXX").native();
    if (::mkdtemp(pattern.data()) == nullptr) std::abort();
    path_ = pattern;
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

using presence::ContactEntry;
using presence::Edge;
using presence::EdgeChange;
using presence::UserId;
using presence::UserRecord;

inline UserRecord seen_at(UserId user, int64_t millis) {
  UserRecord record;
  record.user = std::move(user);
  record.last_seen = record.visible_last_seen = base::wall_from_millis(millis);
  return record;
}

// The store's calls, waited for; a refusal fails the test.
class Waiting {
 public:
  explicit Waiting(Store& store) : store_(store) {}

  EdgeChanges add(const UserId& user, const UserId& other, Mutual mutual = Mutual::kYes) {
    return changes([&](auto done) { store_.add_contact(user, other, mutual, done); });
  }
  EdgeChanges remove(const UserId& user, const UserId& other, Mutual mutual = Mutual::kYes) {
    return changes([&](auto done) { store_.remove_contact(user, other, mutual, done); });
  }
  EdgeChanges replace(const UserId& user, const std::vector<UserId>& list,
                      Mutual mutual = Mutual::kYes) {
    return changes([&](auto done) { store_.replace_contacts(user, list, mutual, done); });
  }
  EdgeChanges import(const std::vector<Edge>& edges) {
    return changes([&](auto done) { store_.import_edges(edges, done); });
  }
  EdgeChanges block(const UserId& user, const UserId& other) {
    return changes([&](auto done) { store_.block(user, other, done); });
  }
  EdgeChanges unblock(const UserId& user, const UserId& other) {
    return changes([&](auto done) { store_.unblock(user, other, done); });
  }
  EdgeChanges forget(const UserId& user) {
    return changes([&](auto done) { store_.forget_user(user, done); });
  }
  void save(const UserRecord& record) {
    const auto saved = wait_for<void>([&](auto done) { store_.save_user(record, done); });
    EXPECT_TRUE(saved) << saved.error().message;
  }
  std::vector<ContactEntry> contacts(const UserId& user) {
    return value<std::vector<ContactEntry>>([&](auto done) { store_.load_contacts(user, done); });
  }
  UserExport exported(const UserId& user) {
    return value<UserExport>([&](auto done) { store_.export_user(user, done); });
  }
  std::vector<Edge> edges(std::size_t page) {
    std::vector<Edge> all;
    for (;;) {
      const auto next = value<std::vector<Edge>>([&](auto done) {
        store_.load_edges(all.empty() ? std::nullopt : std::optional(all.back()), page, done);
      });
      if (next.empty()) return all;
      EXPECT_LE(next.size(), page);
      all.insert(all.end(), next.begin(), next.end());
    }
  }

 private:
  template <class T, class Call>
  T value(Call call) {
    auto outcome = wait_for<T>(call);
    EXPECT_TRUE(outcome) << outcome.error().message;
    return outcome ? std::move(*outcome) : T{};
  }
  template <class Call>
  EdgeChanges changes(Call call) {
    return value<EdgeChanges>(call);
  }

  Store& store_;
};

// Keeps the store's thread in a completion until it is let go.
class Hold {
 public:
  // A queue that is still full of what has just been answered refuses, on this very thread.
  explicit Hold(Store& store) {
    EXPECT_TRUE(eventually([&] { return take(store); }));
  }
  ~Hold() { let_go(); }
  void let_go() {
    if (!std::exchange(gone_, true)) let_go_.set_value();
  }

 private:
  bool take(Store& store) {
    // The completion shares what it waits for: it may still be on its way out of there when this
    // object is gone.
    const auto held = std::make_shared<std::promise<bool>>();
    store.load_contacts("hold", [held, released = released_](const auto& list) {
      held->set_value(list.has_value());
      if (list) released.wait();
    });
    return held->get_future().get();
  }

  std::promise<void> let_go_;
  std::shared_future<void> released_ = let_go_.get_future().share();
  bool gone_ = false;
};

// Leaves more than a megabyte of what was read in the store's cache.
inline void fill_cache(Store& store) {
  std::vector<Edge> edges;
  for (int i = 0; i < 30'000; ++i)
    edges.push_back({"user" + std::to_string(i), "contact" + std::to_string(i)});
  Waiting waiting(store);
  waiting.import(edges);
  EXPECT_EQ(waiting.edges(1'000).size(), edges.size());
  EXPECT_GT(sqlite_memory(), 1 << 20);
}

}  // namespace store

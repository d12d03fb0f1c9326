// Operation: one call of the store on its way through the queue. It may be run twice, since a read
// is run again when the transaction that it was part of is taken back; it is answered once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "base/result.h"
#include "store/database.h"
#include "store/store.h"

namespace store {

class Operation {
 public:
  // kSharedWrite: may wait for Options::commit_interval, so that others share its commit.
  enum class Kind : uint8_t { kRead, kWrite, kSharedWrite };

  Operation(Kind kind, std::size_t bytes) : kind_(kind), bytes_(bytes) {}
  virtual ~Operation() = default;
  Operation(const Operation&) = delete;
  Operation& operator=(const Operation&) = delete;

  [[nodiscard]] Kind kind() const { return kind_; }
  // What it holds in memory, about.
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

  // Throws what the database throws.
  virtual void run(Database& database) = 0;
  // Calls the completion: with the outcome of the last run(), or with why there was none.
  virtual void answer() = 0;
  virtual void refuse(base::Error error) = 0;

 private:
  Kind kind_;
  std::size_t bytes_;
};

// `Work` is called with the database and returns base::Result<T>.
template <class T, class Work>
class Task final : public Operation {
 public:
  Task(Kind kind, std::size_t bytes, Work work, Done<T> done)
      : Operation(kind, bytes), work_(std::move(work)), done_(std::move(done)) {}

  void run(Database& database) override { outcome_ = work_(database); }
  void answer() override { done_(std::move(outcome_)); }
  void refuse(base::Error error) override {
    done_(base::Result<T>(tl::unexpected<base::Error>(std::move(error))));
  }

 private:
  Work work_;
  Done<T> done_;
  base::Result<T> outcome_ = tl::unexpected<base::Error>(base::Error{});
};

template <class T, class Work>
std::unique_ptr<Operation> make_operation(Operation::Kind kind, std::size_t bytes, Work work,
                                          Done<T> done) {
  return std::make_unique<Task<T, Work>>(kind, bytes, std::move(work), std::move(done));
}

}  // namespace store

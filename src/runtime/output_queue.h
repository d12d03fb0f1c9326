// OutputQueue: what waits to be written to one connection. A connection has one only while
// something waits; it comes from its thread's pool and goes back there.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "base/shared_bytes.h"
#include "base/time.h"

namespace runtime {

class OutputQueue {
 public:
  void push(base::SharedBytes bytes) {
    bytes_ += bytes.size();
    pieces_.push_back(std::move(bytes));
  }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }
  [[nodiscard]] bool empty() const { return bytes_ == 0; }

  // The first bytes in one span: in place when the first piece is all there is or large, else
  // several pieces copied into `scratch`, which is cheaper than a vector in the kernel.
  [[nodiscard]] std::span<const char> front(std::span<char> scratch) const;
  [[nodiscard]] bool single() const { return first_ + 1 == pieces_.size(); }
  // The first pieces as a vector for sendmsg(); returns how many entries were filled.
  std::size_t fill(std::span<iovec> vector) const;

  void consume(std::size_t count);
  void clear();
  // Long ones, of a busy moment, would lie scattered between what lives long.
  [[nodiscard]] bool worth_keeping() const { return pieces_.capacity() <= 8; }

  // When the peer must have taken something, in case the kernel's buffer is full.
  bool stalled = false;
  base::SteadyTime deadline{};

 private:
  std::vector<base::SharedBytes> pieces_;
  std::size_t first_ = 0;   // pieces before it have been written
  std::size_t offset_ = 0;  // bytes of the first piece that have been written
  std::size_t bytes_ = 0;
};

// Per thread.
class OutputPool {
 public:
  [[nodiscard]] std::unique_ptr<OutputQueue> take();
  void give_back(std::unique_ptr<OutputQueue> queue);

 private:
  std::vector<std::unique_ptr<OutputQueue>> free_;
};

}  // namespace runtime

// SendBatch: many sends with one system call.
//
// A notification goes to a hundred sockets, and entering the kernel for each of them is a good part
// of what it costs. Where the kernel lets us, the sends of a turn are submitted to an io_uring as
// one batch and have all been carried out when submit() returns: no send may wait, so none is left
// under way, and nothing has to stay alive longer than the call. Containers often forbid io_uring
// (`usable()` is false then, and each socket is written to by itself).
//
// One per core thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "runtime/io_result.h"

struct io_uring;

namespace runtime {

class Connection;

class SendBatch {
 public:
  static constexpr std::size_t kCapacity = 128;

  SendBatch();
  ~SendBatch();
  SendBatch(const SendBatch&) = delete;
  SendBatch& operator=(const SendBatch&) = delete;

  // Whether the kernel lets us; asked of it at the first call, by the thread that will submit.
  [[nodiscard]] bool usable();
  [[nodiscard]] bool full() const { return sends_.size() == kCapacity; }

  // Until submit() the bytes must stay. Only when usable, and not full.
  void add(Connection* connection, int fd, std::span<const char> bytes);

  struct Send {
    Connection* connection;
    std::optional<IoResult> result;  // nothing: it was not tried, because the ring has failed
  };
  // Carries out everything that was added, in order. Valid until the next call.
  [[nodiscard]] std::span<const Send> submit();

 private:
  enum class State : uint8_t { kUnopened, kUsable, kUnusable };

  std::unique_ptr<io_uring, void (*)(io_uring*)> ring_;
  State state_ = State::kUnopened;
  std::vector<Send> sends_;
  std::vector<Send> sent_;
};

}  // namespace runtime

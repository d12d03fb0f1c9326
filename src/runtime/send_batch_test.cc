#include "runtime/send_batch.h"

#include <gtest/gtest.h>
#include <liburing.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <string>
#include <vector>

namespace runtime {
namespace {

class Pair {
 public:
  Pair() {
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends_.data()) != 0) std::abort();
  }
  ~Pair() {
    close(ends_[0]);
    close_peer();
  }
  Pair(const Pair&) = delete;
  Pair& operator=(const Pair&) = delete;

  [[nodiscard]] int fd() const { return ends_[0]; }
  void close_peer() {
    if (ends_[1] >= 0) close(ends_[1]);
    ends_[1] = -1;
  }
  std::string received() {
    std::array<char, 256> buffer{};
    const ssize_t size = read(ends_[1], buffer.data(), buffer.size());
    return size > 0 ? std::string(buffer.data(), static_cast<std::size_t>(size)) : std::string();
  }
  void fill() {
    const std::string chunk(4096, 'x');
    while (send(ends_[0], chunk.data(), chunk.size(), MSG_DONTWAIT) > 0) {
    }
  }

 private:
  std::array<int, 2> ends_{-1, -1};
};

bool kernel_allows() {
  io_uring ring{};
  if (io_uring_queue_init(8, &ring, IORING_SETUP_SUBMIT_ALL | IORING_SETUP_SINGLE_ISSUER) != 0)
    return false;
  io_uring_queue_exit(&ring);
  return true;
}

TEST(SendBatch, IsUsableWhereTheKernelAllowsIt) {
  SendBatch batch;
  EXPECT_EQ(batch.usable(), kernel_allows());
  EXPECT_TRUE(batch.submit().empty());
}

TEST(SendBatch, SendsToEveryoneAndTellsWhatCameOfIt) {
  SendBatch batch;
  if (!batch.usable()) return;  // then nothing may be added
  std::vector<Pair> pairs(5);
  pairs[1].fill();
  pairs[3].close_peer();
  const std::string text = "hello";
  for (const Pair& pair : pairs) batch.add(nullptr, pair.fd(), text);
  const std::span<const SendBatch::Send> sent = batch.submit();
  ASSERT_EQ(sent.size(), 5U);
  for (const std::size_t i : {0U, 2U, 4U}) {
    EXPECT_EQ(sent[i].result->outcome, IoResult::Outcome::kBytes);
    EXPECT_EQ(sent[i].result->bytes, 5U);
    EXPECT_EQ(pairs[i].received(), "hello");
  }
  EXPECT_EQ(sent[1].result->outcome, IoResult::Outcome::kWouldBlock);
  EXPECT_EQ(sent[3].result->outcome, IoResult::Outcome::kFailed);
}

TEST(SendBatch, HoldsItsCapacityAgainAndAgain) {
  SendBatch batch;
  if (!batch.usable()) return;
  Pair pair;
  for (int round = 0; round < 3; ++round) {
    while (!batch.full()) batch.add(nullptr, pair.fd(), std::string_view("x"));
    EXPECT_EQ(batch.submit().size(), SendBatch::kCapacity);
    EXPECT_EQ(pair.received(), std::string(SendBatch::kCapacity, 'x'));
  }
}

}  // namespace
}  // namespace runtime

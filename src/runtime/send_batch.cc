#include "runtime/send_batch.h"

#include <liburing.h>
#include <sys/socket.h>

#include <cerrno>

#include "base/check.h"

namespace runtime {
namespace {

void close_ring(io_uring* ring) {
  io_uring_queue_exit(ring);
  delete ring;
}

std::unique_ptr<io_uring, void (*)(io_uring*)> open_ring() {
  auto ring = std::make_unique<io_uring>();
  io_uring_params params{};
  params.flags = IORING_SETUP_SUBMIT_ALL | IORING_SETUP_SINGLE_ISSUER;
  if (io_uring_queue_init_params(SendBatch::kCapacity, ring.get(), &params) != 0)
    return {nullptr, close_ring};
  static_cast<void>(io_uring_register_ring_fd(ring.get()));  // saves a look-up per call
  return {ring.release(), close_ring};
}

IoResult result_of(int returned) {
  if (returned > 0) return {IoResult::Outcome::kBytes, static_cast<std::size_t>(returned)};
  if (returned == -EAGAIN || returned == -EINTR) return {IoResult::Outcome::kWouldBlock, 0};
  return {IoResult::Outcome::kFailed, 0};
}

}  // namespace

SendBatch::SendBatch() : ring_(nullptr, close_ring) {
  sends_.reserve(kCapacity);
  sent_.reserve(kCapacity);
}
SendBatch::~SendBatch() = default;

bool SendBatch::usable() {
  if (state_ == State::kUnopened) {
    ring_ = open_ring();
    state_ = ring_ != nullptr ? State::kUsable : State::kUnusable;
  }
  return state_ == State::kUsable;
}

void SendBatch::add(Connection* connection, int fd, std::span<const char> bytes) {
  io_uring_sqe* entry = io_uring_get_sqe(ring_.get());
  CHECK(entry != nullptr);
  io_uring_prep_send(entry, fd, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  io_uring_sqe_set_data64(entry, sends_.size());
  sends_.push_back({connection, std::nullopt});
}

std::span<const SendBatch::Send> SendBatch::submit() {
  sent_.swap(sends_);
  sends_.clear();
  std::size_t answered = 0;
  while (answered < sent_.size()) {
    const auto missing = static_cast<unsigned>(sent_.size() - answered);
    const int submitted = io_uring_submit_and_wait(ring_.get(), missing);
    io_uring_cqe* entry = nullptr;
    unsigned head = 0;
    unsigned seen = 0;
    io_uring_for_each_cqe(ring_.get(), head, entry) {
      sent_[entry->user_data].result = result_of(entry->res);
      ++seen;
    }
    io_uring_cq_advance(ring_.get(), seen);
    answered += seen;
    if (submitted < 0 && submitted != -EINTR && seen == 0) {
      // Out of memory, say. What was not submitted is forgotten with the ring.
      ring_.reset();
      state_ = State::kUnusable;
      break;
    }
  }
  return sent_;
}

}  // namespace runtime

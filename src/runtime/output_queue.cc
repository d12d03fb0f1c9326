#include "runtime/output_queue.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace runtime {
namespace {
constexpr std::size_t kKeptQueues = 256;
}  // namespace

std::span<const char> OutputQueue::front(std::span<char> scratch) const {
  if (empty()) return {};
  const std::string_view first = pieces_[first_].view().substr(offset_);
  if (first.size() == bytes_ || first.size() >= scratch.size()) return first;
  std::memcpy(scratch.data(), first.data(), first.size());
  std::size_t filled = first.size();
  for (std::size_t i = first_ + 1; i < pieces_.size() && filled < scratch.size(); ++i) {
    const std::string_view piece = pieces_[i].view();
    const std::size_t n = std::min(piece.size(), scratch.size() - filled);
    std::memcpy(scratch.data() + filled, piece.data(), n);
    filled += n;
  }
  return scratch.first(filled);
}

std::size_t OutputQueue::fill(std::span<iovec> vector) const {
  std::size_t filled = 0;
  std::size_t offset = offset_;
  for (std::size_t i = first_; i < pieces_.size() && filled < vector.size(); ++i) {
    const std::string_view piece = pieces_[i].view().substr(offset);
    offset = 0;
    vector[filled].iov_base = const_cast<char*>(piece.data());  // the kernel only reads
    vector[filled].iov_len = piece.size();
    ++filled;
  }
  return filled;
}

void OutputQueue::consume(std::size_t count) {
  bytes_ -= count;
  while (count > 0) {
    base::SharedBytes& first = pieces_[first_];
    const std::size_t left = first.size() - offset_;
    if (count < left) {
      offset_ += count;
      return;
    }
    count -= left;
    first = base::SharedBytes();
    offset_ = 0;
    ++first_;
  }
  if (first_ == pieces_.size()) {
    pieces_.clear();
    first_ = 0;
  } else if (first_ > pieces_.size() / 2) {
    pieces_.erase(pieces_.begin(), pieces_.begin() + static_cast<std::ptrdiff_t>(first_));
    first_ = 0;
  }
}

void OutputQueue::clear() {
  pieces_.clear();
  first_ = offset_ = bytes_ = 0;
  stalled = false;
}

std::unique_ptr<OutputQueue> OutputPool::take() {
  if (free_.empty()) return std::make_unique<OutputQueue>();
  std::unique_ptr<OutputQueue> queue = std::move(free_.back());
  free_.pop_back();
  return queue;
}

void OutputPool::give_back(std::unique_ptr<OutputQueue> queue) {
  if (free_.size() >= kKeptQueues || !queue->worth_keeping()) return;
  queue->clear();
  free_.push_back(std::move(queue));
}

}  // namespace runtime

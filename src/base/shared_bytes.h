// SharedBytes: immutable bytes, encoded once and put into the output of many sockets.
//
// The count of references is a plain integer, so a SharedBytes and all its copies stay in the
// thread that made it; what has to cross threads is copied once per thread. 8 bytes; empty is free.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

namespace base {

class SharedBytes {
 public:
  SharedBytes() = default;
  // Copies `bytes`.
  explicit SharedBytes(std::string_view bytes);
  // Copies `head` followed by `tail`: a frame header and its payload, say.
  SharedBytes(std::string_view head, std::string_view tail);

  SharedBytes(const SharedBytes& other) : block_(other.block_) {
    if (block_ != nullptr) ++block_->references;
  }
  SharedBytes(SharedBytes&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  SharedBytes& operator=(SharedBytes other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~SharedBytes() {
    if (block_ != nullptr && --block_->references == 0) destroy(block_);
  }

  [[nodiscard]] std::string_view view() const {
    return block_ == nullptr
               ? std::string_view()
               : std::string_view(reinterpret_cast<const char*>(block_ + 1), block_->size);
  }
  [[nodiscard]] std::size_t size() const { return block_ == nullptr ? 0 : block_->size; }
  [[nodiscard]] bool empty() const { return size() == 0; }

 private:
  struct Block {
    uint32_t references;
    uint32_t size;
  };
  static void destroy(Block* block);

  Block* block_ = nullptr;
};

}  // namespace base

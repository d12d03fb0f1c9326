// CompactText: text that seldom is there or seldom changes, in 8 bytes where std::string takes 32.
// An empty one is free; another one is a single block of its length and bytes. Below 4 GiB.
// One thread, like any value.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>

namespace base {

class CompactText {
 public:
  CompactText() = default;
  explicit CompactText(std::string_view text) {
    if (text.empty()) return;
    const auto size = static_cast<uint32_t>(text.size());
    block_ = std::make_unique_for_overwrite<char[]>(sizeof size + size);
    std::memcpy(block_.get(), &size, sizeof size);
    std::memcpy(block_.get() + sizeof size, text.data(), size);
  }
  CompactText(const CompactText& other) : CompactText(other.view()) {}
  CompactText(CompactText&&) noexcept = default;
  CompactText& operator=(CompactText other) noexcept {
    block_ = std::move(other.block_);
    return *this;
  }
  ~CompactText() = default;

  [[nodiscard]] std::string_view view() const {
    if (block_ == nullptr) return {};
    uint32_t size = 0;
    std::memcpy(&size, block_.get(), sizeof size);
    return {block_.get() + sizeof size, size};
  }
  // Implicit, so that it is read like any other text.
  operator std::string_view() const { return view(); }  // NOLINT(google-explicit-constructor)
  [[nodiscard]] bool empty() const { return block_ == nullptr; }

 private:
  std::unique_ptr<char[]> block_;
};

inline bool operator==(const CompactText& a, const CompactText& b) { return a.view() == b.view(); }
inline bool operator==(const CompactText& a, std::string_view b) { return a.view() == b; }

}  // namespace base

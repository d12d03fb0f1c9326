// PooledString: text that many devices share (operating systems, browsers, user agents), kept once.
// 8 bytes each; an empty one is free. Belongs, like its pool, to one thread; the pool outlives it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/sip_hash.h"

namespace presence {

class StringPool;

class PooledString {
 public:
  PooledString() = default;
  PooledString(const PooledString& other) : entry_(other.entry_) {
    if (entry_ != nullptr) ++entry_->second.references;
  }
  PooledString(PooledString&& other) noexcept : entry_(std::exchange(other.entry_, nullptr)) {}
  PooledString& operator=(PooledString other) noexcept {
    std::swap(entry_, other.entry_);
    return *this;
  }
  ~PooledString();

  [[nodiscard]] std::string_view view() const {
    return entry_ == nullptr ? std::string_view() : std::string_view(entry_->first);
  }

 private:
  friend class StringPool;
  struct Shared {
    StringPool* pool;
    uint32_t references;
  };
  using Entry = std::pair<const std::string, Shared>;
  explicit PooledString(Entry* entry) : entry_(entry) { ++entry_->second.references; }

  Entry* entry_ = nullptr;
};

class StringPool {
 public:
  // The texts come from strangers, so `key` is secret in production.
  explicit StringPool(base::HashKey key = {}) : entries_(0, Hash{key}) {}
  StringPool(const StringPool&) = delete;
  StringPool& operator=(const StringPool&) = delete;

  [[nodiscard]] PooledString intern(std::string_view text);
  [[nodiscard]] std::size_t size() const { return entries_.size(); }

 private:
  friend class PooledString;
  struct Hash {
    using is_transparent = void;
    base::HashKey key;
    std::size_t operator()(std::string_view text) const { return base::sip_hash(key, text); }
  };
  // Nodes of an unordered_map stay where they are, so entries may be pointed to.
  std::unordered_map<std::string, PooledString::Shared, Hash, std::equal_to<>> entries_;
};

}  // namespace presence

#include "base/shared_bytes.h"

#include <cstring>
#include <limits>
#include <new>

#include "base/check.h"

namespace base {

SharedBytes::SharedBytes(std::string_view bytes) : SharedBytes(bytes, {}) {}

SharedBytes::SharedBytes(std::string_view head, std::string_view tail) {
  const std::size_t size = head.size() + tail.size();
  if (size == 0) return;
  CHECK(size <= std::numeric_limits<uint32_t>::max());
  void* memory = ::operator new(sizeof(Block) + size);
  block_ = new (memory) Block{1, static_cast<uint32_t>(size)};
  char* out = reinterpret_cast<char*>(block_ + 1);
  if (!head.empty()) std::memcpy(out, head.data(), head.size());
  if (!tail.empty()) std::memcpy(out + head.size(), tail.data(), tail.size());
}

void SharedBytes::destroy(Block* block) { ::operator delete(block); }

}  // namespace base

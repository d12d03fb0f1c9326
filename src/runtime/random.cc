#include "runtime/random.h"

#include <sys/random.h>

#include <string.h>
#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/check.h"

namespace runtime {
namespace {

// Up to 256 bytes at a time, which the kernel gives whole.
void draw(std::span<uint8_t> out) {
  while (!out.empty()) {
    const ssize_t got = getrandom(out.data(), std::min<std::size_t>(out.size(), 256), 0);
    CHECK(got > 0 || errno == EINTR);
    if (got > 0) out = out.subspan(static_cast<std::size_t>(got));
  }
}

}  // namespace

SystemRandom::~SystemRandom() { explicit_bzero(buffer_.data(), buffer_.size()); }

void SystemRandom::fill(std::span<uint8_t> out) {
  while (!out.empty()) {
    if (used_ == buffer_.size()) {
      draw(buffer_);
      used_ = 0;
    }
    const std::size_t n = std::min(out.size(), buffer_.size() - used_);
    std::memcpy(out.data(), buffer_.data() + used_, n);
    explicit_bzero(buffer_.data() + used_, n);
    used_ += n;
    out = out.subspan(n);
  }
}

}  // namespace runtime

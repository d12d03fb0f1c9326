// Randomness is handed in, so that a test can replay a run from its seed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace base {

class RandomSource {
 public:
  virtual ~RandomSource() = default;
  // Fills `out`; in production from the kernel's generator, fit for secrets. Any thread that owns
  // the source; a source is not shared between threads.
  virtual void fill(std::span<uint8_t> out) = 0;
};

}  // namespace base

// SystemRandom: the kernel's generator (getrandom), drawn 512 bytes at a time because a system call
// per id would cost more than the id. One per thread; bytes that were handed out are wiped.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/random.h"

namespace runtime {

class SystemRandom final : public base::RandomSource {
 public:
  ~SystemRandom() override;
  void fill(std::span<uint8_t> out) override;

 private:
  std::array<uint8_t, 512> buffer_{};
  std::size_t used_ = 512;
};

}  // namespace runtime

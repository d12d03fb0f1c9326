// What one attempt to read from or write to a non-blocking connection gave.
#pragma once

#include <cstddef>
#include <cstdint>

namespace runtime {

struct IoResult {
  enum class Outcome : uint8_t {
    kBytes,       // `bytes` were moved, at least one
    kWouldBlock,  // try again when the descriptor is ready
    kEnd,         // reading: the peer will send no more
    kFailed,      // the connection is of no use any more
  };
  Outcome outcome = Outcome::kFailed;
  std::size_t bytes = 0;
};

}  // namespace runtime

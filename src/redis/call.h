// Call: a command on its way, from the caller to its answer, over all of its attempts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "base/time.h"
#include "redis/address.h"
#include "redis/answer.h"
#include "redis/script.h"

namespace redis {

// What becomes of a command while there is no connection to its server.
enum class WhenDown : uint8_t {
  kFail,  // it is refused at once
  kWait,  // it waits for one, as long as an answer may take (Options::command_timeout)
};

struct Call {
  std::string encoded;
  int slot = 0;                    // of its key; counts in a cluster only
  const Script* script = nullptr;  // of an EVALSHA
  bool script_sent = false;        // once is enough
  WhenDown when_down = WhenDown::kFail;
  base::SteadyTime expires;
  bool slot_moves = false;  // it has been given longer
  int retries = 0;
  std::optional<Address> at;     // one of Servers::masters(), whatever the slot
  std::optional<Address> asked;  // a cluster's ASK: the next attempt goes there
  Callback done;

  [[nodiscard]] std::size_t cost() const { return encoded.size() + sizeof(Call); }
};

}  // namespace redis

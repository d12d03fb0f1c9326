// The identities of the contract's section 1.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace presence {

// Opaque, 1 to 128 bytes of UTF-8 without control characters; check_user_id() says so of input.
using UserId = std::string;

constexpr std::size_t kMaxUserIdBytes = 128;
constexpr std::size_t kMaxDeviceKeyBytes = 64;
constexpr std::size_t kMaxCustomMessageBytes = 256;

// Refuses what is no user id; the message names `field`, as in "userId: ...". The text comes from
// outside and is not repeated in the message.
[[nodiscard]] base::Result<void> check_user_id(std::string_view id, std::string_view field);

// Grows for a user within a view, across restarts; below 2^53 (contract, section 4).
using Version = uint64_t;

}  // namespace presence

#include "presence/ids.h"

#include "base/utf8.h"

namespace presence {

base::Result<void> check_user_id(std::string_view id, std::string_view field) {
  const auto refuse = [&](const char* why) {
    return base::fail(base::ErrorCode::kInvalidArgument, std::string(field) + ": " + why);
  };
  if (id.empty()) return refuse("a user id must not be empty");
  if (id.size() > kMaxUserIdBytes) return refuse("a user id has at most 128 bytes");
  if (!base::is_valid_utf8(id)) return refuse("a user id must be valid UTF-8");
  if (base::has_control_character(id)) return refuse("a user id holds no control characters");
  return {};
}

}  // namespace presence

// What clients say, from the text to the typed request: whatever JSON comes, each parser takes it
// or refuses it, and what it takes keeps the limits of the contract.
#include <boost/json/value.hpp>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "presence/ids.h"
#include "socketio/payload.h"
#include "wire/requests.h"

namespace {

void check(bool holds) {
  if (!holds) std::abort();
}

template <class T>
const T* taken(const base::Result<T>& result) {
  if (result) return &*result;
  check(result.error().code == base::ErrorCode::kInvalidArgument);
  check(!result.error().message.empty());
  return nullptr;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  const base::WallTime now = base::wall_from_millis(1'700'000'000'000);
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto value = socketio::parse_json(text, {});
  if (!value) return 0;
  if (const boost::json::object* auth = value->if_object()) {
    const auto result = wire::parse_connect(*auth);
    if (const auto* connect = taken(result)) {
      check(connect->token.size() <= wire::kMaxTokenBytes);
      check(connect->cursor.size() <= wire::kMaxCursorBytes);
      check(connect->user_id.size() <= presence::kMaxUserIdBytes);
      check(connect->device_key.size() <= presence::kMaxDeviceKeyBytes);
    }
  }
  const auto heartbeat = wire::parse_heartbeat(&*value);
  if (const auto* beat = taken(heartbeat)) check(!beat->idle_ms || *beat->idle_ms >= 0);
  const auto bulk = wire::parse_bulk(&*value);
  if (const auto* query = taken(bulk)) {
    check(query->user_ids.size() <= wire::kMaxBulkIds);
    for (const auto& id : query->user_ids) check(presence::check_user_id(id, "").has_value());
  }
  const auto user = wire::parse_user(&*value);
  if (const auto* query = taken(user))
    check(presence::check_user_id(query->user_id, "").has_value());
  const auto choice = wire::parse_status(&*value, now);
  if (const auto* chosen = taken(choice)) {
    check(chosen->message.size() <= presence::kMaxCustomMessageBytes);
    check(!chosen->expires_at || *chosen->expires_at > now);
  }
  const auto refresh = wire::parse_refresh(&*value);
  if (const auto* token = taken(refresh)) check(token->size() <= wire::kMaxTokenBytes);
  const auto contacts = wire::parse_contacts_request(&*value);
  if (const auto* id = taken(contacts)) check(*id == wire::request_id_of(&*value));
  return 0;
}

// What clients say, as typed values: the CONNECT payload (contract, section 2) and the payloads of
// the events (section 3). Each function refuses with kInvalidArgument and a message that begins
// with the field at fault; unknown fields are ignored. Pure.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "presence/device.h"
#include "presence/ports.h"

namespace wire {

constexpr std::size_t kMaxTokenBytes = 8 * 1024;
constexpr std::size_t kMaxCursorBytes = 1024;
constexpr std::size_t kMaxRequestIdBytes = 256;
constexpr std::size_t kMaxDeviceInfoBytes = 512;  // of `os` and `browser`: a whole User-Agent fits
constexpr std::size_t kMaxBulkIds = 1000;

struct ConnectPayload {
  std::string token;    // empty: none
  std::string user_id;  // empty: none
  std::string device_key;
  std::optional<presence::DeviceInfo> info;
  bool snapshot = false;  // also when there is a cursor
  std::string cursor;
};
base::Result<ConnectPayload> parse_connect(const boost::json::object& auth);

struct HeartbeatPayload {
  std::optional<int64_t> idle_ms;
  std::optional<presence::DeviceInfo> info;
};
// `payload` is the event's first argument, null when it has none; the same below.
base::Result<HeartbeatPayload> parse_heartbeat(const boost::json::value* payload);

struct BulkPayload {
  std::vector<std::string> user_ids;
  std::string request_id;
};
base::Result<BulkPayload> parse_bulk(const boost::json::value* payload);

struct UserPayload {
  std::string user_id;
  std::string request_id;
};
base::Result<UserPayload> parse_user(const boost::json::value* payload);

base::Result<presence::Choice> parse_status(const boost::json::value* payload, base::WallTime now);

// `requestId`, empty when there is none.
base::Result<std::string> parse_contacts_request(const boost::json::value* payload);

base::Result<std::string> parse_refresh(const boost::json::value* payload);

// A copy of a binary event's payload with null for each of its attachments, which JSON holds the
// place of with an object: no field of ours is binary, and an attachment is no object.
boost::json::value without_attachments(const boost::json::value& payload);

// The `requestId` of a payload that may be broken otherwise, for its error; empty when there is
// none that could be repeated.
std::string request_id_of(const boost::json::value* payload);

}  // namespace wire

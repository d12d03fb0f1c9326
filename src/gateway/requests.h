// What a frontend asks the hub for, and how the hub answers: the two directions between the core
// thread that owns a connection and the one that owns the directory.
//
// Plain values, so that they can be queued and cross threads. A device is named by its DeviceRef
// only; what is said of one that is gone meanwhile is ignored on both sides.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "presence/directory.h"
#include "presence/effects.h"

namespace gateway {

// Whom an answer goes to, and how: as the acknowledgement `ack_id`, or as the answering event.
struct Asker {
  presence::DeviceRef device;
  std::optional<uint64_t> ack_id;
};

struct HeartbeatRequest {
  Asker asker;
  presence::Heartbeat heartbeat;
};

struct BulkRequest {
  Asker asker;
  std::vector<std::string> user_ids;
  std::string request_id;
};

struct UserRequest {
  Asker asker;
  std::string user_id;
  std::string request_id;
};

struct StatusRequest {
  Asker asker;
  presence::Choice choice;
};

struct ContactsRequest {
  Asker asker;
  std::string request_id;
};

using Request = std::variant<presence::Connect, presence::Heard, presence::Left, presence::Lost,
                             presence::FellBehind, presence::CaughtUp, HeartbeatRequest,
                             BulkRequest, UserRequest, StatusRequest, ContactsRequest>;

// The way to the hub; one per frontend, in the frontend's thread.
class HubLink {
 public:
  virtual ~HubLink() = default;
  virtual void submit(Request request) = 0;
};

// The way back: what the hub wants done with the connections of one core thread. Called in the
// hub's thread, in the order in which it has to happen.
class Outlet {
 public:
  virtual ~Outlet() = default;
  // Answer the CONNECT of this device; packets for it follow.
  virtual void accept(presence::DeviceRef device) = 0;
  virtual void refuse(presence::DeviceRef device, const base::Error& error) = 0;
  virtual void close(presence::DeviceRef device, presence::CloseReason reason) = 0;
  // One Socket.IO packet for all of `to`; the views are valid during the call.
  virtual void send(std::string_view packet, std::span<const presence::DeviceRef> to) = 0;
  // There is more to tell the device: ask for it with CaughtUp once what was sent has been taken.
  virtual void await_drained(presence::DeviceRef device) = 0;
};

// Devices of several core threads share one dense numbering.
inline unsigned thread_of(presence::DeviceRef device, unsigned threads) {
  return device.index % threads;
}

}  // namespace gateway

// What a frontend keeps of one connection.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "auth/authenticator.h"
#include "base/time.h"
#include "base/timer_wheel.h"
#include "gateway/frontend.h"
#include "gateway/rate_limit.h"
#include "socketio/namespace.h"

namespace gateway {

// The end of a client's token: first it is told, then it is disconnected.
struct Frontend::TokenWatch : base::TimerNode {
  uint32_t slot = 0;
  bool warned = false;
  bool from_handshake = false;  // not from the CONNECT packet
  std::string user_id;
  std::optional<base::WallTime> expires_at;
};

struct Frontend::Client {
  Client(presence::DeviceRef r, TokenBucket b) : ref(r), bucket(b) {}

  presence::DeviceRef ref;
  TokenBucket bucket;
  Throttle heard;                      // how often the hub is told of a transport packet
  Throttle refusals;                   // of events over the limit without an ack
  socketio::Socket* socket = nullptr;  // null until accepted
  socketio::ConnectId connect_id{};    // of the request it came from
  std::unique_ptr<TokenWatch> token;   // of a client that came with a token
  bool behind = false;                 // it does not read what it is sent; the hub knows
};

// What is known of a connection that was left, should the client join again on it: its handshake is
// not kept.
struct Frontend::Left {
  presence::DeviceRef device;
  std::optional<auth::Identity> identity;  // that a token of the handshake proved
};

// A client between its CONNECT and the hub's answer.
struct Frontend::Joining {
  uint32_t slot = 0;
  std::string user_id;
};

}  // namespace gateway

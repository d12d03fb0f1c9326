// One device of a user: a Socket.IO connection, or what lingers of one (contract, section 1).
#pragma once

#include <cstdint>
#include <string>

#include "base/compact_text.h"
#include "base/time.h"
#include "base/timer_wheel.h"
#include "presence/handle_set.h"
#include "presence/string_pool.h"
#include "presence/view.h"

namespace presence {

// Names a connection to the domain. The index is dense (a slot of the caller's table); the
// generation tells successive users of a slot apart, so that what is said of a connection that is
// gone is ignored.
struct DeviceRef {
  uint32_t index = 0xffffffff;
  uint32_t generation = 0;
  bool operator==(const DeviceRef&) const = default;
};
constexpr DeviceRef kNoDevice{};
struct DeviceRefHash {
  std::size_t operator()(DeviceRef ref) const {
    return static_cast<std::size_t>(uint64_t{ref.generation} << 32 | ref.index);
  }
};

// What a client says of itself in `deviceInfo`.
struct DeviceInfo {
  DeviceType type = DeviceType::web;
  std::string os;
  std::string browser;
};

enum class DeviceState : uint8_t {
  joining,    // waits for the contacts of its user; nobody knows of it yet
  live,       // connected and heard from
  stale,      // connected, but silent for too long
  lingering,  // lost its transport, still inside its grace
  elsewhere,  // live or lingering on another node
};

// A deadline of the domain; the wheel hands it back when it is due.
struct Deadline : base::TimerNode {
  enum class Kind : uint8_t { device, choice };
  Deadline(Kind k, UserHandle u) : kind(k), user(u) {}
  Kind kind;
  UserHandle user;
};

struct Device {
  explicit Device(UserHandle owner) : deadline(Deadline::Kind::device, owner) {}

  Deadline deadline;  // when a live device goes stale, or the grace of a lingering one ends
  DeviceRef ref;      // kNoDevice once lingering
  SocketId socket_id;
  DeviceType type = DeviceType::web;
  DeviceState state = DeviceState::joining;
  bool said_info = false;  // the client has described itself
  bool idle = false;       // it last reported an `idleMs` of `auto_away_after` or more
  bool behind = false;     // it does not read what it is sent
  base::WallTime connected_at{};
  base::WallTime lost_at{};       // while lingering
  base::SteadyTime last_heard{};  // any presence event
  base::CompactText key;          // `deviceId`, may be empty
  base::CompactText address;      // seldom shared, so not pooled
  PooledString os;
  PooledString browser;
  PooledString user_agent;

  [[nodiscard]] bool counts() const {
    return state == DeviceState::live || state == DeviceState::lingering ||
           state == DeviceState::elsewhere;
  }
  [[nodiscard]] bool reachable() const {
    return state == DeviceState::live || state == DeviceState::stale;
  }
};

}  // namespace presence

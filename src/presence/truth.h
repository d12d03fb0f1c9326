// Truth: what is true of a user over all nodes, as the decider that they share has decided it
// (contract, section 9). A node replaces what it knew of the user by it, and tells the difference.
#pragma once

#include <string>
#include <vector>

#include "base/time.h"
#include "presence/ids.h"
#include "presence/ports.h"
#include "presence/view.h"

namespace presence {

struct Truth {
  // A live or lingering device of any node.
  struct Device {
    SocketId socket_id;
    DeviceType type = DeviceType::web;
    base::WallTime connected_at{};
    bool lingering = false;
    bool idle = false;
    bool here = false;  // of this node
    // Only of users with devices on several nodes; as of the change. Without: not said.
    base::WallTime last_heartbeat{};
    std::string address;
    std::string user_agent;
    std::string os;
    std::string browser;
    bool operator==(const Device&) const = default;
  };

  UserId user;
  // Of the first event that follows from it; the truth before has a version at least 8 below.
  Version version = 0;
  Status status = Status::offline;  // what watchers see
  bool auto_away = false;
  std::string message;
  base::WallTime last_seen{};      // what watchers see of an offline user
  base::WallTime own_last_seen{};  // what the user's own devices see
  base::WallTime visible_since{};  // the end of the last chosen `offline`
  OfflineReason reason = OfflineReason::disconnected;
  Choice choice;
  std::vector<Device> devices;     // in the order of their joining
  std::vector<SocketId> replaced;  // devices that the change took the place of, on any node
  bool operator==(const Truth&) const = default;
};

// What the user and operators see of a device, wherever it is.
struct DeviceDetails {
  SocketId socket_id;
  DeviceType type = DeviceType::web;
  std::string os;
  std::string browser;
  base::WallTime connected_at{};
  base::WallTime last_heartbeat{};
  std::string address;
  std::string user_agent;
};

struct FullTruth {
  Truth truth;
  std::vector<DeviceDetails> devices;  // of truth.devices, in their order
};

}  // namespace presence

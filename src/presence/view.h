// What watchers see of a user, and what a change of it has to tell them (contract, sections 4, 5).
//
// A View is a complete value: everything that a watcher is ever told follows from replacing one
// View by the next, which is what keeps "never told twice, never out of order" in one place.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/compact_text.h"
#include "base/time.h"
#include "presence/ids.h"
#include "presence/ports.h"

namespace presence {

enum class DeviceType : uint8_t { web, mobile, desktop };
enum class OfflineReason : uint8_t { disconnected, inactive, manual };

std::string_view status_name(Status status);
std::string_view device_type_name(DeviceType type);
std::string_view offline_reason_name(OfflineReason reason);

// The Socket.IO id of a device: 15 random bytes in base64url.
class SocketId {
 public:
  static constexpr std::size_t kSize = 20;
  SocketId() = default;
  // `text` is exactly kSize characters.
  explicit SocketId(std::string_view text);
  [[nodiscard]] std::string_view view() const { return {text_.data(), kSize}; }
  bool operator==(const SocketId&) const = default;

 private:
  std::array<char, kSize> text_{};
};

struct VisibleDevice {
  SocketId socket_id;
  DeviceType type = DeviceType::web;
  base::WallTime connected_at{};
  bool operator==(const VisibleDevice&) const = default;
};

struct View {
  Version version = 0;
  base::WallTime last_seen{};  // of an offline user; a visible one is seen now
  base::CompactText message;   // empty while offline
  std::vector<VisibleDevice> devices;
  Status status = Status::offline;
  bool auto_away = false;
  OfflineReason reason = OfflineReason::disconnected;  // of the last going offline

  [[nodiscard]] bool offline() const { return status == Status::offline; }
};

// What the replacement of one view by another tells the watchers.
struct ViewChange {
  bool came_online = false;
  bool went_offline = false;
  bool status_changed = false;   // status, message or autoAway, visible before and after
  bool devices_changed = false;  // number or kinds, visible before and after

  [[nodiscard]] bool any() const {
    return came_online || went_offline || status_changed || devices_changed;
  }
};

ViewChange compare(const View& before, const View& after);

// How many devices there are of each kind; what user_devices_changed is about.
using DeviceKinds = std::array<uint16_t, 3>;

}  // namespace presence

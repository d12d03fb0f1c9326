#include "presence/view.h"

#include <cstring>

#include "base/check.h"

namespace presence {
namespace {

DeviceKinds kinds_of(const std::vector<VisibleDevice>& devices) {
  DeviceKinds kinds{};
  for (const VisibleDevice& device : devices) ++kinds[static_cast<std::size_t>(device.type)];
  return kinds;
}

}  // namespace

std::string_view status_name(Status status) {
  switch (status) {
    case Status::online: return "online";
    case Status::away: return "away";
    case Status::busy: return "busy";
    case Status::offline: break;
  }
  return "offline";
}

std::string_view device_type_name(DeviceType type) {
  switch (type) {
    case DeviceType::mobile: return "mobile";
    case DeviceType::desktop: return "desktop";
    case DeviceType::web: break;
  }
  return "web";
}

std::string_view offline_reason_name(OfflineReason reason) {
  switch (reason) {
    case OfflineReason::inactive: return "inactive";
    case OfflineReason::manual: return "manual";
    case OfflineReason::disconnected: break;
  }
  return "disconnected";
}

SocketId::SocketId(std::string_view text) {
  CHECK(text.size() == kSize);
  std::memcpy(text_.data(), text.data(), kSize);
}

ViewChange compare(const View& before, const View& after) {
  ViewChange change;
  if (before.offline() || after.offline()) {
    change.came_online = before.offline() && !after.offline();
    change.went_offline = !before.offline() && after.offline();
    return change;
  }
  change.status_changed = before.status != after.status || before.message != after.message ||
                          before.auto_away != after.auto_away;
  change.devices_changed = kinds_of(before.devices) != kinds_of(after.devices);
  return change;
}

}  // namespace presence

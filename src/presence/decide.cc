#include "presence/user.h"

namespace presence {

Decision decide(const CompactVector<std::unique_ptr<Device>>& devices, const Choice* choice,
                Decision& automatic) {
  bool any_live = false;
  bool any_counts = false;
  bool all_idle = true;
  for (const auto& device : devices) {
    if (!device->counts()) continue;
    any_counts = true;
    any_live =
        any_live || device->state == DeviceState::live || device->state == DeviceState::elsewhere;
    all_idle = all_idle && device->idle;
  }
  if (any_live) {
    automatic = all_idle ? Decision{Status::away, true} : Decision{Status::online, false};
  }
  if (!any_counts) return {};
  if (choice != nullptr && choice->status != Status::online) return {choice->status, false};
  return automatic;
}

}  // namespace presence

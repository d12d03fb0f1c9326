// What a device has not been told because it does not read what it is sent (docs/adr/0004).
#pragma once

#include <cstdint>
#include <map>

#include "presence/handle_set.h"
#include "presence/ids.h"

namespace presence {

// A contact of whom at least one event was kept back.
struct MissedContact {
  bool was_visible = false;  // as the device was last told
  bool status = false;       // status or message may differ from what it was told
  bool devices = false;      // so may the devices
};

struct Behind {
  Version since = 0;         // everything up to here was told
  bool own_status = false;   // of the device's own user
  bool own_devices = false;  // of the device's own user
  std::map<UserHandle, MissedContact> contacts;
  UserHandle next = 0;  // where catching up goes on: round and round, so that nobody has to wait
};

}  // namespace presence

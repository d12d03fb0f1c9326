// Decider: in a cluster, decides what is true of a user for all nodes (contract, section 9). What
// it decides comes back as inputs of the directory.
//
// In the hub's thread.
#pragma once

#include <functional>

#include "base/result.h"
#include "presence/effects.h"
#include "presence/ports.h"
#include "presence/user.h"

namespace gateway {

class Decider {
 public:
  virtual ~Decider() = default;
  virtual void report(const presence::Report& report) = 0;
  // `done` when it was decided; the directory knows of it by then.
  virtual void choose(const presence::UserId& user, const presence::Choice& choice,
                      std::function<void(base::Result<void>)> done) = 0;
  // The device was heard from.
  virtual void heard(presence::DeviceRef device) = 0;
};

}  // namespace gateway

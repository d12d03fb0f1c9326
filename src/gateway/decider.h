// Decider: in a cluster, decides what is true of a user for all nodes (contract, section 9). What
// it decides comes back as inputs of the directory.
//
// In the hub's thread.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "presence/effects.h"
#include "presence/ports.h"
#include "presence/truth.h"
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

  // What is true of these users, in their order; kStoreUnavailable when that cannot be read.
  using Truths = std::vector<presence::FullTruth>;
  virtual void look_up(std::vector<presence::UserId> users,
                       std::function<void(base::Result<Truths>)> done) = 0;
  // On whichever node they are.
  virtual void close_device(const presence::UserId& user, const std::string& socket_id) = 0;
  virtual void forget(const presence::UserId& user) = 0;
  // `done` when this node knows of every change of edges that was answered before.
  virtual void hear_edges(std::function<void()> done) = 0;
};

}  // namespace gateway

// The mailboxes between the hub's thread and the other core threads. What is said within a turn is
// collected and posted as one task at its end, so order is kept and a busy turn costs one wake-up.
//
// When the receiver's mailbox is full the batch stays, and flush() says so: it is to be called
// again soon, whether or not anything else happens by then. Nothing that was said is lost, and what
// waits is bounded by what devices may send.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "gateway/hub.h"
#include "gateway/requests.h"
#include "runtime/event_loop.h"

namespace app {

// In a core thread that is not the hub's.
class RemoteHub final : public gateway::HubLink {
 public:
  RemoteHub(runtime::EventLoop& hub_loop, gateway::Hub& hub) : loop_(hub_loop), hub_(hub) {}
  void submit(gateway::Request request) override { batch_.push_back(std::move(request)); }
  // False: it has to be called again.
  [[nodiscard]] bool flush();

 private:
  runtime::EventLoop& loop_;
  gateway::Hub& hub_;
  std::vector<gateway::Request> batch_;
};

// In the hub's thread, for the outlet of another one.
class RemoteOutlet final : public gateway::Outlet {
 public:
  // `target` is asked for in `loop`'s thread.
  RemoteOutlet(runtime::EventLoop& loop, std::function<gateway::Outlet&()> target)
      : loop_(loop), target_(std::move(target)) {}
  void accept(presence::DeviceRef device) override;
  void refuse(presence::DeviceRef device, const base::Error& error) override;
  void close(presence::DeviceRef device, presence::CloseReason reason) override;
  void send(std::string_view packet, std::span<const presence::DeviceRef> to) override;
  void await_drained(presence::DeviceRef device) override;
  // False: it has to be called again.
  [[nodiscard]] bool flush();

 private:
  struct Accept {
    presence::DeviceRef device;
  };
  struct Refuse {
    presence::DeviceRef device;
    base::Error error;
  };
  struct Close {
    presence::DeviceRef device;
    presence::CloseReason reason;
  };
  struct Send {
    std::string packet;
    std::vector<presence::DeviceRef> to;
  };
  struct AwaitDrained {
    presence::DeviceRef device;
  };
  using Said = std::variant<Accept, Refuse, Close, Send, AwaitDrained>;
  static void repeat(const std::vector<Said>& batch, gateway::Outlet& target);

  runtime::EventLoop& loop_;
  std::function<gateway::Outlet&()> target_;
  std::vector<Said> batch_;
};

// In the hub's thread, for its own devices; the frontend comes later than the hub.
class LocalOutlet final : public gateway::Outlet {
 public:
  void set_target(gateway::Outlet& target) { target_ = &target; }
  void accept(presence::DeviceRef device) override { target_->accept(device); }
  void refuse(presence::DeviceRef device, const base::Error& error) override {
    target_->refuse(device, error);
  }
  void close(presence::DeviceRef device, presence::CloseReason reason) override {
    target_->close(device, reason);
  }
  void send(std::string_view packet, std::span<const presence::DeviceRef> to) override {
    target_->send(packet, to);
  }
  void await_drained(presence::DeviceRef device) override { target_->await_drained(device); }

 private:
  gateway::Outlet* target_ = nullptr;
};

class LocalHub final : public gateway::HubLink {
 public:
  explicit LocalHub(gateway::Hub& hub) : hub_(hub) {}
  void submit(gateway::Request request) override { hub_.handle(std::move(request)); }

 private:
  gateway::Hub& hub_;
};

}  // namespace app

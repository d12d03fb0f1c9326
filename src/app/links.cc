#include "app/links.h"

namespace app {
namespace {

// Posts `batch` for `deliver`; false, and it stays with the caller, when the mailbox is full.
template <class Batch, class Deliver>
bool post_batch(runtime::EventLoop& loop, Batch& batch, Deliver deliver) {
  if (batch.empty()) return true;
  auto shared = std::make_shared<Batch>(std::move(batch));
  batch.clear();
  if (loop.post([shared, deliver] { deliver(*shared); })) return true;
  batch = std::move(*shared);
  return false;
}

}  // namespace

bool RemoteHub::flush() {
  return post_batch(loop_, batch_, [&hub = hub_](std::vector<gateway::Request>& requests) {
    for (gateway::Request& request : requests) hub.handle(std::move(request));
  });
}

void RemoteOutlet::accept(presence::DeviceRef device) { batch_.emplace_back(Accept{device}); }

void RemoteOutlet::refuse(presence::DeviceRef device, const base::Error& error) {
  batch_.emplace_back(Refuse{device, error});
}

void RemoteOutlet::close(presence::DeviceRef device, presence::CloseReason reason) {
  batch_.emplace_back(Close{device, reason});
}

void RemoteOutlet::send(std::string_view packet, std::span<const presence::DeviceRef> to) {
  batch_.emplace_back(Send{std::string(packet), {to.begin(), to.end()}});
}

void RemoteOutlet::await_drained(presence::DeviceRef device) {
  batch_.emplace_back(AwaitDrained{device});
}

void RemoteOutlet::repeat(const std::vector<Said>& batch, gateway::Outlet& target) {
  for (const Said& said : batch) {
    if (const auto* sent = std::get_if<Send>(&said)) {
      target.send(sent->packet, sent->to);
    } else if (const auto* accepted = std::get_if<Accept>(&said)) {
      target.accept(accepted->device);
    } else if (const auto* refused = std::get_if<Refuse>(&said)) {
      target.refuse(refused->device, refused->error);
    } else if (const auto* closed = std::get_if<Close>(&said)) {
      target.close(closed->device, closed->reason);
    } else if (const auto* awaited = std::get_if<AwaitDrained>(&said)) {
      target.await_drained(awaited->device);
    }
  }
}

bool RemoteOutlet::flush() {
  return post_batch(loop_, batch_, [target = target_](const std::vector<Said>& batch) {
    repeat(batch, target());
  });
}

}  // namespace app

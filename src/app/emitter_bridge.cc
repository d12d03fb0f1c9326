#include "app/emitter_bridge.h"

#include <spdlog/spdlog.h>

#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

#include "app/core.h"

namespace app {
namespace {

// Of requests that wait for a thread; what comes then is dropped, as it is while Redis is away.
constexpr std::size_t kMaxWaitingBytes = std::size_t{64} << 20;
constexpr base::Duration kDropInterval{60'000};  // between two lines about what was dropped

// An audience of the socketio module is made of views.
class Views {
 public:
  explicit Views(const adapter::Selection& who)
      : rooms_(who.rooms.begin(), who.rooms.end()), except_(who.except.begin(), who.except.end()) {}
  [[nodiscard]] socketio::Audience audience() const { return {rooms_, except_}; }

 private:
  std::vector<std::string_view> rooms_;
  std::vector<std::string_view> except_;
};

// What one thread does with its sockets.
class Worker {
 public:
  Worker(Core& core, std::function<void(std::string)> on_ack)
      : nsp_(core.nsp()), frontend_(core.frontend()), on_ack_(std::move(on_ack)) {}

  adapter::Part operator()(const adapter::Broadcast& broadcast) {
    const adapter::Event& event = broadcast.event;
    const socketio::Broadcast packet(nsp_.name(), event.name, event.args_json, event.attachments);
    return sent(nsp_.send(packet, Views(broadcast.to).audience(), event.droppable));
  }
  adapter::Part operator()(const adapter::BroadcastWithAck& broadcast) {
    const adapter::Event& event = broadcast.event;
    const auto answered = [on_ack = on_ack_,
                           id = broadcast.request_id](const socketio::AckAnswer& answer) {
      if (answer.outcome != socketio::AckAnswer::Outcome::kAnswered) return;
      const boost::json::value none;
      on_ack(adapter::ack_answer(id, answer.args->empty() ? none : answer.args->front(),
                                 answer.attachments));
    };
    return sent(nsp_.send_with_ack(event.name, event.args_json, event.attachments,
                                   Views(broadcast.to).audience(), event.droppable,
                                   broadcast.timeout, answered));
  }
  adapter::Part operator()(const adapter::Join& join) {
    return each(join.who, [&](socketio::Socket& socket, adapter::Part&) {
      for (const std::string& room : join.rooms) socket.join(room);
    });
  }
  adapter::Part operator()(const adapter::Leave& leave) {
    return each(leave.who, [&](socketio::Socket& socket, adapter::Part&) {
      for (const std::string& room : leave.rooms) socket.leave(room);
    });
  }
  adapter::Part operator()(const adapter::Disconnect& disconnect) {
    return each(disconnect.who, [&](socketio::Socket& socket, adapter::Part&) {
      socket.disconnect(disconnect.scope);
    });
  }
  adapter::Part operator()(const adapter::ListSockets& list) {
    return each(list.who, [](const socketio::Socket& socket, adapter::Part& part) {
      part.names.emplace_back(socket.id());
    });
  }
  adapter::Part operator()(const adapter::ListRooms&) {
    adapter::Part part = (*this)(adapter::ListSockets{});
    for (const std::string_view room : nsp_.rooms()) part.names.emplace_back(room);
    return part;
  }
  adapter::Part operator()(const adapter::FetchSockets& fetch) {
    return each(fetch.who, [](const socketio::Socket& socket, adapter::Part& part) {
      const std::vector<std::string_view> rooms = socket.rooms();
      part.sockets.push_back({std::string(socket.id()), {rooms.begin(), rooms.end()}});
    });
  }
  // The bridge answers it by itself.
  adapter::Part operator()(const adapter::ServerSideEmit&) { return {}; }

 private:
  template <class Visit>
  adapter::Part each(const adapter::Selection& who, Visit visit) {
    adapter::Part part;
    nsp_.for_each(Views(who).audience(), [&](socketio::Socket& socket) { visit(socket, part); });
    return part;
  }
  adapter::Part sent(const std::vector<socketio::Socket*>& receivers) {
    for (socketio::Socket* socket : receivers) frontend_.note_backlog(*socket);
    adapter::Part part;
    part.clients = receivers.size();
    return part;
  }

  socketio::Namespace& nsp_;
  gateway::Frontend& frontend_;
  std::function<void(std::string)> on_ack_;
};

}  // namespace

base::Result<std::unique_ptr<EmitterBridge>> EmitterBridge::create(
    const std::string& url, std::span<runtime::EventLoop* const> loops,
    std::function<Core&(unsigned)> core) {
  redis::Options options;
  auto parsed = redis::Url::parse(url);
  if (!parsed) return tl::unexpected(parsed.error());
  options.url = *std::move(parsed);
  std::unique_ptr<EmitterBridge> made(new EmitterBridge(loops, std::move(core)));
  runtime::EventLoop& loop = made->hub_loop();
  auto client = redis::Client::create(loop, made->random_, options);
  if (!client) return tl::unexpected(client.error());
  made->client_ = *std::move(client);
  auto bridge = adapter::Bridge::create(loop, made->random_, options, *made->client_,
                                        static_cast<unsigned>(loops.size()), *made);
  if (!bridge) return tl::unexpected(bridge.error());
  made->bridge_ = *std::move(bridge);
  return made;
}

EmitterBridge::EmitterBridge(std::span<runtime::EventLoop* const> loops,
                             std::function<Core&(unsigned)> core)
    : loops_(loops.begin(), loops.end()), core_(std::move(core)), waiting_bytes_(loops.size()) {}

void EmitterBridge::carry_out(const adapter::OrderPtr& order) {
  for (unsigned thread = 1; thread < loops_.size(); ++thread) {
    std::atomic<std::size_t>& waiting = waiting_bytes_[thread];
    const bool taken = waiting.fetch_add(order->bytes) + order->bytes <= kMaxWaitingBytes &&
                       loops_[thread]->post([this, thread, order] {
                         waiting_bytes_[thread] -= order->bytes;
                         carry_out_in(thread, order);
                       });
    if (taken) continue;
    waiting -= order->bytes;
    bridge_->give_up(*order);
    on_dropped("core thread " + std::to_string(thread) + " is overloaded");
  }
  carry_out_in(0, order);
}

void EmitterBridge::carry_out_in(unsigned thread, const adapter::OrderPtr& order) {
  Worker worker(core_(thread), [this](std::string answer) { bring_ack(std::move(answer)); });
  adapter::Part part = std::visit(worker, order->request);
  if (adapter::wants_parts(order->request)) bring_part(order, std::move(part));
}

// Without this part, or this acknowledgement, the one who asks waits until its own time is over.
void EmitterBridge::bring_part(const adapter::OrderPtr& order, adapter::Part part) {
  if (hub_loop().in_loop_thread()) return bridge_->on_part(*order, std::move(part));
  if (!hub_loop().post([this, order, part = std::move(part)]() mutable {
        bridge_->on_part(*order, std::move(part));
      }))
    spdlog::warn("back ends: the hub's thread is overloaded; an answer is lost");
}

void EmitterBridge::bring_ack(std::string answer) {
  if (hub_loop().in_loop_thread()) return bridge_->on_ack(answer);
  if (!hub_loop().post([this, answer = std::move(answer)] { bridge_->on_ack(answer); }))
    spdlog::warn("back ends: the hub's thread is overloaded; an acknowledgement is lost");
}

void EmitterBridge::on_dropped(const std::string& why) {
  ++dropped_;
  const base::SteadyTime now = hub_loop().now().steady;
  if (told_dropped_ && now < *told_dropped_ + kDropInterval) return;
  told_dropped_ = now;
  spdlog::warn("back ends: {} dropped; the last one: {}", std::exchange(dropped_, 0), why);
}

void EmitterBridge::on_listening() {
  spdlog::info("back ends: events of other Socket.IO servers on Redis are heard");
}

void EmitterBridge::on_deaf(const std::string& why) {
  spdlog::warn("back ends: events of other Socket.IO servers are missed: {}", why);
}

}  // namespace app

// Frontend: the devices of one core thread. Socket.IO packets become requests to the hub; what the
// hub answers becomes packets. Here a client is authenticated, its payloads are checked, its rate
// is limited, and its token's end is watched; what presence is, is decided by the directory.
//
// Belongs to its core thread. As an Outlet it is called in that thread too: by the hub itself when
// that lives here, otherwise by the link that has brought the hub's messages over.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "auth/authenticator.h"
#include "base/time.h"
#include "base/timer_wheel.h"
#include "gateway/rate_limit.h"
#include "gateway/requests.h"
#include "net/client_address.h"
#include "socketio/namespace.h"
#include "wire/requests.h"

namespace gateway {

enum class HeartbeatSource : uint8_t { app, transport };

struct FrontendOptions {
  unsigned thread = 0;
  unsigned threads = 1;
  uint32_t events_per_second = 50;  // per device; 0: no limit
  HeartbeatSource heartbeat_source = HeartbeatSource::app;
  std::vector<net::AddressRange> trusted_proxies;
};

class Frontend final : public socketio::NamespaceHandler, public Outlet {
 public:
  // `authenticator` outlives it; `clock` is the time of the loop's present turn.
  Frontend(FrontendOptions options, const auth::Authenticator& authenticator,
           std::function<base::Instant()> clock);
  ~Frontend() override;

  // Before the first connection; outlives it.
  void set_hub(HubLink& hub) { hub_ = &hub; }

  // Tells and ends those whose tokens have expired. To be called twice a second also while nothing
  // is due: the wall clock may be set forward.
  void advance();
  [[nodiscard]] std::optional<base::SteadyTime> next_due() const { return wheel_.next_due(); }

  // To be called after something was sent to a socket past this frontend: like all output it may
  // have left the client behind.
  void note_backlog(socketio::Socket& socket);

  // From now on who is shut down is lost, like by a broken line: the hub says how long they linger.
  void drain() { draining_ = true; }

  // socketio::NamespaceHandler
  void on_connect(socketio::Namespace& nsp, const socketio::ConnectRequest& request) override;
  void on_connect_abandoned(socketio::Namespace& nsp, socketio::ConnectId id) override;
  void on_event(socketio::Socket& socket, const socketio::Event& event) override;
  void on_heard(socketio::Socket& socket) override;
  void on_disconnect(socketio::Socket& socket, socketio::DisconnectReason reason) override;
  void on_drained(socketio::Socket& socket) override;

  // Outlet
  void accept(presence::DeviceRef device) override;
  void refuse(presence::DeviceRef device, const base::Error& error) override;
  void close(presence::DeviceRef device, presence::CloseReason reason) override;
  void send(std::string_view packet, std::span<const presence::DeviceRef> to) override;
  void await_drained(presence::DeviceRef device) override;

 private:
  struct TokenWatch;
  struct Client;
  struct Joining;
  struct Left;

  base::Result<presence::Connect> prepare(const socketio::ConnectRequest& request, Client& client);
  Client& add_client();
  // kHeld: the directory is not told, so its entry for the slot stays and nobody may follow.
  enum class Slot : uint8_t { kFree, kHeld };
  void drop_client(Client& client, Slot after = Slot::kFree);
  void remember_connection(const Client& client);
  [[nodiscard]] Client* find(presence::DeviceRef device) const;
  [[nodiscard]] Client* find_accepted(presence::DeviceRef device) const;
  void watch_backlog(Client& client);

  // An event that was not refused: its request, or nothing when it was answered here.
  base::Result<std::optional<Request>> decode(Client& client, const socketio::Event& event,
                                              const boost::json::value* payload);
  base::Result<void> refresh_token(Client& client, const Asker& asker,
                                   const boost::json::value* payload);
  void refuse_over_limit(Client& client, const socketio::Event& event,
                         const boost::json::value* payload);
  void answer_error(Client& client, const socketio::Event& event, const boost::json::value* payload,
                    const base::Error& error);
  void watch_token(Client& client, std::string user_id, std::optional<base::WallTime> expires_at);
  void arm_expiry(TokenWatch& watch);
  void follow_wall_clock();
  void token_due(TokenWatch& watch);

  FrontendOptions options_;
  const auth::Authenticator& authenticator_;
  HubLink* hub_ = nullptr;
  socketio::Namespace* nsp_ = nullptr;
  std::function<base::Instant()> clock_;
  base::TimerWheel wheel_;
  base::Duration wall_offset_;  // of the wall clock to the steady one, as deadlines were armed
  std::vector<std::unique_ptr<Client>> clients_;  // by slot
  std::vector<uint32_t> free_slots_;
  std::unordered_map<uint64_t, Joining> joining_;  // by ConnectId
  std::unordered_map<std::string, Left> left_;     // last of a session, by its sid
  std::vector<socketio::Socket*> receivers_;       // of send(), kept for its memory
  uint32_t next_generation_ = 0;
  bool draining_ = false;
};

}  // namespace gateway

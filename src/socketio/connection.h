// Connection: one Engine.IO session as Socket.IO uses it: its sockets by namespace, its unanswered
// connect requests, and the binary packet whose attachments are still due. Internal to socketio;
// owned by the session's user data, one core thread.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/timer_wheel.h"
#include "engineio/session.h"
#include "socketio/namespace.h"
#include "socketio/packet.h"
#include "socketio/server.h"

namespace socketio {

// A deadline in the Server's wheel.
class Timer : public base::TimerNode {
 public:
  virtual ~Timer() = default;
  virtual void on_due() = 0;
};

class Connection final {
 public:
  Connection(Server::Impl& server, engineio::Session& session);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  [[nodiscard]] engineio::Session& session() const { return session_; }

  void on_text(std::string_view text);
  void on_binary(std::string_view bytes);
  void on_heard();
  void on_drained();

  // Ends the connection; its sockets see `reason`.
  void close(DisconnectReason reason);
  // The session has ended: everything that hangs on it is told.
  void on_session_closed(engineio::CloseReason reason);
  // One DISCONNECT packet per namespace, and the end.
  void disconnect_all();

  Socket* accept(ConnectId id, Namespace& nsp);
  void refuse(ConnectId id, Namespace& nsp, std::string_view message, std::string_view data_json);
  void remove_socket(Socket& socket, DisconnectReason reason);

 private:
  struct Pending {
    ConnectId id;
    Namespace* nsp;
    std::string socket_id;
  };
  // What exists while a connection has not yet joined anything.
  struct Opening;
  struct Assembly;

  void on_connect(const PacketHead& head);
  void on_disconnect(const PacketHead& head);
  void on_payload(const PacketHead& head, std::string_view text);
  void deliver(const PacketHead& head, Attachments attachments);
  void deliver_event(Socket& socket, const PacketHead& head, boost::json::value& payload,
                     Attachments attachments);
  void request_connect(Namespace& nsp, const boost::json::object& auth);
  [[nodiscard]] Socket* find(std::string_view nsp) const;
  [[nodiscard]] Socket* first_connected() const;
  [[nodiscard]] bool pending(std::string_view nsp) const;
  [[nodiscard]] std::size_t namespace_count() const;
  [[nodiscard]] std::optional<Pending> take_pending(ConnectId id);
  void drop_opening_if_idle();

  Server::Impl& server_;
  engineio::Session& session_;
  Socket* first_ = nullptr;  // of a list through Socket::next_
  std::unique_ptr<Opening> opening_;
  std::unique_ptr<Assembly> assembly_;
  std::optional<DisconnectReason> reason_;  // set when this side closes
};

}  // namespace socketio

// Namespace: the sockets of one namespace in one core thread, their rooms, and the handler that the
// application puts behind it.
//
// One core thread; sans-I/O. Owned by the Server.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "engineio/prepared_message.h"
#include "engineio/session.h"
#include "socketio/socket.h"

namespace socketio {

// Names a connect request until it is answered; stays safe to use when the client has gone.
enum class ConnectId : uint64_t {};

// A client asks to join the namespace. Views are valid during the call.
struct ConnectRequest {
  ConnectId id;
  std::string_view socket_id;       // what the socket will be called when it is accepted
  const boost::json::object& auth;  // empty when the client sent none
  engineio::Session& session;       // handshake() is there unless it was released
};

// An event of a client. Valid during the call.
struct Event {
  std::string_view name;
  const boost::json::array& args;  // without the name
  Attachments attachments;         // of the placeholders in `args`
  std::optional<uint64_t> ack_id;  // the client waits for Socket::ack()
};

class NamespaceHandler {
 public:
  virtual ~NamespaceHandler() = default;
  // Answer with Namespace::accept() or refuse(), now or later. Until then the client may send
  // nothing to the namespace; the Server's connect timeout runs on.
  virtual void on_connect(Namespace& nsp, const ConnectRequest& request) = 0;
  // The client went away, or broke the rules, before the request was answered.
  virtual void on_connect_abandoned(Namespace& nsp, ConnectId id) { (void)nsp, (void)id; }
  virtual void on_event(Socket& socket, const Event& event) = 0;
  // Any packet of the client's connection, heartbeats included, unless it has ended the connection
  // or this socket; after what it carries.
  virtual void on_heard(Socket& socket) { (void)socket; }
  // Still in its rooms.
  virtual void on_disconnecting(Socket& socket, DisconnectReason reason) {
    (void)socket, (void)reason;
  }
  // Exactly once for each accepted socket, and nothing after it. The socket has left its rooms, and
  // the namespace no longer finds it.
  virtual void on_disconnect(Socket& socket, DisconnectReason reason) = 0;
  // The connection's output has been taken after it had been behind.
  virtual void on_drained(Socket& socket) { (void)socket; }
};

// Who gets a broadcast: the union of `rooms` (none: everybody) without those in any of `except`.
// Socket ids are rooms.
struct Audience {
  std::span<const std::string_view> rooms;
  std::span<const std::string_view> except;
};

// An event encoded once for many sockets: its packet and its attachments, which stay together.
class Broadcast {
 public:
  // `args_json` is JSON values joined by commas, or empty.
  Broadcast(std::string_view nsp, std::string_view name, std::string_view args_json,
            Attachments attachments = {});
  Broadcast(std::string_view nsp, std::string_view name, const boost::json::array& args,
            Attachments attachments = {});
  // A whole packet, with its attachments.
  Broadcast(std::string_view packet, Attachments attachments);
  [[nodiscard]] std::span<const engineio::PreparedMessage> messages() const { return messages_; }

 private:
  std::vector<engineio::PreparedMessage> messages_;
};

class Namespace final {
 public:
  ~Namespace();
  Namespace(const Namespace&) = delete;
  Namespace& operator=(const Namespace&) = delete;

  [[nodiscard]] std::string_view name() const;

  // Answers a connect request. The new socket's CONNECT answer is sent before anything else. Null
  // when the client has gone meanwhile.
  Socket* accept(ConnectId id);
  // CONNECT_ERROR with `message` and, unless empty, `data_json`. The connection stays open.
  void refuse(ConnectId id, std::string_view message, std::string_view data_json = {});
  // The session of a request that is not answered yet; null when the client has gone.
  [[nodiscard]] engineio::Session* session_of(ConnectId id) const;

  [[nodiscard]] Socket* find(std::string_view id) const;
  [[nodiscard]] std::size_t size() const;
  // Calls `visit` for every socket; it may disconnect any of them.
  void for_each(const std::function<void(Socket&)>& visit) const;
  // The same for those of an audience.
  void for_each(const Audience& audience, const std::function<void(Socket&)>& visit);

  // The names of all rooms with members; the ids of sockets are not among them unless joined by
  // name.
  [[nodiscard]] std::vector<std::string_view> rooms() const;

  void broadcast(const Broadcast& event, const Audience& audience) {
    static_cast<void>(send(event, audience, Volatile::kNo));
  }
  // The same, and who was sent it; kYes leaves out whoever cannot take it at this moment.
  std::vector<Socket*> send(const Broadcast& event, const Audience& audience, Volatile droppable);
  // Asks each of them for an acknowledgement; `callback` is called once for each.
  std::vector<Socket*> send_with_ack(std::string_view event, std::string_view args_json,
                                     Attachments attachments, const Audience& audience,
                                     Volatile droppable, base::Duration timeout,
                                     const AckCallback& callback);

 private:
  friend class Connection;
  friend class Server;
  friend class Socket;
  struct Impl;
  Namespace(Server& server, std::string name, NamespaceHandler& handler);
  std::unique_ptr<Impl> impl_;
};

}  // namespace socketio

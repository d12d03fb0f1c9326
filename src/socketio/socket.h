// Socket: one client in one namespace. Created by its Namespace when a connect request is accepted;
// owned by it.
//
// One core thread. Valid until Server::flush() after NamespaceHandler::on_disconnect(); every call
// on a disconnected socket does nothing. What is sent leaves at the end of the turn. An idle socket
// costs sizeof(Socket) and a slot in the namespace's table of ids; rooms and acknowledgements cost
// nothing until used.
#pragma once

#include <array>
#include <boost/json/array.hpp>
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

namespace socketio {

class Connection;
class Namespace;
class Server;
class PendingAcks;
struct Room;

// Why a socket is gone, as the reference names it.
enum class DisconnectReason : uint8_t {
  kClientDisconnect,    // `client namespace disconnect`: the client's DISCONNECT packet
  kServerDisconnect,    // `server namespace disconnect`: Socket::disconnect()
  kServerShuttingDown,  // `server shutting down`: closed without a DISCONNECT packet
  kForcedServerClose,   // `forced server close`: the client broke the rules of the namespaces
  kPingTimeout,         // the others are the session's (engineio::CloseReason)
  kTransportClose,
  kTransportError,
  kParseError,
  kForcedClose,
};
std::string_view disconnect_reason_text(DisconnectReason reason);

// Attachments of a binary packet, in the order of their placeholders.
using Attachments = std::span<const std::string>;

// What came of an acknowledgement that this side asked for. Valid during the call.
struct AckAnswer {
  enum class Outcome : uint8_t { kAnswered, kTimeout, kDisconnected };
  Outcome outcome = Outcome::kAnswered;
  const boost::json::array* args = nullptr;  // only when answered; the elements of the ack
  Attachments attachments;
};
using AckCallback = std::function<void(const AckAnswer&)>;

enum class Volatile : uint8_t { kNo, kYes };

// A socket's place in a room, kept on both sides so that leaving a large room costs nothing.
struct Membership {
  Room* room;
  std::size_t index;  // in Room::members
};

class Socket final {
 public:
  static constexpr std::size_t kIdLength = 20;

  ~Socket();
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  [[nodiscard]] std::string_view id() const { return {id_.data(), id_.size()}; }
  [[nodiscard]] Namespace& nsp() const { return nsp_; }
  [[nodiscard]] engineio::Session& session() const;
  [[nodiscard]] bool connected() const { return state_ == State::kConnected; }

  // One slot for the owner of the NamespaceHandler.
  [[nodiscard]] void* user_data() const { return user_data_; }
  void set_user_data(void* data) { user_data_ = data; }

  // Sends a whole packet encoded by the caller, such as `2["name",{}]`, without the Engine.IO type;
  // in other namespaces than `/` the packet names them.
  void send_packet(std::string_view packet, Attachments attachments = {});
  void send(const engineio::PreparedMessage& message);
  // The same to many, in their order, for less than one by one (engineio::Session::send_all).
  static void send_all(std::span<Socket* const> sockets, const engineio::PreparedMessage& message);

  // Encodes and sends an event. `args_json` is JSON values joined by commas, or empty.
  void emit(std::string_view name, std::string_view args_json, Attachments attachments = {},
            Volatile droppable = Volatile::kNo);
  // The same with `args` serialised; binary arguments are placeholders in it.
  void emit(std::string_view name, const boost::json::array& args, Attachments attachments = {},
            Volatile droppable = Volatile::kNo);
  // Asks for an acknowledgement. `callback` is called exactly once, also when the socket goes.
  void emit_with_ack(std::string_view name, std::string_view args_json, base::Duration timeout,
                     AckCallback callback, Attachments attachments = {});

  // Answers an event that came with an ack id, which the caller does once. `args_json` as above.
  void ack(uint64_t id, std::string_view args_json, Attachments attachments = {});
  void ack(uint64_t id, const boost::json::array& args, Attachments attachments = {});

  // Leaves the namespace with a DISCONNECT packet; kConnection takes every socket of the connection
  // along, and closes it. on_disconnect(kServerDisconnect) is called before it returns.
  enum class Scope : uint8_t { kNamespace, kConnection };
  void disconnect(Scope scope);
  // Closes the connection without a DISCONNECT packet, so that the client reconnects by itself.
  // on_disconnect(kServerShuttingDown) is called before it returns.
  void close_transport();

  [[nodiscard]] std::size_t backlog() const;  // bytes, of the whole connection
  [[nodiscard]] bool writable() const;

  // Every socket is in the room of its own id without joining it.
  void join(std::string_view room);
  void leave(std::string_view room);
  [[nodiscard]] bool in(std::string_view room) const;
  [[nodiscard]] std::vector<std::string_view> rooms() const;  // own id first

 private:
  friend class Connection;
  friend class Namespace;
  friend class Server;

  enum class State : uint8_t {
    kConnected,
    kLeaving,  // being told so; still in its rooms
    kGone,
  };

  Socket(Namespace& nsp, Connection& connection, std::string_view id);

  Namespace& nsp_;
  Connection& connection_;
  Socket* next_ = nullptr;  // of the same connection
  void* user_data_ = nullptr;
  std::vector<Membership> rooms_;
  std::unique_ptr<PendingAcks> acks_;
  std::array<char, kIdLength> id_{};
  uint32_t mark_ = 0;  // of the last broadcast that has seen this socket
  State state_ = State::kConnected;
};

}  // namespace socketio

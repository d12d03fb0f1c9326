// What a Server and its Namespaces are made of; internal to socketio.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/compact_text.h"
#include "base/sip_hash.h"
#include "engineio/deadlines.h"
#include "engineio/server.h"
#include "socketio/acks.h"
#include "socketio/connection.h"
#include "socketio/namespace.h"
#include "socketio/server.h"
#include "socketio/socket.h"

namespace socketio {

struct SocketIdHash {
  using is_transparent = void;
  // Ids are random; whatever else is looked up is as long.
  std::size_t operator()(std::string_view id) const {
    std::size_t hash = 0;
    std::memcpy(&hash, id.data(), sizeof hash);
    return hash;
  }
  std::size_t operator()(const Socket* socket) const { return (*this)(socket->id()); }
};

struct SocketIdEqual {
  using is_transparent = void;
  static std::string_view id_of(std::string_view id) { return id; }
  static std::string_view id_of(const Socket* socket) { return socket->id(); }
  template <class A, class B>
  bool operator()(const A& a, const B& b) const {
    return id_of(a) == id_of(b);
  }
};

struct Room {
  base::CompactText name;
  std::vector<Socket*> members;  // in no order
};

// Rooms by their names, which clients may choose.
struct RoomHash {
  using is_transparent = void;
  base::HashKey key;
  std::size_t operator()(std::string_view name) const { return base::sip_hash(key, name); }
  std::size_t operator()(const std::unique_ptr<Room>& room) const { return (*this)(room->name); }
};

struct RoomEqual {
  using is_transparent = void;
  static std::string_view name_of(std::string_view name) { return name; }
  static std::string_view name_of(const std::unique_ptr<Room>& room) { return room->name.view(); }
  template <class A, class B>
  bool operator()(const A& a, const B& b) const {
    return name_of(a) == name_of(b);
  }
};

struct Namespace::Impl {
  Impl(Server::Impl& owner, std::string called, NamespaceHandler& behind);

  void join(Socket& socket, std::string_view room);
  void leave(Socket& socket, std::string_view room);
  void leave_all(Socket& socket);
  void leave_at(Socket& socket, std::size_t membership);
  // Calls `visit` for the members of `room`, in which the socket of that id is without joining.
  template <class Visit>
  void visit_room(std::string_view room, Visit&& visit) const;
  [[nodiscard]] std::vector<Socket*> members(const Audience& audience);
  // Of these, who can be sent something.
  [[nodiscard]] std::vector<Socket*> receivers(const Audience& audience, Volatile droppable);
  [[nodiscard]] Socket* find(std::string_view id) const;

  Server::Impl& server;
  const std::string name;
  NamespaceHandler& handler;
  boost::unordered_flat_set<Socket*, SocketIdHash, SocketIdEqual> sockets;  // owned
  boost::unordered_flat_set<std::unique_ptr<Room>, RoomHash, RoomEqual> rooms;
  uint64_t next_ack = 0;
  uint32_t mark = 0;
};

struct Server::Impl final : engineio::SessionHandler {
  Impl(engineio::Options engine_options, Options with, base::RandomSource& source,
       engineio::Clock time, ConnectionPolicy* decides);
  ~Impl() override;

  std::optional<engineio::Refusal> allow_request(const net::HttpRequest& request) override;
  bool on_foreign_node(net::HttpExchange& exchange, const engineio::Sid& sid) override;
  void on_open(engineio::Session& session) override;
  void on_text(engineio::Session& session, std::string_view text) override;
  void on_binary(engineio::Session& session, std::string_view bytes) override;
  void on_heard(engineio::Session& session) override;
  void on_drained(engineio::Session& session) override;
  void on_closed(engineio::Session& session, engineio::CloseReason reason) override;

  [[nodiscard]] Namespace* find_namespace(std::string_view name) const;
  [[nodiscard]] Connection* connection_of(ConnectId id) const;

  const Options options;
  base::RandomSource& random;
  engineio::Clock clock;
  ConnectionPolicy* const policy;
  engineio::Deadlines deadlines;  // nodes are Timers
  std::vector<std::unique_ptr<Namespace>> namespaces;
  boost::unordered_flat_map<uint64_t, Connection*> pending;  // unanswered connect requests
  uint64_t next_connect = 0;
  std::vector<std::unique_ptr<Socket>> dead_sockets;
  std::vector<std::unique_ptr<Connection>> dead_connections;
  engineio::Server engine;
};

}  // namespace socketio

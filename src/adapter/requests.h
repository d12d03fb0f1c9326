// What other back ends ask of the sockets of namespace `/`: the messages of
// @socket.io/redis-adapter 8.x (not sharded) and @socket.io/redis-emitter 5.x, key `socket.io`.
// Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "socketio/socket.h"

namespace adapter {

constexpr std::string_view kBroadcastPattern = "socket.io#/#*";
constexpr std::string_view kBroadcastChannel = "socket.io#/#";  // and what the pattern allows
constexpr std::string_view kRequestChannel = "socket.io-request#/#";
constexpr std::string_view kResponseChannel = "socket.io-response#/#";

// Sockets in any of `rooms` (none: all of them), but in none of `except`. Ids are rooms.
struct Selection {
  std::vector<std::string> rooms;
  std::vector<std::string> except;
};

struct Event {
  std::string name;
  std::string args_json;  // JSON values joined by commas
  std::vector<std::string> attachments;
  socketio::Volatile droppable = socketio::Volatile::kNo;
};

struct Broadcast {
  Selection to;
  Event event;
};
// Answered with the number of receivers, then with each acknowledgement.
struct BroadcastWithAck {
  std::string request_id;
  Selection to;
  Event event;
  base::Duration timeout{};
};
struct Join {
  Selection who;
  std::vector<std::string> rooms;
};
struct Leave {
  Selection who;
  std::vector<std::string> rooms;
};
struct Disconnect {
  Selection who;
  socketio::Socket::Scope scope = socketio::Socket::Scope::kNamespace;
};
struct ListSockets {
  std::string request_id;
  Selection who;
};
struct ListRooms {
  std::string request_id;
};
struct FetchSockets {
  std::string request_id;
  Selection who;
};
// An event for the back ends themselves, whose sender waits for an answer from each.
struct ServerSideEmit {
  std::string request_id;
};

using Request = std::variant<Broadcast, BroadcastWithAck, Join, Leave, Disconnect, ListSockets,
                             ListRooms, FetchSockets, ServerSideEmit>;

// Nothing for what is no concern of this server: other namespaces, events for back ends that want
// no answer, requests of later versions. Refused is what is broken or beyond the limits of
// message.h.
[[nodiscard]] base::Result<std::optional<Request>> parse(std::string_view channel,
                                                         std::string_view payload);

}  // namespace adapter

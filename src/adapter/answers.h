// The answers to the requests of other back ends, as @socket.io/redis-adapter expects them on the
// response channel. Pure.
#pragma once

#include <boost/json/value.hpp>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "socketio/socket.h"

namespace adapter {

struct SocketDescription {
  std::string id;
  std::vector<std::string> rooms;  // own id first
};

[[nodiscard]] std::string sockets_answer(std::string_view request_id,
                                         std::span<const std::string> ids);
[[nodiscard]] std::string rooms_answer(std::string_view request_id,
                                       std::span<const std::string> rooms);
// A handshake is not kept for the life of a socket: there is none in it.
[[nodiscard]] std::string fetch_answer(std::string_view request_id,
                                       std::span<const SocketDescription> sockets);
[[nodiscard]] std::string server_side_emit_answer(std::string_view request_id);
[[nodiscard]] std::string client_count_answer(std::string_view request_id, std::size_t clients);
// `answer` is the first argument of a client's acknowledgement.
[[nodiscard]] std::string ack_answer(std::string_view request_id, const boost::json::value& answer,
                                     socketio::Attachments attachments);

}  // namespace adapter

// What back ends publish in Redis (@socket.io/redis-adapter, @socket.io/redis-emitter): JSON text
// or msgpack, read into one kind of tree.
//
// Binary values come out of the tree as attachments, as they do in Socket.IO's packets. Size, depth
// and count are bounded. Pure; no exception leaves it.
#pragma once

#include <boost/json/value.hpp>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "socketio/socket.h"

namespace adapter {

// What may wait for one connection; more would cut each receiver off.
constexpr std::size_t kMaxMessageBytes = 4U << 20;
constexpr std::size_t kMaxDepth = 256;          // of arrays and objects in each other
constexpr std::size_t kMaxValues = 256 * 1024;  // msgpack's values, keys included
// JavaScript clients end a connection that brings an event with more.
constexpr std::size_t kMaxAttachments = 10;

struct Message {
  boost::json::value value;
  // Of `{"_placeholder":true,"num":N}` in `value`, in the order of N.
  std::vector<std::string> attachments;
};

// JSON when it begins with `{`, msgpack otherwise, as the reference tells them apart. What msgpack
// has and JSON has not becomes what JSON.stringify() makes of it in JavaScript.
[[nodiscard]] base::Result<Message> read_message(std::string_view payload);

// As msgpack, with placeholders of `attachments` as binary values. `value` is at most
// socketio::kMaxJsonDepth deep.
[[nodiscard]] std::string to_msgpack(const boost::json::value& value,
                                     socketio::Attachments attachments);

}  // namespace adapter

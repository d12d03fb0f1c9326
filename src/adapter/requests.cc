#include "adapter/requests.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <cstdint>
#include <utility>

#include "adapter/message.h"
#include "socketio/packet.h"
#include "socketio/payload.h"

namespace adapter {
namespace {

namespace json = boost::json;

// As the packages number them.
enum class Type : uint8_t {
  kSockets = 0,
  kAllRooms = 1,
  kRemoteJoin = 2,
  kRemoteLeave = 3,
  kRemoteDisconnect = 4,
  kRemoteFetch = 5,
  kServerSideEmit = 6,
  kBroadcast = 7,
};

// JavaScript's timers take no more than 2^31 - 1 ms; nobody waits for a client that long.
constexpr int64_t kMaxAckTimeout = 3'600'000;

tl::unexpected<base::Error> broken(std::string why) {
  return base::fail(base::ErrorCode::kInvalidArgument, std::move(why));
}

// A member that is not there, null included, is nullptr.
const json::value* member(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value == nullptr || value->is_null() ? nullptr : value;
}

base::Result<json::object> object_member(const json::object& object, std::string_view name) {
  const json::value* value = member(object, name);
  if (value == nullptr || !value->is_object()) return broken(std::string(name) + " is no object");
  return value->get_object();
}

// Names of rooms. JavaScript may use numbers, too, which name the same room as their digits here.
base::Result<std::vector<std::string>> names(const json::object& object, std::string_view name) {
  std::vector<std::string> all;
  const json::value* value = member(object, name);
  if (value == nullptr) return all;
  // Not understood must not mean: everybody.
  if (!value->is_array()) return broken(std::string(name) + " is no array");
  for (const json::value& element : value->get_array()) {
    if (element.is_string()) {
      all.emplace_back(element.get_string());
    } else if (element.is_number()) {
      socketio::append_json(all.emplace_back(), element);
    } else {
      return broken(std::string(name) + " has an element that is no name");
    }
  }
  return all;
}

base::Result<Selection> selection(const json::object& options) {
  auto rooms = names(options, "rooms");
  if (!rooms) return tl::unexpected(rooms.error());
  auto except = names(options, "except");
  if (!except) return tl::unexpected(except.error());
  return Selection{*std::move(rooms), *std::move(except)};
}

base::Result<std::string> request_id(const json::object& request) {
  const json::value* id = member(request, "requestId");
  if (id == nullptr || !id->is_string()) return broken("requestId is no string");
  return std::string(id->get_string());
}

const json::object* flags_of(const json::object& options) {
  const json::value* flags = member(options, "flags");
  return flags == nullptr ? nullptr : flags->if_object();
}

bool is_true(const json::object* flags, std::string_view name) {
  const json::value* flag = flags == nullptr ? nullptr : member(*flags, name);
  return flag != nullptr && flag->is_bool() && flag->get_bool();
}

base::Duration ack_timeout(const json::object& options) {
  const json::object* flags = flags_of(options);
  const json::value* timeout = flags == nullptr ? nullptr : member(*flags, "timeout");
  if (timeout == nullptr || !timeout->is_number()) return {};
  const auto millis = timeout->to_number<double>();
  return base::Duration(
      static_cast<int64_t>(std::clamp(millis, 0.0, static_cast<double>(kMaxAckTimeout))));
}

// The packet is that of Socket.IO: `{type: 2, data: [name, ...args], nsp}`. Nothing when it belongs
// to another namespace.
base::Result<std::optional<Event>> event_of(const json::object& packet, const json::object& options,
                                            std::vector<std::string> attachments) {
  const json::value* nsp = member(packet, "nsp");
  if (nsp != nullptr && (!nsp->is_string() || nsp->get_string() != socketio::kMainNamespace))
    return std::nullopt;
  const json::value* data = member(packet, "data");
  // What the clients' parser does not accept would end the connection of each receiver.
  if (data == nullptr || !socketio::valid_event_payload(*data) ||
      !data->get_array().front().is_string())
    return broken("data is no event");
  if (!attachments.empty() && !socketio::valid_placeholders(*data, attachments.size()))
    return broken("a placeholder without its binary value");
  const json::array& array = data->get_array();
  Event event;
  event.name = std::string(array.front().get_string());
  for (std::size_t i = 1; i < array.size(); ++i) {
    if (i > 1) event.args_json += ',';
    socketio::append_json(event.args_json, array[i]);
  }
  event.attachments = std::move(attachments);
  if (is_true(flags_of(options), "volatile")) event.droppable = socketio::Volatile::kYes;
  return event;
}

// `[uid, packet, options]`
base::Result<std::optional<Request>> parse_broadcast(Message message) {
  const json::array* parts = message.value.if_array();
  if (parts == nullptr || parts->size() < 3 || !(*parts)[1].is_object() || !(*parts)[2].is_object())
    return broken("not [uid, packet, options]");
  const json::object& options = (*parts)[2].get_object();
  auto event = event_of((*parts)[1].get_object(), options, std::move(message.attachments));
  if (!event) return tl::unexpected(event.error());
  if (!*event) return std::nullopt;
  auto to = selection(options);
  if (!to) return tl::unexpected(to.error());
  return Broadcast{*std::move(to), **std::move(event)};
}

base::Result<std::optional<Request>> parse_broadcast_with_ack(const json::object& request,
                                                              std::string id,
                                                              std::vector<std::string> binary) {
  const auto packet = object_member(request, "packet");
  if (!packet) return tl::unexpected(packet.error());
  const auto options = object_member(request, "opts");
  if (!options) return tl::unexpected(options.error());
  auto event = event_of(*packet, *options, std::move(binary));
  if (!event) return tl::unexpected(event.error());
  if (!*event) return std::nullopt;
  auto to = selection(*options);
  if (!to) return tl::unexpected(to.error());
  return BroadcastWithAck{std::move(id), *std::move(to), **std::move(event), ack_timeout(*options)};
}

base::Result<std::optional<Request>> parse_change(Type type, const json::object& request) {
  // Without `opts` they are of a version before 4.0 of Socket.IO.
  if (member(request, "opts") == nullptr) return std::nullopt;
  const auto options = object_member(request, "opts");
  if (!options) return tl::unexpected(options.error());
  auto who = selection(*options);
  if (!who) return tl::unexpected(who.error());
  if (type == Type::kRemoteDisconnect) {
    using Scope = socketio::Socket::Scope;
    return Disconnect{*std::move(who),
                      is_true(&request, "close") ? Scope::kConnection : Scope::kNamespace};
  }
  auto rooms = names(request, "rooms");
  if (!rooms) return tl::unexpected(rooms.error());
  if (type == Type::kRemoteJoin) return Join{*std::move(who), *std::move(rooms)};
  return Leave{*std::move(who), *std::move(rooms)};
}

base::Result<std::optional<Request>> parse_fetch(const json::object& request, std::string id) {
  const auto options = object_member(request, "opts");
  if (!options) return tl::unexpected(options.error());
  auto who = selection(*options);
  if (!who) return tl::unexpected(who.error());
  return FetchSockets{std::move(id), *std::move(who)};
}

base::Result<std::optional<Request>> parse_request(Message message) {
  if (!message.value.is_object()) return broken("a request that is no object");
  const json::object& request = message.value.get_object();
  const json::value* number = member(request, "type");
  if (number == nullptr || !number->is_number()) return broken("a request without type");
  boost::system::error_code no_type;
  const auto type = static_cast<Type>(number->to_number<uint8_t>(no_type));
  if (no_type) return std::nullopt;
  switch (type) {
    case Type::kRemoteJoin:
    case Type::kRemoteLeave:
    case Type::kRemoteDisconnect: return parse_change(type, request);
    case Type::kServerSideEmit:
      if (member(request, "requestId") == nullptr) return std::nullopt;
      break;
    case Type::kSockets:
    case Type::kAllRooms:
    case Type::kRemoteFetch:
    case Type::kBroadcast: break;
    default: return std::nullopt;
  }
  auto id = request_id(request);
  if (!id) return tl::unexpected(id.error());
  if (type == Type::kServerSideEmit) return ServerSideEmit{*std::move(id)};
  if (type == Type::kAllRooms) return ListRooms{*std::move(id)};
  if (type == Type::kRemoteFetch) return parse_fetch(request, *std::move(id));
  if (type == Type::kBroadcast)
    return parse_broadcast_with_ack(request, *std::move(id), std::move(message.attachments));
  auto rooms = names(request, "rooms");
  if (!rooms) return tl::unexpected(rooms.error());
  return ListSockets{*std::move(id), {*std::move(rooms), {}}};
}

}  // namespace

base::Result<std::optional<Request>> parse(std::string_view channel, std::string_view payload) {
  const bool is_request = channel == kRequestChannel;
  if (!is_request && !channel.starts_with(kBroadcastChannel)) return std::nullopt;
  auto message = read_message(payload);
  if (!message) return tl::unexpected(message.error());
  return is_request ? parse_request(*std::move(message)) : parse_broadcast(*std::move(message));
}

}  // namespace adapter

#include "namespaces.h"

#include <array>
#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <optional>
#include <string_view>
#include <utility>

#include "base/json_text.h"
#include "engineio/session.h"
#include "socketio/payload.h"

namespace echo {
namespace {

constexpr base::Duration kQuestionTimeout(2'000);

std::string json_of(const boost::json::value& value) {
  std::string json;
  socketio::append_json(json, value);
  return json;
}

// The arguments behind the first `skipped`, as JSON joined by commas.
std::string rest_of(const boost::json::array& args, std::size_t skipped) {
  std::string json;
  for (std::size_t i = skipped; i < args.size(); ++i) {
    if (i > skipped) json += ',';
    socketio::append_json(json, args[i]);
  }
  return json;
}

std::optional<std::string_view> text_argument(const socketio::Event& event) {
  if (event.args.empty() || !event.args[0].is_string()) return std::nullopt;
  const boost::json::string& text = event.args[0].get_string();
  return std::string_view(text.data(), text.size());
}

void who_am_i(socketio::Socket& socket, uint64_t ack_id) {
  std::string json = R"({"id":)";
  base::append_json_string(json, socket.id());
  json += R"(,"nsp":)";
  base::append_json_string(json, socket.nsp().name());
  json += R"(,"query":{)";
  bool first = true;
  if (const engineio::Handshake* handshake = socket.session().handshake()) {
    for (const auto& [name, value] : handshake->query()) {
      if (!std::exchange(first, false)) json += ',';
      base::append_json_string(json, name);
      json += ':';
      base::append_json_string(json, value);
    }
  }
  json += R"(},"recovered":false})";
  socket.ack(ack_id, json);
}

void broadcast(socketio::Socket& socket, std::string_view name, std::string_view args_json,
               socketio::Attachments attachments, std::span<const std::string_view> rooms) {
  const std::string_view self = socket.id();
  socketio::Namespace& nsp = socket.nsp();
  nsp.broadcast(socketio::Broadcast(nsp.name(), name, args_json, attachments),
                socketio::Audience{rooms, std::span(&self, 1)});
}

void ask(socketio::Socket& socket, const socketio::Event& event) {
  // The socket is there in every call of the callback, the one for its own end included.
  socket.emit_with_ack(
      "question", rest_of(event.args, 0), kQuestionTimeout,
      [&socket](const socketio::AckAnswer& answer) {
        if (answer.outcome == socketio::AckAnswer::Outcome::kTimeout) {
          socket.emit("answered", R"("timeout")");
        } else if (answer.outcome == socketio::AckAnswer::Outcome::kAnswered) {
          const std::string value = answer.args->empty() ? "null" : json_of(answer.args->front());
          socket.emit("answered", R"("ok",)" + value, answer.attachments);
        }
      },
      event.attachments);
}

}  // namespace

void CustomNamespace::on_connect(socketio::Namespace& nsp,
                                 const socketio::ConnectRequest& request) {
  const std::string auth = json_of(request.auth);
  if (socketio::Socket* socket = nsp.accept(request.id)) socket->emit("auth", auth);
}

void CustomNamespace::on_event(socketio::Socket& socket, const socketio::Event& event) {
  if (event.name == "whoami" && event.ack_id) who_am_i(socket, *event.ack_id);
}

void MainNamespace::on_event(socketio::Socket& socket, const socketio::Event& event) {
  if (event.name == "message") {
    socket.emit("message-back", event.args, event.attachments);
  } else if (event.name == "message-with-ack") {
    if (event.ack_id) socket.ack(*event.ack_id, event.args, event.attachments);
  } else if (event.name == "join") {
    if (const auto room = text_argument(event)) socket.join(*room);
    if (event.ack_id) socket.ack(*event.ack_id, "");
  } else if (event.name == "to-room") {
    const auto room = text_argument(event);
    if (room) broadcast(socket, "room-msg", rest_of(event.args, 1), event.attachments, {&*room, 1});
  } else if (event.name == "broadcast") {
    broadcast(socket, "broadcasted", rest_of(event.args, 0), event.attachments, {});
  } else if (event.name == "ask-me") {
    ask(socket, event);
  } else if (event.name == "kick") {
    const bool all = !event.args.empty() && event.args[0].is_bool() && event.args[0].get_bool();
    socket.disconnect(all ? socketio::Socket::Scope::kConnection
                          : socketio::Socket::Scope::kNamespace);
  } else {
    CustomNamespace::on_event(socket, event);
  }
}

void DeniedNamespace::on_connect(socketio::Namespace& nsp,
                                 const socketio::ConnectRequest& request) {
  nsp.refuse(request.id, "Not authorized", R"({"code":"E42","retryAfter":5})");
}

}  // namespace echo

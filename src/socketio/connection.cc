#include "socketio/connection.h"

#include <algorithm>
#include <array>
#include <boost/json/monotonic_resource.hpp>
#include <boost/json/object.hpp>
#include <boost/json/string.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <utility>

#include "base/text.h"
#include "socketio/payload.h"
#include "socketio/server_impl.h"

namespace socketio {
namespace {

DisconnectReason reason_of(engineio::CloseReason reason) {
  switch (reason) {
    case engineio::CloseReason::kPingTimeout: return DisconnectReason::kPingTimeout;
    case engineio::CloseReason::kTransportClose: return DisconnectReason::kTransportClose;
    case engineio::CloseReason::kTransportError: return DisconnectReason::kTransportError;
    case engineio::CloseReason::kParseError: return DisconnectReason::kParseError;
    case engineio::CloseReason::kForcedClose: return DisconnectReason::kForcedClose;
  }
  return DisconnectReason::kForcedClose;
}

// Memory for one packet's JSON: a packet of a few kilobytes takes nothing from the heap.
struct JsonMemory {
  std::array<unsigned char, 8192> buffer;
  boost::json::monotonic_resource resource{buffer.data(), buffer.size()};
};

}  // namespace

struct Connection::Opening final : Timer {
  explicit Opening(Connection& owner) : connection(owner) {}
  void on_due() override { connection.close(DisconnectReason::kForcedServerClose); }

  Connection& connection;
  std::vector<Pending> pending;
};

// A binary packet of which attachments are missing.
struct Connection::Assembly {
  std::string text;
  std::size_t due = 0;
  std::size_t bytes = 0;
  std::vector<std::string> attachments;
};

Connection::Connection(Server::Impl& server, engineio::Session& session)
    : server_(server), session_(session), opening_(std::make_unique<Opening>(*this)) {
  server_.deadlines.arm(*opening_, server_.clock() + server_.options.connect_timeout);
}

Connection::~Connection() = default;

void Connection::on_text(std::string_view text) {
  const std::optional<PacketHead> head =
      assembly_ == nullptr ? parse_packet_head(text, server_.options.max_attachments)
                           : std::nullopt;  // text while attachments are due
  if (!head) return close(DisconnectReason::kParseError);
  switch (head->type) {
    case PacketType::kConnect: return on_connect(*head);
    case PacketType::kDisconnect: return on_disconnect(*head);
    case PacketType::kConnectError: return close(DisconnectReason::kParseError);
    case PacketType::kEvent:
    case PacketType::kAck:
    case PacketType::kBinaryEvent:
    case PacketType::kBinaryAck: return on_payload(*head, text);
  }
}

void Connection::on_binary(std::string_view bytes) {
  if (assembly_ == nullptr) return close(DisconnectReason::kParseError);
  assembly_->bytes += bytes.size();
  if (assembly_->bytes > server_.options.max_attachment_bytes) {
    return close(DisconnectReason::kParseError);
  }
  assembly_->attachments.emplace_back(bytes);
  if (assembly_->attachments.size() < assembly_->due) return;
  const std::unique_ptr<Assembly> complete = std::move(assembly_);
  const std::optional<PacketHead> head =
      parse_packet_head(complete->text, server_.options.max_attachments);
  if (head) deliver(*head, complete->attachments);
}

void Connection::on_heard() {
  for (Socket* socket = first_; socket != nullptr;) {
    Socket* next = socket->next_;
    socket->nsp_.impl_->handler.on_heard(*socket);
    socket = next;
  }
}

void Connection::on_drained() {
  for (Socket* socket = first_; socket != nullptr;) {
    Socket* next = socket->next_;
    socket->nsp_.impl_->handler.on_drained(*socket);
    socket = next;
  }
}

void Connection::on_connect(const PacketHead& head) {
  JsonMemory memory;
  boost::json::value auth(boost::json::object(&memory.resource));
  if (!head.json.empty()) {
    std::optional<boost::json::value> parsed = parse_json(head.json, &memory.resource);
    if (!parsed || !parsed->is_object()) return close(DisconnectReason::kParseError);
    auth = std::move(*parsed);
  }
  if (find(head.nsp) != nullptr || pending(head.nsp)) {
    return close(DisconnectReason::kForcedServerClose);
  }
  Namespace* nsp = server_.find_namespace(head.nsp);
  if (nsp == nullptr) {
    session_.send_text(encode_connect_error(head.nsp, "Invalid namespace", {}));
  } else if (namespace_count() >= server_.options.max_namespaces_per_connection) {
    close(DisconnectReason::kForcedServerClose);
  } else {
    request_connect(*nsp, auth.get_object());
  }
}

void Connection::request_connect(Namespace& nsp, const boost::json::object& auth) {
  const auto id = ConnectId{++server_.next_connect};
  if (opening_ == nullptr) opening_ = std::make_unique<Opening>(*this);
  std::array<uint8_t, 15> random{};
  server_.random.fill(random);
  const std::string socket_id = base::base64url_encode(random);
  opening_->pending.push_back({id, &nsp, socket_id});
  server_.pending.emplace(static_cast<uint64_t>(id), this);
  nsp.impl_->handler.on_connect(nsp, ConnectRequest{id, socket_id, auth, session_});
}

Socket* Connection::accept(ConnectId id, Namespace& nsp) {
  const std::optional<Pending> pending = take_pending(id);
  if (!pending || !session_.open()) return nullptr;
  const std::string& socket_id = pending->socket_id;
  auto* socket = new Socket(nsp, *this, socket_id);
  nsp.impl_->sockets.insert(socket);
  socket->next_ = std::exchange(first_, socket);
  engineio::Deadlines::cancel(*opening_);
  drop_opening_if_idle();
  std::string answer;
  append_packet_head(answer, PacketType::kConnect, nsp.name());
  answer += R"({"sid":")";
  answer += socket_id;
  answer += R"("})";
  session_.send_text(answer);
  return socket;
}

void Connection::refuse(ConnectId id, Namespace& nsp, std::string_view message,
                        std::string_view data_json) {
  if (!take_pending(id)) return;
  drop_opening_if_idle();
  session_.send_text(encode_connect_error(nsp.name(), message, data_json));
}

std::optional<Connection::Pending> Connection::take_pending(ConnectId id) {
  if (opening_ == nullptr) return std::nullopt;
  const auto at = std::find_if(opening_->pending.begin(), opening_->pending.end(),
                               [id](const Pending& p) { return p.id == id; });
  if (at == opening_->pending.end()) return std::nullopt;
  Pending taken = std::move(*at);
  opening_->pending.erase(at);
  server_.pending.erase(static_cast<uint64_t>(id));
  return taken;
}

void Connection::drop_opening_if_idle() {
  if (opening_->pending.empty() && !opening_->armed()) opening_.reset();
}

void Connection::on_disconnect(const PacketHead& head) {
  if (!head.json.empty()) return close(DisconnectReason::kParseError);
  Socket* socket = find(head.nsp);
  if (socket == nullptr) return close(DisconnectReason::kForcedServerClose);
  remove_socket(*socket, DisconnectReason::kClientDisconnect);
}

void Connection::on_payload(const PacketHead& head, std::string_view text) {
  if (head.attachments == 0) return deliver(head, {});
  // Whatever is wrong with it is found before the attachments are waited for.
  JsonMemory memory;
  const std::optional<boost::json::value> payload = parse_json(head.json, &memory.resource);
  if (!payload || !valid_placeholders(*payload, head.attachments)) {
    return close(DisconnectReason::kParseError);
  }
  if (find(head.nsp) == nullptr) return close(DisconnectReason::kForcedServerClose);
  assembly_ = std::make_unique<Assembly>();
  assembly_->text = text;
  assembly_->due = head.attachments;
}

void Connection::deliver(const PacketHead& head, Attachments attachments) {
  JsonMemory memory;
  std::optional<boost::json::value> payload = parse_json(head.json, &memory.resource);
  if (!payload) return close(DisconnectReason::kParseError);
  const bool event = head.type == PacketType::kEvent || head.type == PacketType::kBinaryEvent;
  const bool binary = head.type == PacketType::kBinaryEvent || head.type == PacketType::kBinaryAck;
  const bool sound = (event ? valid_event_payload(*payload) : payload->is_array() && head.id) &&
                     (!binary || valid_placeholders(*payload, attachments.size()));
  if (!sound) return close(DisconnectReason::kParseError);
  Socket* socket = find(head.nsp);
  if (socket == nullptr) return close(DisconnectReason::kForcedServerClose);
  if (event) {
    deliver_event(*socket, head, *payload, attachments);
  } else if (socket->acks_ != nullptr) {
    socket->acks_->answer(*head.id, payload->get_array(), attachments);
  }
}

void Connection::deliver_event(Socket& socket, const PacketHead& head, boost::json::value& payload,
                               Attachments attachments) {
  boost::json::array& args = payload.get_array();
  const boost::json::value name = std::move(args.front());
  args.erase(args.begin());
  std::string number;
  std::string_view text;
  if (const boost::json::string* string = name.if_string()) {
    text = {string->data(), string->size()};
  } else {
    append_json(number, name);
    text = number;
  }
  socket.nsp_.impl_->handler.on_event(socket, Event{text, args, attachments, head.id});
}

Socket* Connection::find(std::string_view nsp) const {
  Socket* socket = first_;
  while (socket != nullptr && (socket->nsp_.name() != nsp || !socket->connected())) {
    socket = socket->next_;
  }
  return socket;
}

// Sockets that are just being told of their end are skipped.
Socket* Connection::first_connected() const {
  Socket* socket = first_;
  while (socket != nullptr && !socket->connected()) socket = socket->next_;
  return socket;
}

bool Connection::pending(std::string_view nsp) const {
  return opening_ != nullptr &&
         std::any_of(opening_->pending.begin(), opening_->pending.end(),
                     [nsp](const Pending& p) { return p.nsp->name() == nsp; });
}

std::size_t Connection::namespace_count() const {
  std::size_t count = opening_ == nullptr ? 0 : opening_->pending.size();
  for (const Socket* socket = first_; socket != nullptr; socket = socket->next_) ++count;
  return count;
}

void Connection::close(DisconnectReason reason) {
  if (!reason_) reason_ = reason;
  session_.close();
}

void Connection::disconnect_all() {
  while (Socket* socket = first_connected()) socket->disconnect(Socket::Scope::kNamespace);
  close(DisconnectReason::kServerDisconnect);
}

void Connection::on_session_closed(engineio::CloseReason reason) {
  const DisconnectReason told = reason_.value_or(reason_of(reason));
  assembly_.reset();
  if (const std::unique_ptr<Opening> opening = std::move(opening_)) {
    for (const Pending& request : opening->pending) {
      server_.pending.erase(static_cast<uint64_t>(request.id));
      request.nsp->impl_->handler.on_connect_abandoned(*request.nsp, request.id);
    }
  }
  while (Socket* socket = first_connected()) remove_socket(*socket, told);
}

void Connection::remove_socket(Socket& socket, DisconnectReason reason) {
  if (socket.state_ != Socket::State::kConnected) return;
  Namespace::Impl& nsp = *socket.nsp_.impl_;
  socket.state_ = Socket::State::kLeaving;
  nsp.handler.on_disconnecting(socket, reason);
  socket.state_ = Socket::State::kGone;
  Socket** place = &first_;
  while (*place != &socket) place = &(*place)->next_;
  *place = std::exchange(socket.next_, nullptr);
  nsp.leave_all(socket);
  nsp.sockets.erase(&socket);
  server_.dead_sockets.emplace_back(&socket);
  if (socket.acks_ != nullptr) socket.acks_->abandon();
  nsp.handler.on_disconnect(socket, reason);
}

}  // namespace socketio

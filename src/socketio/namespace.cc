#include "socketio/namespace.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "socketio/packet.h"
#include "socketio/payload.h"
#include "socketio/server_impl.h"

namespace socketio {

Broadcast::Broadcast(std::string_view nsp, std::string_view name, std::string_view args_json,
                     Attachments attachments)
    : Broadcast(encode_event(nsp, name, args_json, std::nullopt, attachments.size()), attachments) {
}

Broadcast::Broadcast(std::string_view packet, Attachments attachments) {
  messages_.reserve(1 + attachments.size());
  messages_.push_back(engineio::PreparedMessage::text(packet));
  for (const std::string& attachment : attachments) {
    messages_.push_back(engineio::PreparedMessage::binary(attachment));
  }
}

namespace {

base::HashKey random_key(base::RandomSource& random) {
  std::array<uint8_t, sizeof(base::HashKey)> bytes{};
  random.fill(bytes);
  base::HashKey key;
  std::memcpy(&key, bytes.data(), sizeof key);
  return key;
}

std::string joined(const boost::json::array& args) {
  std::string json;
  append_json_elements(json, args);
  return json;
}

}  // namespace

Broadcast::Broadcast(std::string_view nsp, std::string_view name, const boost::json::array& args,
                     Attachments attachments)
    : Broadcast(nsp, name, joined(args), attachments) {}

Namespace::Impl::Impl(Server::Impl& owner, std::string called, NamespaceHandler& behind)
    : server(owner),
      name(std::move(called)),
      handler(behind),
      rooms(0, RoomHash{random_key(owner.random)}) {}

Namespace::Namespace(Server& server, std::string name, NamespaceHandler& handler)
    : impl_(std::make_unique<Impl>(*server.impl_, std::move(name), handler)) {}

Namespace::~Namespace() {
  for (Socket* socket : impl_->sockets) delete socket;
}

std::string_view Namespace::name() const { return impl_->name; }

Socket* Namespace::accept(ConnectId id) {
  Connection* connection = impl_->server.connection_of(id);
  return connection == nullptr ? nullptr : connection->accept(id, *this);
}

void Namespace::refuse(ConnectId id, std::string_view message, std::string_view data_json) {
  Connection* connection = impl_->server.connection_of(id);
  if (connection != nullptr) connection->refuse(id, *this, message, data_json);
}

engineio::Session* Namespace::session_of(ConnectId id) const {
  const Connection* connection = impl_->server.connection_of(id);
  return connection == nullptr ? nullptr : &connection->session();
}

Socket* Namespace::find(std::string_view id) const { return impl_->find(id); }

std::size_t Namespace::size() const { return impl_->sockets.size(); }

void Namespace::for_each(const std::function<void(Socket&)>& visit) const {
  // A copy, because visitors may disconnect sockets; what they disconnect lives until flush().
  const std::vector<Socket*> all(impl_->sockets.begin(), impl_->sockets.end());
  for (Socket* socket : all) {
    if (socket->connected()) visit(*socket);
  }
}

void Namespace::for_each(const Audience& audience, const std::function<void(Socket&)>& visit) {
  for (Socket* socket : impl_->members(audience)) {
    if (socket->connected()) visit(*socket);
  }
}

std::vector<std::string_view> Namespace::rooms() const {
  std::vector<std::string_view> names;
  names.reserve(impl_->rooms.size());
  for (const auto& room : impl_->rooms) names.push_back(room->name.view());
  return names;
}

std::vector<Socket*> Namespace::send(const Broadcast& event, const Audience& audience,
                                     Volatile droppable) {
  std::vector<Socket*> members = impl_->receivers(audience, droppable);
  for (const engineio::PreparedMessage& message : event.messages())
    Socket::send_all(members, message);
  return members;
}

std::vector<Socket*> Namespace::send_with_ack(std::string_view event, std::string_view args_json,
                                              Attachments attachments, const Audience& audience,
                                              Volatile droppable, base::Duration timeout,
                                              const AckCallback& callback) {
  std::vector<Socket*> members = impl_->receivers(audience, droppable);
  // One id, and so one packet, for all of them.
  const uint64_t id = impl_->next_ack++;
  const base::SteadyTime deadline = impl_->server.clock() + timeout;
  for (Socket* socket : members) {
    if (socket->acks_ == nullptr) socket->acks_ = std::make_unique<PendingAcks>();
    socket->acks_->add(id, callback, impl_->server.deadlines, deadline);
  }
  const Broadcast packet(encode_event(impl_->name, event, args_json, id, attachments.size()),
                         attachments);
  for (const engineio::PreparedMessage& message : packet.messages())
    Socket::send_all(members, message);
  return members;
}

Socket* Namespace::Impl::find(std::string_view id) const {
  if (id.size() != Socket::kIdLength) return nullptr;
  const auto found = sockets.find(id);
  return found == sockets.end() ? nullptr : *found;
}

template <class Visit>
void Namespace::Impl::visit_room(std::string_view room, Visit&& visit) const {
  if (Socket* socket = find(room)) visit(*socket);
  const auto found = rooms.find(room);
  if (found == rooms.end()) return;
  for (Socket* member : (*found)->members) visit(*member);
}

std::vector<Socket*> Namespace::Impl::members(const Audience& audience) {
  std::vector<Socket*> members;
  // A socket that carries the mark of this broadcast is excepted, or in the list already.
  const uint32_t seen = ++mark;
  for (const std::string_view room : audience.except) {
    visit_room(room, [seen](Socket& socket) { socket.mark_ = seen; });
  }
  const auto add = [&](Socket& socket) {
    if (std::exchange(socket.mark_, seen) != seen) members.push_back(&socket);
  };
  if (audience.rooms.empty()) {
    members.reserve(sockets.size());
    for (Socket* socket : sockets) add(*socket);
  } else {
    for (const std::string_view room : audience.rooms) visit_room(room, add);
  }
  return members;
}

std::vector<Socket*> Namespace::Impl::receivers(const Audience& audience, Volatile droppable) {
  std::vector<Socket*> all = members(audience);
  std::erase_if(all, [droppable](const Socket* socket) {
    return !socket->connected() || (droppable == Volatile::kYes && !socket->writable());
  });
  return all;
}

void Namespace::Impl::join(Socket& socket, std::string_view room) {
  if (socket.in(room)) return;
  auto found = rooms.find(room);
  if (found == rooms.end())
    found = rooms.insert(std::make_unique<Room>(Room{base::CompactText(room), {}})).first;
  Room& joined_room = **found;
  socket.rooms_.push_back({&joined_room, joined_room.members.size()});
  joined_room.members.push_back(&socket);
}

void Namespace::Impl::leave(Socket& socket, std::string_view room) {
  for (std::size_t i = 0; i < socket.rooms_.size(); ++i) {
    if (socket.rooms_[i].room->name != room) continue;
    leave_at(socket, i);
    return;
  }
}

void Namespace::Impl::leave_all(Socket& socket) {
  while (!socket.rooms_.empty()) leave_at(socket, socket.rooms_.size() - 1);
}

void Namespace::Impl::leave_at(Socket& socket, std::size_t membership) {
  std::vector<Membership>& own = socket.rooms_;
  Room& room = *own[membership].room;
  const std::size_t index = own[membership].index;
  // The room's last member takes the empty place, and has to know of it.
  Socket* last = room.members.back();
  room.members[index] = last;
  room.members.pop_back();
  for (Membership& m : last->rooms_) {
    if (m.room == &room) m.index = index;
  }
  own.erase(own.begin() + static_cast<std::ptrdiff_t>(membership));
  if (room.members.empty()) rooms.erase(rooms.find(std::string_view(room.name)));
}

}  // namespace socketio

#include "gateway/frontend.h"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <chrono>
#include <utility>

#include "base/json_text.h"
#include "base/text.h"
#include "base/utf8.h"
#include "gateway/client.h"
#include "socketio/packet.h"
#include "wire/encode.h"

namespace gateway {
namespace {

constexpr base::Duration kTokenGrace{30'000};  // from token_expired to the disconnect
constexpr base::Duration kRefusalInterval{1'000};
// A flood of packets is told of once in this time, which is finer than the directory's deadlines.
constexpr base::Duration kHeardAtOnce{10};
constexpr base::Duration kTick{50};
// Clocks that are slewed drift apart by less than that in several minutes.
constexpr base::Duration kClockJump{250};
constexpr std::size_t kSlots = 4096;
constexpr std::size_t kMaxUserAgentBytes = 512;
constexpr std::size_t kMaxNamedBytes = 64;  // of an event that does not exist
constexpr std::size_t kLeftKept = 1024;
// A connection where more waits than this is not read, or not fast enough (docs/adr/0004).
constexpr std::size_t kBehind = 256U << 10;

constexpr std::string_view kBearer = "bearer ";

// A token may also come as `?token=` or as `Authorization: Bearer` (contract, section 2).
std::string token_of_handshake(const engineio::Handshake& handshake) {
  for (const auto& [name, value] : handshake.query())
    if (name == "token" && !value.empty()) return value;
  const std::string_view authorization = handshake.header("authorization");
  if (authorization.size() <= kBearer.size() ||
      !base::iequals(authorization.substr(0, kBearer.size()), kBearer))
    return {};
  return std::string(base::trim(authorization.substr(kBearer.size())));
}

// The beginning of valid UTF-8 `text`, at most `max` bytes, without half a character at its end.
std::string_view beginning(std::string_view text, std::size_t max) {
  if (text.size() <= max) return text;
  while (max > 0 && (static_cast<unsigned char>(text[max]) & 0xc0) == 0x80) --max;
  return text.substr(0, max);
}

// As the verifier says it of the token itself.
base::Result<auth::Identity> still_proven(const auth::Identity& identity, base::WallTime now) {
  if (identity.expires_at && *identity.expires_at + auth::kDefaultLeeway <= now)
    return base::fail(base::ErrorCode::kTokenExpired, "the token has expired");
  return identity;
}

base::Duration wall_offset(base::Instant now) {
  return now.wall.time_since_epoch() - now.steady.time_since_epoch();
}

std::string error_data(const base::Error& error) {
  std::string json = R"({"code":)";
  base::append_json_string(json, base::error_code_name(error.code));
  json += '}';
  return json;
}

}  // namespace

Frontend::Frontend(FrontendOptions options, const auth::Authenticator& authenticator,
                   std::function<base::Instant()> clock)
    : options_(std::move(options)),
      authenticator_(authenticator),
      clock_(std::move(clock)),
      wheel_(kTick, kSlots, clock_().steady),
      wall_offset_(wall_offset(clock_())) {}

Frontend::~Frontend() = default;

void Frontend::advance() {
  follow_wall_clock();
  wheel_.advance(clock_().steady,
                 [this](base::TimerNode& node) { token_due(static_cast<TokenWatch&>(node)); });
}

// --- Clients

Frontend::Client& Frontend::add_client() {
  uint32_t slot = 0;
  if (free_slots_.empty()) {
    slot = static_cast<uint32_t>(clients_.size());
    clients_.emplace_back();
  } else {
    slot = free_slots_.back();
    free_slots_.pop_back();
  }
  const presence::DeviceRef ref{slot * options_.threads + options_.thread, ++next_generation_};
  clients_[slot] =
      std::make_unique<Client>(ref, TokenBucket(options_.events_per_second, clock_().steady));
  return *clients_[slot];
}

void Frontend::drop_client(Client& client, Slot after) {
  const uint32_t slot = client.ref.index / options_.threads;
  if (client.socket != nullptr) client.socket->set_user_data(nullptr);
  clients_[slot].reset();
  if (after == Slot::kFree) free_slots_.push_back(slot);
}

Frontend::Client* Frontend::find(presence::DeviceRef device) const {
  const uint32_t slot = device.index / options_.threads;
  if (slot >= clients_.size() || clients_[slot] == nullptr) return nullptr;
  Client* client = clients_[slot].get();
  return client->ref == device ? client : nullptr;
}

Frontend::Client* Frontend::find_accepted(presence::DeviceRef device) const {
  Client* client = find(device);
  return client != nullptr && client->socket != nullptr ? client : nullptr;
}

// --- Connecting

void Frontend::on_connect(socketio::Namespace& nsp, const socketio::ConnectRequest& request) {
  nsp_ = &nsp;
  Client& client = add_client();
  client.connect_id = request.id;
  base::Result<presence::Connect> connect = prepare(request, client);
  if (!connect) {
    drop_client(client);
    nsp.refuse(request.id, connect.error().message, error_data(connect.error()));
    return;
  }
  joining_.emplace(static_cast<uint64_t>(request.id),
                   Joining{client.ref.index / options_.threads, connect->user});
  hub_->submit(*std::move(connect));
}

base::Result<presence::Connect> Frontend::prepare(const socketio::ConnectRequest& request,
                                                  Client& client) {
  base::Result<wire::ConnectPayload> payload = wire::parse_connect(request.auth);
  if (!payload) return tl::unexpected(payload.error());
  presence::Connect connect;
  const bool handshake_counts = payload->token.empty();
  const Left* left = nullptr;
  if (const engineio::Handshake* handshake = request.session.handshake()) {
    if (handshake_counts) payload->token = token_of_handshake(*handshake);
    connect.address = net::client_address(handshake->peer_address,
                                          net::joined_header(handshake->headers, "X-Forwarded-For"),
                                          options_.trusted_proxies);
    const std::string_view agent = handshake->header("user-agent");
    if (base::is_valid_utf8(agent)) connect.user_agent = beginning(agent, kMaxUserAgentBytes);
  } else if (const auto at = left_.find(request.session.sid().text()); at != left_.end()) {
    left = &at->second;
    connect.follows = left->device;
  }
  if (payload->token.size() > wire::kMaxTokenBytes)
    return base::fail(base::ErrorCode::kInvalidArgument, "token must be at most 8192 bytes long");
  base::Result<auth::Identity> identity =
      handshake_counts && left != nullptr && left->identity
          ? still_proven(*left->identity, clock_().wall)
          : authenticator_.authenticate({payload->token, payload->user_id}, clock_().wall);
  if (!identity) return tl::unexpected(identity.error());
  if (auto valid = presence::check_user_id(identity->user_id, "userId"); !valid)
    return tl::unexpected(valid.error());

  if (authenticator_.uses_tokens()) {
    watch_token(client, identity->user_id, identity->expires_at);
    client.token->from_handshake = handshake_counts;
  }
  connect.device = client.ref;
  connect.user = std::move(identity->user_id);
  connect.socket_id = presence::SocketId(request.socket_id);
  connect.device_key = std::move(payload->device_key);
  connect.info = std::move(payload->info);
  connect.snapshot = payload->snapshot;
  connect.cursor = std::move(payload->cursor);
  return connect;
}

void Frontend::on_connect_abandoned(socketio::Namespace&, socketio::ConnectId id) {
  const auto at = joining_.find(static_cast<uint64_t>(id));
  if (at == joining_.end()) return;
  Client& client = *clients_[at->second.slot];
  joining_.erase(at);
  const presence::DeviceRef ref = client.ref;
  drop_client(client);
  hub_->submit(presence::Lost{ref});
}

void Frontend::accept(presence::DeviceRef device) {
  Client* client = find(device);
  if (client == nullptr) return;
  const auto at = joining_.find(static_cast<uint64_t>(client->connect_id));
  const Joining joining = std::move(at->second);
  joining_.erase(at);
  client->socket = nsp_->accept(client->connect_id);
  if (client->socket == nullptr) {
    drop_client(*client);
    hub_->submit(presence::Lost{device});
    return;
  }
  client->socket->set_user_data(client);
  client->socket->join("user:" + joining.user_id);
  client->socket->session().release_handshake();
}

void Frontend::refuse(presence::DeviceRef device, const base::Error& error) {
  Client* client = find(device);
  if (client == nullptr) return;
  const socketio::ConnectId id = client->connect_id;
  joining_.erase(static_cast<uint64_t>(id));
  drop_client(*client);
  nsp_->refuse(id, error.message, error_data(error));
}

// --- Leaving

void Frontend::on_disconnect(socketio::Socket& socket, socketio::DisconnectReason reason) {
  auto* client = static_cast<Client*>(socket.user_data());
  if (client == nullptr) return;
  // The server goes: what its users' last moment was is for the store to say.
  if (reason == socketio::DisconnectReason::kServerShuttingDown && !draining_)
    return drop_client(*client, Slot::kHeld);
  const presence::DeviceRef ref = client->ref;
  remember_connection(*client);
  drop_client(*client);
  switch (reason) {
    case socketio::DisconnectReason::kClientDisconnect:
    case socketio::DisconnectReason::kServerDisconnect: hub_->submit(presence::Left{ref}); return;
    default: hub_->submit(presence::Lost{ref});
  }
}

void Frontend::remember_connection(const Client& client) {
  const engineio::Session& session = client.socket->session();
  if (!session.open()) return;
  if (left_.size() >= kLeftKept) left_.clear();
  Left left{client.ref, std::nullopt};
  if (client.token != nullptr && client.token->from_handshake)
    left.identity = {client.token->user_id, client.token->expires_at};
  left_.insert_or_assign(session.sid().text(), std::move(left));
}

void Frontend::close(presence::DeviceRef device, presence::CloseReason) {
  Client* client = find(device);
  if (client == nullptr || client->socket == nullptr) return;
  socketio::Socket* socket = client->socket;
  remember_connection(*client);
  drop_client(*client);  // the hub knows already
  socket->disconnect(socketio::Socket::Scope::kNamespace);
}

// --- Events

void Frontend::on_heard(socketio::Socket& socket) {
  if (options_.heartbeat_source != HeartbeatSource::transport) return;
  auto* client = static_cast<Client*>(socket.user_data());
  if (client == nullptr) return;
  if (!client->heard.pass(kHeardAtOnce, clock_().steady)) return;
  hub_->submit(presence::Heard{client->ref});
}

void Frontend::on_event(socketio::Socket& socket, const socketio::Event& event) {
  auto* client = static_cast<Client*>(socket.user_data());
  if (client == nullptr) return;
  const boost::json::value* payload = event.args.empty() ? nullptr : &event.args.front();
  boost::json::value stripped;
  if (payload != nullptr && !event.attachments.empty()) {
    stripped = wire::without_attachments(*payload);
    payload = &stripped;
  }
  if (!client->bucket.take(options_.events_per_second, clock_().steady))
    return refuse_over_limit(*client, event, payload);
  base::Result<std::optional<Request>> request = decode(*client, event, payload);
  if (!request) {
    answer_error(*client, event, payload, request.error());
  } else if (*request) {
    hub_->submit(**std::move(request));
  }
}

base::Result<std::optional<Request>> Frontend::decode(Client& client, const socketio::Event& event,
                                                      const boost::json::value* payload) {
  const Asker asker{client.ref, event.ack_id};
  if (event.name == "user_heartbeat") {
    auto heartbeat = wire::parse_heartbeat(payload);
    if (!heartbeat) return tl::unexpected(heartbeat.error());
    return Request(
        HeartbeatRequest{asker, {client.ref, heartbeat->idle_ms, std::move(heartbeat->info)}});
  }
  if (event.name == "check_users_presence") {
    auto bulk = wire::parse_bulk(payload);
    if (!bulk) return tl::unexpected(bulk.error());
    return Request(BulkRequest{asker, std::move(bulk->user_ids), std::move(bulk->request_id)});
  }
  if (event.name == "get_user_presence") {
    auto user = wire::parse_user(payload);
    if (!user) return tl::unexpected(user.error());
    return Request(UserRequest{asker, std::move(user->user_id), std::move(user->request_id)});
  }
  if (event.name == "set_user_status") {
    auto choice = wire::parse_status(payload, clock_().wall);
    if (!choice) return tl::unexpected(choice.error());
    return Request(StatusRequest{asker, *std::move(choice)});
  }
  if (event.name == "get_contacts") {
    auto request_id = wire::parse_contacts_request(payload);
    if (!request_id) return tl::unexpected(request_id.error());
    return Request(ContactsRequest{asker, *std::move(request_id)});
  }
  if (event.name == "refresh_token") {
    if (auto done = refresh_token(client, asker, payload); !done)
      return tl::unexpected(done.error());
    return Request(presence::Heard{client.ref});
  }
  return base::fail(base::ErrorCode::kUnknownEvent,
                    "unknown event `" + std::string(beginning(event.name, kMaxNamedBytes)) + "`");
}

// Whoever asks for an acknowledgement gets each of them. To the others it is said now and then: who
// floods the server must not be flooded in return.
void Frontend::refuse_over_limit(Client& client, const socketio::Event& event,
                                 const boost::json::value* payload) {
  if (!event.ack_id && !client.refusals.pass(kRefusalInterval, clock_().steady)) return;
  answer_error(client, event, payload,
               {base::ErrorCode::kRateLimited, "too many events: limits.events_per_second"});
}

void Frontend::answer_error(Client& client, const socketio::Event& event,
                            const boost::json::value* payload, const base::Error& error) {
  std::string json;
  if (event.ack_id) {
    json = R"({"error":)";
    wire::append_error(json, error);
    json += '}';
    client.socket->ack(*event.ack_id, json);
    return;
  }
  client.socket->send_packet(wire::event_packet(
      "presence_error", wire::presence_error(error, beginning(event.name, kMaxNamedBytes),
                                             wire::request_id_of(payload))));
}

void Frontend::send(std::string_view packet, std::span<const presence::DeviceRef> to) {
  if (to.size() == 1) {
    Client* client = find_accepted(to.front());
    if (client == nullptr) return;
    client->socket->send_packet(packet);
    return watch_backlog(*client);
  }
  receivers_.clear();
  for (const presence::DeviceRef device : to) {
    const Client* client = find_accepted(device);
    if (client != nullptr) receivers_.push_back(client->socket);
  }
  socketio::Socket::send_all(receivers_, engineio::PreparedMessage::text(packet));
  for (socketio::Socket* socket : receivers_)
    watch_backlog(*static_cast<Client*>(socket->user_data()));
}

// --- Slow readers (docs/adr/0004)

void Frontend::watch_backlog(Client& client) {
  if (client.behind || client.socket->backlog() <= kBehind) return;
  client.behind = true;
  client.socket->session().want_drained();
  hub_->submit(presence::FellBehind{client.ref});
}

void Frontend::note_backlog(socketio::Socket& socket) {
  if (auto* client = static_cast<Client*>(socket.user_data())) watch_backlog(*client);
}

void Frontend::on_drained(socketio::Socket& socket) {
  auto* client = static_cast<Client*>(socket.user_data());
  if (client == nullptr || !std::exchange(client->behind, false)) return;
  hub_->submit(presence::CaughtUp{client->ref});
}

void Frontend::await_drained(presence::DeviceRef device) {
  Client* client = find_accepted(device);
  if (client == nullptr) return;
  client->behind = client->socket->backlog() > 0;
  if (client->behind) {
    client->socket->session().want_drained();
  } else {
    hub_->submit(presence::CaughtUp{device});
  }
}

// --- The end of a token (contract, section 2)

void Frontend::watch_token(Client& client, std::string user_id,
                           std::optional<base::WallTime> expires_at) {
  if (client.token == nullptr) client.token = std::make_unique<TokenWatch>();
  TokenWatch& watch = *client.token;
  watch.slot = client.ref.index / options_.threads;
  watch.user_id = std::move(user_id);
  watch.warned = false;
  base::TimerWheel::cancel(watch);
  watch.expires_at = expires_at;
  arm_expiry(watch);
}

void Frontend::arm_expiry(TokenWatch& watch) {
  if (watch.expires_at) wheel_.arm(watch, clock_().steady + (*watch.expires_at - clock_().wall));
}

// A wall clock that was set forward has made expiries due earlier than their deadlines say. (One
// that was set back is noticed when those come.)
void Frontend::follow_wall_clock() {
  const base::Duration offset = wall_offset(clock_());
  if (std::chrono::abs(offset - wall_offset_) < kClockJump) return;
  wall_offset_ = offset;
  for (const auto& client : clients_) {
    if (client != nullptr && client->token != nullptr && !client->token->warned)
      arm_expiry(*client->token);
  }
}

void Frontend::token_due(TokenWatch& watch) {
  Client& client = *clients_[watch.slot];
  // The wall clock may have been set back since the deadline was armed.
  if (!watch.warned && *watch.expires_at > clock_().wall) return arm_expiry(watch);
  if (client.socket == nullptr) {
    // Still waiting for its contacts; it is told once it has joined.
    wheel_.arm(watch, clock_().steady + kTick);
    return;
  }
  if (watch.warned) {
    client.socket->disconnect(socketio::Socket::Scope::kNamespace);
    return;
  }
  watch.warned = true;
  wheel_.arm(watch, clock_().steady + kTokenGrace);
  std::string json = R"({"expiredAt":)";
  base::append_json_number(json, base::to_millis(*watch.expires_at));
  json += R"(,"disconnectAt":)";
  base::append_json_number(json, base::to_millis(clock_().wall + kTokenGrace));
  json += '}';
  client.socket->send_packet(wire::event_packet("token_expired", json));
}

base::Result<void> Frontend::refresh_token(Client& client, const Asker& asker,
                                           const boost::json::value* payload) {
  auto token = wire::parse_refresh(payload);
  if (!token) return tl::unexpected(token.error());
  base::Result<auth::Identity> identity = authenticator_.refresh(
      *token, client.token == nullptr ? "" : client.token->user_id, clock_().wall);
  if (!identity) return tl::unexpected(identity.error());
  watch_token(client, std::move(identity->user_id), identity->expires_at);
  if (!asker.ack_id) return {};
  std::string json = "{";
  if (identity->expires_at) {
    json += R"("expiresAt":)";
    base::append_json_number(json, base::to_millis(*identity->expires_at));
  }
  json += '}';
  client.socket->ack(*asker.ack_id, json);
  return {};
}

}  // namespace gateway

#include "socketio/server.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "socketio/server_impl.h"

namespace socketio {
namespace {

// The wheel looks at later deadlines once per turn, and there are few of them.
constexpr base::Duration kLongestTurn(4'000);

}  // namespace

Server::Server(engineio::Options engine, Options options, base::RandomSource& random,
               engineio::Clock clock, ConnectionPolicy* policy)
    : impl_(std::make_unique<Impl>(std::move(engine), options, random, std::move(clock), policy)) {}

Server::~Server() = default;

Server::Impl::Impl(engineio::Options engine_options, Options with, base::RandomSource& source,
                   engineio::Clock time, ConnectionPolicy* decides)
    : options(with),
      random(source),
      clock(std::move(time)),
      policy(decides),
      deadlines(std::min(options.connect_timeout, kLongestTurn), clock()),
      engine(std::move(engine_options), *this, source, clock) {}

Server::Impl::~Impl() {
  engine.for_each(
      [](engineio::Session& session) { delete static_cast<Connection*>(session.user_data()); });
}

Namespace& Server::add_namespace(std::string name, NamespaceHandler& handler) {
  CHECK(name.starts_with('/'));
  CHECK(impl_->find_namespace(name) == nullptr);
  impl_->namespaces.emplace_back(new Namespace(*this, std::move(name), handler));
  return *impl_->namespaces.back();
}

bool Server::matches(std::string_view path) const { return impl_->engine.matches(path); }

void Server::on_request(net::HttpExchange& exchange) { impl_->engine.on_request(exchange); }

void Server::advance() {
  impl_->engine.advance();
  impl_->deadlines.advance(impl_->clock(),
                           [](base::TimerNode& node) { static_cast<Timer&>(node).on_due(); });
}

void Server::flush() {
  impl_->engine.flush();
  impl_->dead_sockets.clear();
  impl_->dead_connections.clear();
}

std::optional<base::SteadyTime> Server::next_due() const {
  const auto sessions = impl_->engine.next_due();
  const auto own = impl_->deadlines.next_due();
  if (!sessions || (own && *own < *sessions)) return own;
  return sessions;
}

std::size_t Server::connection_count() const { return impl_->engine.session_count(); }

void Server::shut_down() { shut_down_part(1); }

void Server::shut_down_part(std::size_t parts) {
  std::size_t left = (connection_count() + parts - 1) / parts;
  impl_->engine.for_each([&left](engineio::Session& session) {
    if (session.user_data() == nullptr || left == 0) return;
    --left;
    static_cast<Connection*>(session.user_data())->close(DisconnectReason::kServerShuttingDown);
  });
}

engineio::Server& Server::engine() { return impl_->engine; }

Namespace* Server::Impl::find_namespace(std::string_view name) const {
  for (const std::unique_ptr<Namespace>& nsp : namespaces) {
    if (nsp->name() == name) return nsp.get();
  }
  return nullptr;
}

Connection* Server::Impl::connection_of(ConnectId id) const {
  const auto found = pending.find(static_cast<uint64_t>(id));
  return found == pending.end() ? nullptr : found->second;
}

std::optional<engineio::Refusal> Server::Impl::allow_request(const net::HttpRequest& request) {
  return policy == nullptr ? std::nullopt : policy->allow_request(request);
}

bool Server::Impl::on_foreign_node(net::HttpExchange& exchange, const engineio::Sid& sid) {
  return policy != nullptr && policy->on_foreign_node(exchange, sid);
}

void Server::Impl::on_open(engineio::Session& session) {
  session.set_user_data(new Connection(*this, session));
  if (policy != nullptr) policy->on_session_opened(session);
}

void Server::Impl::on_text(engineio::Session& session, std::string_view text) {
  static_cast<Connection*>(session.user_data())->on_text(text);
}

void Server::Impl::on_binary(engineio::Session& session, std::string_view bytes) {
  static_cast<Connection*>(session.user_data())->on_binary(bytes);
}

void Server::Impl::on_heard(engineio::Session& session) {
  static_cast<Connection*>(session.user_data())->on_heard();
}

void Server::Impl::on_drained(engineio::Session& session) {
  if (session.open()) static_cast<Connection*>(session.user_data())->on_drained();
}

void Server::Impl::on_closed(engineio::Session& session, engineio::CloseReason reason) {
  auto* connection = static_cast<Connection*>(session.user_data());
  connection->on_session_closed(reason);
  session.set_user_data(nullptr);
  dead_connections.emplace_back(connection);
  if (policy != nullptr) policy->on_session_closed(session);
}

}  // namespace socketio

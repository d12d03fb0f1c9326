#include "engineio/server.h"

#include <algorithm>
#include <utility>

#include "engineio/server_impl.h"

namespace engineio {

Server::Server(Options options, SessionHandler& handler, base::RandomSource& random, Clock clock)
    : impl_(std::make_unique<Impl>(*this, std::move(options), handler, random, std::move(clock))) {}

Server::~Server() = default;

Server::Impl::Impl(Server& owner, Options with, SessionHandler& reports_to,
                   base::RandomSource& source, Clock time)
    : server(owner),
      options(std::move(with)),
      nodes{options.node},
      handler(reports_to),
      random(source),
      clock(std::move(time)),
      session_deadlines(
          std::max({options.ping_interval, options.ping_timeout, options.close_timeout}), clock()),
      upgrade_deadlines(base::Duration(0), clock()) {}

Server::Impl::~Impl() {
  for (Session* session : sessions) delete session;
}

bool Server::matches(std::string_view path) const { return path.starts_with(impl_->options.path); }

void Server::on_request(net::HttpExchange& exchange) {
  // Whoever is due goes first: a request in the same turn must not find a session that has expired.
  advance();
  impl_->route(exchange);
}

void Server::advance() {
  const base::SteadyTime now = impl_->clock();
  impl_->session_deadlines.advance(
      now, [now](base::TimerNode& node) { static_cast<Session&>(node).on_timer(now); });
  impl_->upgrade_deadlines.advance(
      now, [](base::TimerNode& node) { Polling::on_upgrade_timeout(node); });
}

void Server::flush() {
  for (std::size_t i = 0; i < impl_->overflowed.size(); ++i) {
    impl_->overflowed[i]->end(CloseReason::kTransportError, Session::Farewell::kClosePacket);
  }
  impl_->overflowed.clear();
  // An answer may lead the handler to send more, and so lengthen the list.
  for (std::size_t i = 0; i < impl_->dirty.size(); ++i) {
    Session& session = *impl_->dirty[i];
    if (session.polling_ != nullptr) session.polling_->flush();
  }
  impl_->dirty.clear();
  impl_->retired.clear();
  impl_->dead.clear();
}

std::optional<base::SteadyTime> Server::next_due() const {
  const auto sessions = impl_->session_deadlines.next_due();
  const auto upgrades = impl_->upgrade_deadlines.next_due();
  if (!sessions || (upgrades && *upgrades < *sessions)) return upgrades;
  return sessions;
}

void Server::set_node(uint16_t node) {
  std::erase(impl_->nodes, node);
  impl_->nodes.push_back(node);
}

std::size_t Server::session_count() const { return impl_->sessions.size(); }

Session* Server::find(const Sid& sid) const {
  const auto found = impl_->sessions.find(sid);
  return found == impl_->sessions.end() || !(*found)->open() ? nullptr : *found;
}

void Server::for_each(const std::function<void(Session&)>& visit) {
  // A copy, because visitors may close sessions; what they close lives until flush().
  const std::vector<Session*> all(impl_->sessions.begin(), impl_->sessions.end());
  for (Session* session : all) {
    if (session->open()) visit(*session);
  }
}

void Server::close_all(CloseReason reason) {
  for_each([reason](Session& session) { session.close(reason); });
}

const Options& Server::options() const { return impl_->options; }

bool Server::Impl::is_own(uint16_t node) const {
  return std::find(nodes.begin(), nodes.end(), node) != nodes.end();
}

void Server::Impl::bury(Session& session) {
  sessions.erase(&session);
  dead.emplace_back(&session);
}

}  // namespace engineio

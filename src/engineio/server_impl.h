// What a Server is made of; seen only by the classes that make up an Engine.IO session.
#pragma once

#include <boost/unordered/unordered_flat_set.hpp>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engineio/deadlines.h"
#include "engineio/polling.h"
#include "engineio/server.h"
#include "engineio/websocket_link.h"

namespace engineio {

struct SidHash {
  using is_transparent = void;
  // The first bytes are random, and only ours are ever kept in the table.
  std::size_t operator()(const Sid& sid) const {
    std::size_t hash = 0;
    std::memcpy(&hash, sid.bytes.data(), sizeof hash);
    return hash;
  }
  std::size_t operator()(const Session* session) const { return (*this)(session->sid()); }
};

struct SidEqual {
  using is_transparent = void;
  static const Sid& sid_of(const Sid& sid) { return sid; }
  static const Sid& sid_of(const Session* session) { return session->sid(); }
  template <class A, class B>
  bool operator()(const A& a, const B& b) const {
    return sid_of(a) == sid_of(b);
  }
};

struct Server::Impl {
  Impl(Server& owner, Options with, SessionHandler& reports_to, base::RandomSource& source,
       Clock time);
  ~Impl();

  // Answering requests, in the order of protocol-facts' checks.
  void route(net::HttpExchange& exchange);
  void existing_session(net::HttpExchange& exchange, const Sid& sid, bool websocket, bool upgrade);
  void open_polling(net::HttpExchange& exchange);
  void open_websocket(net::HttpExchange& exchange);
  void upgrade_session(net::HttpExchange& exchange, Session& session);
  Session& create_session(const net::HttpRequest& request);
  [[nodiscard]] std::string open_packet(const Session& session, bool upgradable) const;
  WebSocketLink& accept(net::HttpExchange& exchange, Session* session);

  void respond(net::HttpExchange& exchange, net::HttpResponse response) const;
  void respond_empty(net::HttpExchange& exchange, int status) const;
  void respond_error(net::HttpExchange& exchange, int status, int code, std::string_view message,
                     bool upgrade) const;

  // The session is over and may not be used after this turn.
  void bury(Session& session);

  // Whether a node with this number is, or was, this one.
  [[nodiscard]] bool is_own(uint16_t node) const;

  Server& server;
  const Options options;
  std::vector<uint16_t> nodes;  // the numbers that this node has had; the last is the present one
  SessionHandler& handler;
  base::RandomSource& random;
  Clock clock;
  Deadlines session_deadlines;  // nodes are Sessions: heartbeats, and the end of closing ones
  Deadlines upgrade_deadlines;  // nodes are Pollings
  boost::unordered_flat_set<Session*, SidHash, SidEqual> sessions;  // owned
  std::vector<Session*> dirty;  // polling sessions that may have something to answer
  std::vector<Session*> overflowed;
  std::vector<std::unique_ptr<Session>> dead;
  std::vector<std::unique_ptr<Polling>> retired;  // of upgraded sessions
  std::string scratch;                            // the text packet being sent
  std::size_t silent = 0;                         // polling sessions never heard of
};

}  // namespace engineio

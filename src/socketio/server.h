// Server: the Socket.IO v5 server of one core thread, on top of its own Engine.IO server.
//
// Sans-I/O: the host hands HTTP requests to on_request(), calls advance() at next_due() (more often
// does no harm), and flush() at the end of each turn of its loop. One core thread; no call blocks.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/random.h"
#include "base/time.h"
#include "engineio/options.h"
#include "engineio/server.h"
#include "net/http.h"
#include "socketio/namespace.h"

namespace socketio {

struct Options {
  // From the Engine.IO handshake to the first accepted CONNECT; then the connection is closed.
  base::Duration connect_timeout{45'000};
  std::size_t max_attachments = 10;               // of one packet
  std::size_t max_attachment_bytes = 10'000'000;  // of one packet, together
  // Sockets and unanswered connect requests of one connection; one more closes it.
  std::size_t max_namespaces_per_connection = 16;
};

// What the application decides about HTTP requests before there is a session.
class ConnectionPolicy {
 public:
  virtual ~ConnectionPolicy() = default;
  virtual std::optional<engineio::Refusal> allow_request(const net::HttpRequest& request) {
    (void)request;
    return std::nullopt;
  }
  // The sid of the request names another node. True: the policy has taken the exchange over.
  virtual bool on_foreign_node(net::HttpExchange& exchange, const engineio::Sid& sid) {
    (void)exchange, (void)sid;
    return false;
  }
  // A session was opened or has ended, joined to a namespace or not.
  virtual void on_session_opened(engineio::Session& session) { (void)session; }
  virtual void on_session_closed(engineio::Session& session) { (void)session; }
};

class Server final : public net::HttpHandler {
 public:
  // `engine.path` is usually `/socket.io/`. `random` and `policy` (may be null) outlive the server.
  Server(engineio::Options engine, Options options, base::RandomSource& random,
         engineio::Clock clock, ConnectionPolicy* policy = nullptr);
  ~Server() override;
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // `name` starts with '/'; `handler` outlives the server. Before the first request.
  Namespace& add_namespace(std::string name, NamespaceHandler& handler);

  [[nodiscard]] bool matches(std::string_view path) const;
  void on_request(net::HttpExchange& exchange) override;

  void advance();
  void flush();
  [[nodiscard]] std::optional<base::SteadyTime> next_due() const;

  [[nodiscard]] std::size_t connection_count() const;
  // Closes every connection without a DISCONNECT packet; sockets end with kServerShuttingDown.
  void shut_down();
  // The same for one in `parts` of them, at least one.
  void shut_down_part(std::size_t parts);

  [[nodiscard]] engineio::Server& engine();

 private:
  friend class Connection;
  friend class Namespace;
  friend class Socket;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace socketio

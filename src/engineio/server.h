// Server: the Engine.IO v4 server of one core thread: answers the HTTP requests below its path,
// keeps the sessions by sid, and runs their heartbeats.
//
// Sans-I/O: requests and sockets come through net/http.h and net/websocket.h, time through a Clock,
// randomness through base::RandomSource. Everything happens in one thread, and no call blocks. The
// host calls advance() at next_due() (more often does no harm), and flush() at the end of each turn
// of its loop.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "base/time.h"
#include "engineio/options.h"
#include "engineio/session.h"
#include "net/http.h"

namespace engineio {

// What an allow_request() that says no is answered with; `code` and `message` are the JSON body.
struct Refusal {
  int status = 403;
  int code = 4;
  std::string message = "Forbidden";
};

// The layer above. Views are valid during the call. A handler may call anything on any session,
// close() included.
class SessionHandler {
 public:
  virtual ~SessionHandler() = default;
  // Asked before a new session is made; an answer refuses it.
  virtual std::optional<Refusal> allow_request(const net::HttpRequest& request) {
    (void)request;
    return std::nullopt;
  }
  // The sid of the request names another node. True: the handler has taken the exchange over.
  virtual bool on_foreign_node(net::HttpExchange& exchange, const Sid& sid) {
    (void)exchange, (void)sid;
    return false;
  }
  // A new session, its open packet sent.
  virtual void on_open(Session& session) = 0;
  virtual void on_text(Session& session, std::string_view text) = 0;
  virtual void on_binary(Session& session, std::string_view bytes) = 0;
  // Any packet of the client, pongs included, but none that has ended the session; after what it
  // carries was reported.
  virtual void on_heard(Session& session) { (void)session; }
  // The output has been taken after it had been behind, or when this was wanted.
  virtual void on_drained(Session& session) { (void)session; }
  // Exactly once for each session that was opened, and nothing after it.
  virtual void on_closed(Session& session, CloseReason reason) = 0;
};

class Server final : public net::HttpHandler {
 public:
  // `handler` and `random` outlive the server. Destroying it closes nothing: call close_all() and
  // let the transports end first.
  Server(Options options, SessionHandler& handler, base::RandomSource& random, Clock clock);
  ~Server() override;
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Whether the request is below the server's path; others belong to somebody else's handler.
  [[nodiscard]] bool matches(std::string_view path) const;
  void on_request(net::HttpExchange& exchange) override;

  // Closes and pings what is due.
  void advance();
  // Answers the polls for which something was sent, and destroys what was closed.
  void flush();
  // The next time at which advance() has something to do, if any.
  [[nodiscard]] std::optional<base::SteadyTime> next_due() const;

  // The number of this node in the sids of sessions to come. Those of earlier numbers stay ours.
  void set_node(uint16_t node);
  // The answer that the protocol has for a request that is not accepted, in the words of the
  // caller.
  void refuse(net::HttpExchange& exchange, int status, int code, std::string_view message) const;
  // `Session ID unknown`, as a node answers that does not know the session.
  void refuse_unknown_sid(net::HttpExchange& exchange) const;

  [[nodiscard]] std::size_t session_count() const;
  [[nodiscard]] Session* find(const Sid& sid) const;
  // Calls `visit` for every open session; it may close any of them.
  void for_each(const std::function<void(Session&)>& visit);
  void close_all(CloseReason reason = CloseReason::kForcedClose);

  [[nodiscard]] const Options& options() const;

 private:
  friend class Polling;
  friend class Session;
  friend class WebSocketLink;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace engineio

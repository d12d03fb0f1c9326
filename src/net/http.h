// HTTP as the rest of the server sees it: a request, the exchange by which it is answered, and the
// handler behind it. The bytes are parsed and written elsewhere (net/http_parser, runtime/).
//
// Everything here belongs to the core thread of the connection. No call blocks.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/tunnel.h"
#include "net/websocket.h"

namespace net {

struct HttpHeader {
  std::string name;
  std::string value;
};

// A request head (RFC 9112). The body, if any, comes through HttpExchange::read_body().
struct HttpRequest {
  std::string method;  // as sent; methods are case-sensitive
  std::string target;  // as sent: path and query (of an absolute URI too), or `*`
  std::vector<HttpHeader> headers;
  // Of the TCP peer, without port; or as the one who relays the request knows it (relayed_for()).
  std::string peer_address;
  unsigned minor_version = 1;  // of HTTP/1
  bool keep_alive = true;
  bool wants_upgrade = false;  // `Connection: upgrade`

  [[nodiscard]] std::string_view path() const;   // percent-encoded, without the query
  [[nodiscard]] std::string_view query() const;  // percent-encoded, without the '?'
  // The first header of that name (any case), or an empty view.
  [[nodiscard]] std::string_view header(std::string_view name) const;
};

// All headers of that name (any case) joined with commas, which is what they mean together
// (RFC 9110, section 5.3).
std::string joined_header(const std::vector<HttpHeader>& headers, std::string_view name);

// `a=1&b=2` decoded, in order; a pair with a broken escape is kept as it was sent.
std::vector<std::pair<std::string, std::string>> parse_query(std::string_view query);
// The first value of `name`, or an empty view.
std::string_view query_value(const std::vector<std::pair<std::string, std::string>>& query,
                             std::string_view name);

struct HttpResponse {
  int status = 200;
  std::vector<HttpHeader> headers;  // Content-Length, Connection and Date are added when sent
  std::string body;
  bool close = false;  // end the TCP connection after it
};

class HttpExchange;

// What can still happen to an exchange that was not answered at once.
class HttpExchangeListener {
 public:
  virtual ~HttpExchangeListener() = default;
  // The whole body asked for with read_body(); valid during the call.
  virtual void on_body(HttpExchange& exchange, std::string_view body) = 0;
  // The body is larger than the limit. The exchange has to be answered; what is left of the body is
  // dropped, and the connection closes after the answer.
  virtual void on_body_too_large(HttpExchange& exchange) = 0;
  // The peer went away before the answer was complete. The exchange is gone after this call.
  virtual void on_aborted(HttpExchange& exchange) = 0;
  // A stream's output has drained below its low mark; only after write_chunk() returned false.
  virtual void on_writable(HttpExchange& exchange) { (void)exchange; }
};

// One request and its answer. Owned by its connection; valid until respond(), end_stream(),
// abort_stream(), accept_websocket(), open_tunnel() or transfer() was called, or on_aborted() has
// returned. All of them may be called from inside any callback. Callbacks come from the event loop
// only, never from inside a call made here.
class HttpExchange {
 public:
  virtual ~HttpExchange() = default;
  [[nodiscard]] virtual const HttpRequest& request() const = 0;

  // Must be set before the handler returns without having answered. Not owned.
  virtual void set_listener(HttpExchangeListener* listener) = 0;
  // Asks for the body, at most `limit` bytes, once. on_body() comes later in the same turn at the
  // earliest, also for a request without a body ("").
  virtual void read_body(std::size_t limit) = 0;

  virtual void respond(HttpResponse response) = 0;

  // An answer of unknown length (chunked). write_chunk() returns false when the output backlog is
  // above its high mark: wait for on_writable().
  virtual void start_stream(HttpResponse head) = 0;
  virtual bool write_chunk(std::string_view bytes) = 0;
  virtual void end_stream() = 0;
  // Cuts the connection, which tells the peer that the answer is not whole. on_aborted() follows.
  virtual void abort_stream() = 0;

  // Answers 101 and turns the connection into a WebSocket, which belongs to `handler` until
  // on_closed(). The caller has checked the request with websocket_handshake_error().
  virtual WebSocket& accept_websocket(WebSocketHandler& handler,
                                      const WebSocketOptions& options) = 0;

  // Sends `head`, a whole response head, as it is, and turns the connection into a tunnel, which
  // belongs to `handler` until on_tunnel_closed() or finish(). Bytes that the peer has sent behind
  // the request come first.
  virtual Tunnel& open_tunnel(TunnelHandler& handler, std::string_view head) = 0;

  // Hands the connection, with this request unread, to another core thread, whose handler gets it
  // as if it had been accepted there. Only before read_body(). A number that names no thread, or a
  // thread that has stopped, ends the connection.
  virtual void transfer(unsigned thread) = 0;
};

class HttpHandler {
 public:
  virtual ~HttpHandler() = default;
  // A request head has arrived: answer it, or set a listener and answer later.
  virtual void on_request(HttpExchange& exchange) = 0;
  // Asked before it: the address from which the request came to a node of ours that relays it, if
  // it is proved that one does. It replaces the peer's, and the connection counts for nobody here.
  [[nodiscard]] virtual std::optional<std::string> relayed_for(const HttpRequest& request) const {
    (void)request;
    return std::nullopt;
  }
};

}  // namespace net

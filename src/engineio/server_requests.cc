// How the server answers HTTP requests: the checks, in their order, and the two ways to open a
// session.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "engineio/cors.h"
#include "engineio/server_impl.h"

namespace engineio {
namespace {

constexpr int kUnknownTransport = 0;
constexpr int kUnknownSid = 1;
constexpr int kBadHandshakeMethod = 2;
constexpr int kBadRequest = 3;
constexpr int kForbidden = 4;
constexpr int kUnsupportedVersion = 5;
constexpr std::string_view kMessages[] = {
    "Transport unknown", "Session ID unknown", "Bad handshake method",
    "Bad request",       "Forbidden",          "Unsupported protocol version"};

bool asks_for_websocket(const net::HttpRequest& request) {
  return request.wants_upgrade && base::iequals(request.header("Upgrade"), "websocket");
}

// What may stand in a header's value (RFC 9110, section 5.5).
bool valid_header_value(std::string_view value) {
  return std::all_of(value.begin(), value.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
  });
}

// Application messages may hold anything; quotes and the like would break the JSON around them.
std::string json_escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return out;
}

}  // namespace

void Server::Impl::respond(net::HttpExchange& exchange, net::HttpResponse response) const {
  add_cors_headers(options.cors, exchange.request(), response);
  exchange.respond(std::move(response));
}

void Server::Impl::respond_empty(net::HttpExchange& exchange, int status) const {
  net::HttpResponse response;
  response.status = status;
  respond(exchange, std::move(response));
}

void Server::Impl::respond_error(net::HttpExchange& exchange, int status, int code,
                                 std::string_view message, bool upgrade) const {
  net::HttpResponse response;
  response.status = status;
  if (upgrade) {
    response.headers = {{"Content-Type", "text/html"}, {"Sec-WebSocket-Version", "13"}};
    response.body = message;
    response.close = true;
  } else {
    response.headers = {{"Content-Type", "application/json"}};
    response.body = fmt::format(R"({{"code":{},"message":"{}"}})", code, json_escaped(message));
  }
  respond(exchange, std::move(response));
}

void Server::refuse(net::HttpExchange& exchange, int status, int code,
                    std::string_view message) const {
  impl_->respond_error(exchange, status, code, message, asks_for_websocket(exchange.request()));
}

void Server::refuse_unknown_sid(net::HttpExchange& exchange) const {
  refuse(exchange, 400, kUnknownSid, kMessages[kUnknownSid]);
}

void Server::Impl::route(net::HttpExchange& exchange) {
  const net::HttpRequest& request = exchange.request();
  if (request.method == "OPTIONS" && !options.cors.origins.empty()) {
    exchange.respond(preflight_response(options.cors, request));
    return;
  }
  const bool upgrade = asks_for_websocket(request);
  const auto refuse = [&](int code) {
    respond_error(exchange, 400, code, kMessages[code], upgrade);
  };
  const auto query = net::parse_query(request.query());
  const std::string_view transport = net::query_value(query, "transport");
  const bool websocket = transport == "websocket" && options.websocket;
  if (!websocket && !(transport == "polling" && options.polling)) {
    return refuse(kUnknownTransport);
  }
  if (!valid_header_value(request.header("Origin"))) return refuse(kBadRequest);
  if (const std::string_view text = net::query_value(query, "sid"); !text.empty()) {
    const std::optional<Sid> sid = Sid::parse(text);
    if (!sid) return refuse(kUnknownSid);
    return existing_session(exchange, *sid, websocket, upgrade);
  }
  if (request.method != "GET") return refuse(kBadHandshakeMethod);
  if (websocket != upgrade) return refuse(kBadRequest);
  if (upgrade && !origin_allowed(options.cors, request)) return refuse(kForbidden);
  if (const std::optional<Refusal> refusal = handler.allow_request(request)) {
    const int status = upgrade && refusal->status == 403 ? 400 : refusal->status;
    return respond_error(exchange, status, refusal->code, refusal->message, upgrade);
  }
  if (net::query_value(query, "EIO") != "4") return refuse(kUnsupportedVersion);
  if (websocket) {
    open_websocket(exchange);
  } else {
    open_polling(exchange);
  }
}

void Server::Impl::existing_session(net::HttpExchange& exchange, const Sid& sid, bool websocket,
                                    bool upgrade) {
  if (!is_own(sid.node())) {
    if (handler.on_foreign_node(exchange, sid)) return;
  } else if (sid.thread() != options.thread && sid.thread() < options.threads) {
    exchange.transfer(sid.thread());
    return;
  }
  const auto refuse = [&](int code) {
    respond_error(exchange, 400, code, kMessages[code], upgrade);
  };
  const auto found = sessions.find(sid);
  if (found == sessions.end()) return refuse(kUnknownSid);
  Session& session = **found;
  const net::HttpRequest& request = exchange.request();
  if (websocket || upgrade) {
    if (!websocket || !upgrade || !origin_allowed(options.cors, request)) {
      return refuse(kBadRequest);
    }
    return upgrade_session(exchange, session);
  }
  if (session.polling_ == nullptr || session.over_websocket()) return refuse(kBadRequest);
  if (request.method == "GET") {
    session.polling_->on_get(exchange);
  } else if (request.method == "POST") {
    session.polling_->on_post(exchange);
  } else {
    respond_empty(exchange, 405);
  }
}

void Server::Impl::open_polling(net::HttpExchange& exchange) {
  if (silent >= options.max_silent_sessions) {
    return respond_error(exchange, 503, kForbidden, "Too many silent sessions", false);
  }
  Session& session = create_session(exchange.request());
  session.polling_ = std::make_unique<Polling>(session);
  session.counted_silent_ = true;
  ++silent;
  net::HttpResponse response;
  response.headers = {{"Content-Type", "text/plain; charset=UTF-8"}, {"Cache-Control", "no-store"}};
  response.body = open_packet(session, options.websocket && options.upgrades);
  respond(exchange, std::move(response));
  handler.on_open(session);
}

void Server::Impl::open_websocket(net::HttpExchange& exchange) {
  if (const auto error = net::websocket_handshake_error(exchange.request()); !error.empty()) {
    return respond_error(exchange, 400, kBadRequest, error, true);
  }
  Session& session = create_session(exchange.request());
  session.link_ = &accept(exchange, &session);
  session.link_->socket().send_text(open_packet(session, false));
  handler.on_open(session);
}

void Server::Impl::upgrade_session(net::HttpExchange& exchange, Session& session) {
  if (const auto error = net::websocket_handshake_error(exchange.request()); !error.empty()) {
    return respond_error(exchange, 400, kBadRequest, error, true);
  }
  const bool possible = options.upgrades && session.open() && !session.over_websocket() &&
                        !session.polling_->probing();
  if (possible) {
    session.polling_->start_probe(accept(exchange, &session));
  } else {
    accept(exchange, nullptr).close();
  }
}

WebSocketLink& Server::Impl::accept(net::HttpExchange& exchange, Session* session) {
  net::WebSocketOptions websocket_options;
  websocket_options.max_message = options.max_payload;
  websocket_options.deflate = options.deflate;
  websocket_options.max_backlog = options.max_buffered;
  // The link belongs to its socket: it deletes itself in on_closed().
  auto* link = new WebSocketLink(session);
  link->set_socket(exchange.accept_websocket(*link, websocket_options));
  return *link;
}

Session& Server::Impl::create_session(const net::HttpRequest& request) {
  auto handshake =
      std::make_unique<Handshake>(Handshake{request.target, request.headers, request.peer_address});
  const Sid sid = Sid::create(random, nodes.back(), static_cast<uint8_t>(options.thread));
  auto* session = new Session(server, sid, std::move(handshake));
  sessions.insert(session);
  session->start_heartbeat();
  return *session;
}

std::string Server::Impl::open_packet(const Session& session, bool upgradable) const {
  return fmt::format(
      R"(0{{"sid":"{}","upgrades":[{}],"pingInterval":{},"pingTimeout":{},"maxPayload":{}}})",
      session.sid().text(), upgradable ? R"("websocket")" : "", options.ping_interval.count(),
      options.ping_timeout.count(), options.max_payload);
}

}  // namespace engineio

#include "runtime/http_session.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "net/websocket_deflate.h"
#include "net/websocket_handshake.h"
#include "runtime/connection_set.h"
#include "runtime/socket_address.h"
#include "runtime/tunnel_session.h"
#include "runtime/websocket_session.h"

namespace runtime {
namespace {

// Answers that the peer of pipelined requests has not taken yet; the next request waits beyond.
constexpr std::size_t kMaxUntaken = 256 * 1024;
// The body of an answered request is read this far to keep the connection.
constexpr std::size_t kMaxDiscarded = 64 * 1024;
constexpr std::size_t kStreamHighMark = 256 * 1024;
constexpr std::size_t kStreamLimit = 16 * 1024 * 1024;  // for a writer that does not listen

std::string_view view(std::span<const char> bytes) { return {bytes.data(), bytes.size()}; }

}  // namespace

HttpSession::HttpSession(Connection& connection)
    : connection_(&connection), request_(&parser_.request()) {}

void HttpSession::arrive(Connection& connection) {
  connection_ = &connection;
  listener_ = nullptr;
  stage_ = Stage::kRouting;
  connection.resume_soon();
}

// -- Reading

void HttpSession::on_input(std::span<char> bytes) {
  if (stage_ == Stage::kBody || stage_ == Stage::kDiscard)
    connection_->set_deadline(connection_->set().timeouts().body_progress);
  if (unread_.empty()) return pump_and_keep(bytes);
  unread_.append(bytes.data(), bytes.size());
  on_resume();
}

void HttpSession::on_resume() {
  std::string bytes = std::move(unread_);
  unread_.clear();
  pump_and_keep(bytes);
}

void HttpSession::pump_and_keep(std::span<char> input) {
  pumping_ = true;
  pump(input);
  pumping_ = false;
  if (stage_ == Stage::kOver && connection_->session() != this) {
    // The rest is for what this connection has become.
    if (connection_->session() != nullptr) connection_->deliver(input);
    return;
  }
  unread_.assign(input.data(), input.size());
}

bool HttpSession::wants_input() const {
  switch (stage_) {
    case Stage::kHead: return connection_->backlog() <= kMaxUntaken;
    case Stage::kBody:
    case Stage::kDiscard: return true;
    default: return false;
  }
}

void HttpSession::pump(std::span<char>& input) {
  while (true) {
    switch (stage_) {
      case Stage::kHead:
        if (!read_head(input)) return;
        break;
      case Stage::kRouting: route(); break;
      case Stage::kBody:
      case Stage::kDiscard:
        if (!pump_body(input)) return;
        break;
      case Stage::kAnswered: next_request(!input.empty()); break;
      case Stage::kHandling:
      case Stage::kWaiting:
      case Stage::kStreaming:
      case Stage::kOver: return;
    }
  }
}

bool HttpSession::read_head(std::span<char>& input) {
  if (connection_->backlog() > kMaxUntaken) {
    connection_->want_drained();
    return false;
  }
  const net::HttpParser::Step step = parser_.next(view(input));
  input = input.subspan(step.consumed);
  if (step.event == net::HttpParser::Event::kNeedMore) return false;
  if (step.event == net::HttpParser::Event::kError) {
    refuse(step.status);
    return false;
  }
  stage_ = Stage::kRouting;
  return true;
}

void HttpSession::route() {
  stage_ = Stage::kHandling;
  connection_->clear_deadline();
  net::HttpHandler& handler = connection_->set().handler(connection_->listener());
  if (std::optional<std::string> client = handler.relayed_for(*request_)) {
    request_->peer_address = *std::move(client);
    connection_->count_for_nobody();
  } else {
    if (connection_->over_limit()) return refuse(429);
    request_->peer_address = peer_address(connection_->fd());
    if (!connection_->admit_forwarded(*request_)) return refuse(429);
  }
  handler.on_request(*this);
  CHECK(stage_ != Stage::kHandling || listener_ != nullptr);
}

bool HttpSession::pump_body(std::span<char>& input) {
  if (stage_ == Stage::kBody && announced_too_large()) return true;
  const net::HttpParser::Step step = parser_.next(view(input));
  input = input.subspan(step.consumed);
  switch (step.event) {
    case net::HttpParser::Event::kNeedMore: return false;
    case net::HttpParser::Event::kError:
      if (stage_ == Stage::kDiscard) {
        stage_ = Stage::kOver;
        connection_->finish();
      } else {
        connection_->cut();  // tells the listener
        stage_ = Stage::kWaiting;
      }
      return false;
    case net::HttpParser::Event::kBody: take_body(step.body); return true;
    default: break;
  }
  received_all_ = true;
  if (stage_ == Stage::kDiscard) {
    stage_ = Stage::kAnswered;
  } else {
    deliver_body();
  }
  return true;
}

bool HttpSession::announced_too_large() {
  if (parser_.content_length().value_or(0) <= body_limit_) return false;
  too_large_ = true;
  stage_ = Stage::kWaiting;
  connection_->clear_deadline();
  listener_->on_body_too_large(*this);
  return true;
}

void HttpSession::take_body(std::string_view piece) {
  if (stage_ == Stage::kDiscard) {
    discarded_ += piece.size();
    if (discarded_ <= kMaxDiscarded) return;
    stage_ = Stage::kOver;
    connection_->finish();
    return;
  }
  if (piece.size() > body_limit_ - body_.size()) {
    too_large_ = true;
    stage_ = Stage::kWaiting;
    body_ = std::string();
    connection_->clear_deadline();
    listener_->on_body_too_large(*this);
    return;
  }
  if (body_.empty() && parser_.content_length() == piece.size()) {
    whole_body_ = piece;  // its end is the parser's next event, in this very call
  } else {
    body_.append(piece);
  }
}

void HttpSession::deliver_body() {
  stage_ = Stage::kWaiting;
  connection_->clear_deadline();
  listener_->on_body(*this, whole_body_.empty() ? std::string_view(body_) : whole_body_);
  body_ = std::string();
  whole_body_ = {};
}

void HttpSession::next_request(bool more_input) {
  if (!more_input) {
    stage_ = Stage::kOver;
    connection_->become_idle();
    return;
  }
  parser_.reset();
  stage_ = Stage::kHead;
  too_large_ = received_all_ = false;
  discarded_ = 0;
  connection_->set_deadline(connection_->set().timeouts().request_head);
}

// -- Answering

bool HttpSession::body_is_read() const { return received_all_ || parser_.content_length() == 0U; }

bool HttpSession::with_handler() const {
  return stage_ == Stage::kHandling || stage_ == Stage::kBody || stage_ == Stage::kWaiting;
}

net::ResponseFraming HttpSession::framing(bool close) const {
  net::ResponseFraming result;
  result.keep_alive = !close;
  result.minor_version = request_->minor_version;
  result.date = connection_->set().date();
  return result;
}

// Answers in place of the handler, and closes.
void HttpSession::refuse(int status) {
  net::HttpResponse response;
  response.status = status;
  connection_->send(base::SharedBytes(net::response_head(response, framing(true))));
  stage_ = Stage::kOver;
  connection_->finish();
}

void HttpSession::read_body(std::size_t limit) {
  CHECK(stage_ == Stage::kHandling && listener_ != nullptr);
  body_limit_ = limit;
  stage_ = Stage::kBody;
  connection_->set_deadline(connection_->set().timeouts().body_progress);
  if (parser_.expects_continue() && parser_.content_length().value_or(0) <= limit)
    connection_->send(base::SharedBytes("HTTP/1.1 100 Continue\r\n\r\n"));
  go_on();
}

void HttpSession::respond(net::HttpResponse response) {
  CHECK(with_handler());
  // A client that waits for `100 Continue` and gets an answer may or may not send the body.
  const bool unknown_rest = !body_is_read() && parser_.expects_continue() && stage_ != Stage::kBody;
  const bool long_rest = !body_is_read() && parser_.content_length().value_or(0) > kMaxDiscarded;
  const bool close = response.close || !request_->keep_alive || too_large_ || unknown_rest ||
                     long_rest || !connection_->set().keeps_alive();
  const std::string head = net::response_head(response, framing(close));
  const bool has_body = net::response_has_body(request_->method, response.status);
  connection_->send(
      base::SharedBytes(head, has_body ? std::string_view(response.body) : std::string_view()));
  answered(close);
}

void HttpSession::answered(bool close) {
  listener_ = nullptr;
  if (close) {
    stage_ = Stage::kOver;
    connection_->finish();
    return;
  }
  if (body_is_read()) {
    stage_ = Stage::kAnswered;
  } else {
    stage_ = Stage::kDiscard;
    connection_->set_deadline(connection_->set().timeouts().body_progress);
  }
  go_on();
}

void HttpSession::go_on() {
  if (!pumping_) connection_->resume_soon();
}

void HttpSession::start_stream(net::HttpResponse head) {
  CHECK(with_handler());
  stage_ = Stage::kStreaming;
  connection_->clear_deadline();
  stream_chunked_ = request_->minor_version == 1;
  stream_has_body_ = net::response_has_body(request_->method, head.status);
  stream_closes_ = head.close || !request_->keep_alive || !body_is_read() || !stream_chunked_ ||
                   !connection_->set().keeps_alive();
  net::ResponseFraming f = framing(stream_closes_);
  f.body =
      stream_chunked_ ? net::ResponseFraming::Body::kChunked : net::ResponseFraming::Body::kToClose;
  connection_->send(base::SharedBytes(net::response_head(head, f)));
}

bool HttpSession::write_chunk(std::string_view bytes) {
  CHECK(stage_ == Stage::kStreaming);
  if (bytes.empty() || !stream_has_body_) return true;
  if (stream_chunked_) {
    const std::string head = net::chunk_head(bytes.size());
    connection_->send(base::SharedBytes(head, bytes));
    connection_->send(base::SharedBytes("\r\n"));
  } else {
    connection_->send(base::SharedBytes(bytes));
  }
  if (connection_->backlog() > kStreamLimit) connection_->cut();
  if (connection_->backlog() <= kStreamHighMark) return true;
  wants_writable_ = true;
  connection_->want_drained();
  return false;
}

void HttpSession::end_stream() {
  CHECK(stage_ == Stage::kStreaming);
  if (stream_chunked_ && stream_has_body_)
    connection_->send(base::SharedBytes(net::chunk_head(0) + "\r\n"));
  wants_writable_ = false;
  answered(stream_closes_);
}

void HttpSession::abort_stream() {
  CHECK(stage_ == Stage::kStreaming);
  connection_->cut();
}

net::WebSocket& HttpSession::accept_websocket(net::WebSocketHandler& handler,
                                              const net::WebSocketOptions& options) {
  CHECK(with_handler());
  std::optional<net::DeflateAgreement> deflate;
  if (options.deflate) deflate = net::negotiate_deflate(*request_);
  connection_->send(base::SharedBytes(net::websocket_accept_response(
      *request_, deflate ? std::string_view(deflate->header) : std::string_view())));
  auto session =
      std::make_unique<WebSocketSession>(*connection_, handler, connection_->set().keep(options));
  if (deflate) session->enable_deflate(deflate->parameters);
  WebSocketSession& websocket = *session;
  become(std::move(session));
  return websocket;
}

net::Tunnel& HttpSession::open_tunnel(net::TunnelHandler& handler, std::string_view head) {
  CHECK(with_handler());
  connection_->send(base::SharedBytes(head));
  auto session = std::make_unique<TunnelSession>(*connection_, handler);
  TunnelSession& tunnel = *session;
  become(std::move(session));
  return tunnel;
}

// The connection goes on as something else, which gets what comes behind the request.
void HttpSession::become(std::unique_ptr<Session> successor) {
  stage_ = Stage::kOver;
  connection_->clear_deadline();
  connection_->replace_session(std::move(successor));
  if (!pumping_) connection_->deliver_soon(std::move(unread_));
}

void HttpSession::transfer(unsigned thread) {
  CHECK(stage_ == Stage::kHandling);
  stage_ = Stage::kOver;
  listener_ = nullptr;
  connection_->move_soon(thread);
}

// -- What happens to it

void HttpSession::on_drained() {
  if (std::exchange(wants_writable_, false)) {
    listener_->on_writable(*this);
  } else if (stage_ == Stage::kHead) {
    connection_->resume_soon();
  }
}

void HttpSession::on_timeout() {
  if (stage_ == Stage::kHead) {
    refuse(408);
  } else {
    connection_->cut();
  }
}

void HttpSession::on_lost() {
  const bool pending = with_handler() || stage_ == Stage::kStreaming;
  stage_ = Stage::kOver;
  if (pending && listener_ != nullptr) std::exchange(listener_, nullptr)->on_aborted(*this);
}

}  // namespace runtime

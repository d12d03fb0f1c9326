#include "admin/call.h"

#include "admin/problem.h"
#include "base/text.h"

namespace admin {
namespace {

std::optional<std::vector<std::string>> split(std::string_view path) {
  std::vector<std::string> segments;
  while (path.starts_with('/')) {
    path.remove_prefix(1);
    const std::string_view raw = path.substr(0, path.find('/'));
    auto decoded = base::percent_decode(raw, base::Plus::kLiteral);
    if (!decoded) return std::nullopt;
    segments.push_back(*std::move(decoded));
    path.remove_prefix(raw.size());
  }
  return segments;
}

}  // namespace

Call::Call(net::HttpExchange& exchange)
    : exchange_(&exchange),
      method_(exchange.request().method == "HEAD" ? "GET" : exchange.request().method),
      segments_(split(exchange.request().path())),
      query_(net::parse_query(exchange.request().query())) {}

std::shared_ptr<Call> Call::take(net::HttpExchange& exchange) {
  std::shared_ptr<Call> call(new Call(exchange));
  call->self_ = call;
  exchange.set_listener(call.get());
  return call;
}

// Whoever calls this keeps the call alive until it returns.
void Call::let_go() {
  exchange_ = nullptr;
  body_handler_ = nullptr;
  more_ = nullptr;
  self_.reset();
}

void Call::respond(net::HttpResponse response) {
  if (exchange_ == nullptr) return;
  const std::shared_ptr<Call> alive = shared_from_this();
  net::HttpExchange& exchange = *exchange_;
  let_go();
  exchange.respond(std::move(response));
}

void Call::with_body(std::size_t limit, BodyHandler handler) {
  if (exchange_ == nullptr) return;
  body_handler_ = std::move(handler);
  exchange_->read_body(limit);
}

void Call::start_stream(net::HttpResponse head) {
  if (exchange_ != nullptr) exchange_->start_stream(std::move(head));
}

void Call::write(std::string_view bytes, std::function<void()> more) {
  if (exchange_ == nullptr) return;
  if (exchange_->write_chunk(bytes)) {
    more();
  } else {
    more_ = std::move(more);
  }
}

void Call::end_stream() {
  if (exchange_ == nullptr) return;
  const std::shared_ptr<Call> alive = shared_from_this();
  net::HttpExchange& exchange = *exchange_;
  let_go();
  exchange.end_stream();
}

void Call::abort_stream() {
  if (exchange_ != nullptr) exchange_->abort_stream();
}

void Call::on_body(net::HttpExchange&, std::string_view body) {
  const BodyHandler handler = std::move(body_handler_);
  body_handler_ = nullptr;
  handler(shared_from_this(), body);
}

void Call::on_body_too_large(net::HttpExchange&) {
  respond(problem(413, "invalid_argument", "the body is too large"));
}

void Call::on_aborted(net::HttpExchange&) {
  const std::shared_ptr<Call> alive = shared_from_this();
  let_go();
}

void Call::on_writable(net::HttpExchange&) {
  const std::function<void()> more = std::move(more_);
  more_ = nullptr;
  if (more) more();
}

}  // namespace admin

#include "echo_server.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "net/websocket.h"

namespace echo {
namespace {

constexpr std::size_t kMaxRawMessage = (16U << 20) + 1;
constexpr std::size_t kMaxRawBacklog = 4 * kMaxRawMessage;

// Sends back every message of one WebSocket; belongs to it.
class RawEcho final : public net::WebSocketHandler {
 public:
  static void accept(net::HttpExchange& exchange, bool deflate) {
    net::WebSocketOptions options;
    options.max_message = kMaxRawMessage;
    options.max_backlog = kMaxRawBacklog;
    options.deflate = deflate;
    auto* echo = new RawEcho;
    echo->socket_ = &exchange.accept_websocket(*echo, options);
  }
  void on_text(std::string_view message) override { socket_->send_text(message); }
  void on_binary(std::string_view message) override { socket_->send_binary(message); }
  void on_closed(uint16_t) override { delete this; }

 private:
  net::WebSocket* socket_ = nullptr;
};

engineio::Options with_path(engineio::Options options, std::string path) {
  options.path = std::move(path);
  return options;
}

void respond(net::HttpExchange& exchange, int status, std::string_view body) {
  net::HttpResponse response;
  response.status = status;
  response.headers = {{"Content-Type", "text/plain; charset=UTF-8"}};
  response.body = body;
  exchange.respond(std::move(response));
}

}  // namespace

EchoServer::EchoServer(const Settings& settings, runtime::EventLoop& loop)
    : loop_(loop),
      deflate_(settings.engine.deflate),
      engine_(with_path(settings.engine, "/engine.io/"), engine_handler_, random_,
              [&loop] { return loop.now().steady; }),
      socketio_(with_path(settings.engine, "/socket.io/"), settings.socketio, random_,
                [&loop] { return loop.now().steady; }),
      wheel_(base::Duration(1), 1024, loop.now().steady),
      alive_(std::make_shared<bool>(true)) {
  socketio_.add_namespace("/", main_);
  socketio_.add_namespace("/custom", custom_);
  socketio_.add_namespace("/denied", denied_);
  loop_.add_wheel(wheel_, [this](base::TimerNode&) {
    engine_.advance();
    socketio_.advance();
  });
  loop_.at_turn_end([this, alive = std::weak_ptr<bool>(alive_)] {
    if (!alive.expired()) end_turn();
  });
}

EchoServer::~EchoServer() { loop_.remove_wheel(wheel_); }

void EchoServer::end_turn() {
  engine_.flush();
  socketio_.flush();
  std::optional<base::SteadyTime> next = engine_.next_due();
  const std::optional<base::SteadyTime> other = socketio_.next_due();
  if (!next || (other && *other < *next)) next = other;
  if (!next) {
    base::TimerWheel::cancel(wake_);
  } else if (!wake_.armed() || wake_.deadline() != *next) {
    wheel_.arm(wake_, *next);
  }
}

void EchoServer::on_request(net::HttpExchange& exchange) {
  const net::HttpRequest& request = exchange.request();
  const std::string_view path = request.path();
  if (engine_.matches(path)) {
    engine_.on_request(exchange);
  } else if (socketio_.matches(path)) {
    socketio_.on_request(exchange);
  } else if (path != "/ws-echo") {
    respond(exchange, 404, "Not found\n");
  } else if (const auto error = net::websocket_handshake_error(request); !error.empty()) {
    respond(exchange, 400, error);
  } else {
    RawEcho::accept(exchange, deflate_);
  }
}

}  // namespace echo

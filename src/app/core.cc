#include "app/core.h"

#include <utility>

#include "admin/api.h"
#include "app/domain.h"
#include "app/memory.h"

namespace app {
namespace {

constexpr uint32_t kStorm = 1000;  // requests within trim_interval

// Long enough for a thread that is behind to get on, short enough not to be noticed.
constexpr base::Duration kRetryInterval{2};
constexpr base::Duration kClockInterval{500};  // to notice that the wall clock was set

}  // namespace

Core::Core(const CoreOptions& options, runtime::EventLoop& loop, Domain& domain,
           const auth::Authenticator& authenticator, const page::Assets& assets,
           bool serves_operators, net::HttpHandler* operators)
    : loop_(loop),
      thread_(options.frontend.thread),
      domain_(domain),
      assets_(assets),
      serves_operators_(serves_operators),
      operators_(operators),
      frontend_(options.frontend, authenticator, [&loop] { return loop.now(); }),
      relay_(options.relay ? std::make_unique<NodeRelay>(
                                 loop, *options.relay, options.relay_secret,
                                 [this]() -> engineio::Server& { return server_.engine(); })
                           : nullptr),
      server_(
          options.engine, options.socketio, random_, [&loop] { return loop.now().steady; },
          relay_.get()),
      nsp_(server_.add_namespace("/", frontend_)),
      deadlines_([&loop] { return loop.now().steady; }) {
  if (thread_ == 0) {
    local_hub_ = std::make_unique<LocalHub>(domain.hub());
    frontend_.set_hub(*local_hub_);
    domain.start(deadlines_, frontend_);
  } else {
    remote_hub_ = std::make_unique<RemoteHub>(domain.hub_loop(), domain.hub());
    frontend_.set_hub(*remote_hub_);
  }
  deadlines_.watch([this] { return server_.next_due(); }, [this] { server_.advance(); });
  deadlines_.watch([this] { return frontend_.next_due(); }, [this] { frontend_.advance(); });
  deadlines_.every(kClockInterval, [this] { frontend_.advance(); });
  deadlines_.every(options.trim_interval, [this] { trim_memory(); });
  deadlines_.watch([this] { return retry_at_; }, [this] { retry_at_.reset(); });
  loop.add_wheel(deadlines_.wheel(), [this](base::TimerNode& node) { deadlines_.on_due(node); });
  loop.at_turn_end([this] { end_turn(); });
}

Core::~Core() { loop_.remove_wheel(deadlines_.wheel()); }

void Core::end_turn() {
  server_.flush();
  const bool all_taken = remote_hub_ == nullptr ? domain_.flush() : remote_hub_->flush();
  // Nothing else may wake this thread for long: its devices are waiting for answers.
  retry_at_ = all_taken ? std::nullopt : std::optional(loop_.now().steady + kRetryInterval);
  deadlines_.rearm();
}

// Many handshakes and contact lists at once leave more free memory behind than is ever needed
// between two storms.
void Core::trim_memory() {
  const bool storm = std::exchange(requests_, 0) >= kStorm;
  if (!storm && had_storm_) {
    release_free_memory();
    if (thread_ == 0) domain_.release_free_memory();
  }
  had_storm_ = storm;
}

void Core::drain(std::size_t parts) {
  draining_ = true;
  frontend_.drain();
  server_.shut_down_part(parts);
}

// A balancer that has not noticed yet may try another node at once, and a client does so later.
void Core::refuse_while_draining(net::HttpExchange& exchange) {
  net::HttpResponse response;
  response.status = 503;
  response.headers.push_back({"Content-Type", "application/json"});
  response.headers.push_back({"Retry-After", "1"});
  response.body = R"({"code":4,"message":"The server is draining"})";
  exchange.respond(std::move(response));
}

std::optional<std::string> Core::relayed_for(const net::HttpRequest& request) const {
  return relay_ == nullptr ? std::nullopt : relay_->relayed_for(request);
}

void Core::on_request(net::HttpExchange& exchange) {
  ++requests_;
  const net::HttpRequest& request = exchange.request();
  const std::string_view path = request.path();
  if (serves_operators_ && admin::Api::matches(path)) {
    if (thread_ != 0) return exchange.transfer(0);
    return operators_->on_request(exchange);
  }
  if (path != server_.engine().options().path) {
    if (auto file = assets_.serve(request)) return exchange.respond(*std::move(file));
  }
  if (server_.matches(path)) {
    const bool begins = net::query_value(net::parse_query(request.query()), "sid").empty();
    if (draining_ && begins && request.method != "OPTIONS") return refuse_while_draining(exchange);
    return server_.on_request(exchange);
  }
  net::HttpResponse response;
  response.status = 404;
  response.headers.push_back({"Content-Type", "text/plain; charset=utf-8"});
  response.body = "not found\n";
  exchange.respond(std::move(response));
}

}  // namespace app

#include "app/peers.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <utility>

#include "net/client_address.h"
#include "relay/mark.h"
#include "runtime/random.h"

namespace app {

NodeRelay::NodeRelay(runtime::EventLoop& loop, const relay::Options& options, std::string secret,
                     std::function<engineio::Server&()> server)
    : loop_(loop),
      secret_(std::move(secret)),
      server_(std::move(server)),
      relay_(loop, options, [this](net::HttpExchange& exchange, relay::Failure failure) {
        refuse(exchange, failure);
      }) {}

void NodeRelay::know(uint16_t own, relay::PeersPtr peers) {
  server_().set_node(own);
  relay_.set_peers(std::move(peers));
}

bool NodeRelay::on_foreign_node(net::HttpExchange& exchange, const engineio::Sid& sid) {
  return relay_.take(exchange, sid.node(), sid.thread());
}

std::optional<std::string> NodeRelay::relayed_for(const net::HttpRequest& request) const {
  return relay::check_mark(request, secret_, loop_.now().wall);
}

// A client begins anew whatever the status is; the others are for whoever reads the log of a proxy.
void NodeRelay::refuse(net::HttpExchange& exchange, relay::Failure failure) {
  constexpr int kBadRequest = 3;  // the protocol has no code for these
  switch (failure) {
    case relay::Failure::kGone: return server_().refuse_unknown_sid(exchange);
    case relay::Failure::kUnreachable:
      return server_().refuse(exchange, 502, kBadRequest, "The node of the session is not reached");
    case relay::Failure::kSilent:
      return server_().refuse(exchange, 504, kBadRequest, "The node of the session is silent");
    case relay::Failure::kBusy:
      return server_().refuse(exchange, 503, kBadRequest, "Too many requests are relayed");
  }
}

// By chance, so that a number is hardly ever somebody else's already, also before Redis was asked.
Peers::Peers() {
  runtime::SystemRandom random;
  std::array<uint8_t, 2> number{};
  do {
    random.fill(number);
    seat_.number = static_cast<uint16_t>(number[0] << 8 | number[1]);
  } while (seat_.number == 0);
  std::array<uint8_t, 32> secret{};
  random.fill(secret);
  seat_.secret = fmt::format("{:02x}", fmt::join(secret, ""));
  own_ = seat_.number;
}

void Peers::set_address(const runtime::ListenAddress& bound, bool tls) {
  const auto ip = net::parse_ip_address(bound.host);
  const bool everywhere = bound.host.empty() || (ip && ip->is_unspecified());
  seat_.address = (tls ? "tls:" : "") +
                  runtime::ListenAddress{everywhere ? "*" : bound.host, bound.port}.to_string();
}

void Peers::connect(std::vector<runtime::EventLoop*> loops,
                    std::function<NodeRelay&(unsigned)> relay) {
  loops_ = std::move(loops);
  relay_ = std::move(relay);
  told_.assign(loops_.size(), true);
}

void Peers::update(const cluster::Seat& own, const std::vector<cluster::Seat>& others) {
  relay::Peers peers;
  for (const cluster::Seat& other : others)
    if (auto peer = relay::parse_peer(other.address, other.secret))
      peers.insert_or_assign(other.number, *std::move(peer));
  if (own.number != own_ || peers != known_) {
    own_ = own.number;
    known_ = std::move(peers);
    told_.assign(loops_.size(), false);
    spdlog::debug("relay: this node is number {}; {} others", own_, known_.size());
  }
  if (std::find(told_.begin(), told_.end(), false) == told_.end()) return;
  const auto snapshot = std::make_shared<const relay::Peers>(known_);
  // A thread whose mailbox is full is told the next time.
  for (unsigned thread = 0; thread < loops_.size(); ++thread) {
    if (told_[thread]) continue;
    told_[thread] = loops_[thread]->post(
        [this, thread, number = own_, snapshot] { relay_(thread).know(number, snapshot); });
  }
}

}  // namespace app

#include "relay/peers.h"

#include "net/client_address.h"
#include "runtime/core_threads.h"

namespace relay {

std::optional<Peer> parse_peer(std::string_view text, std::string secret) {
  Peer peer;
  constexpr std::string_view kTls = "tls:";
  peer.tls = text.starts_with(kTls);
  if (peer.tls) text.remove_prefix(kTls.size());
  const auto address = runtime::parse_listen_address(text);
  if (!address || address->port == 0) return std::nullopt;
  const auto ip = net::parse_ip_address(address->host);
  if (!ip || ip->is_unspecified()) return std::nullopt;
  peer.host = ip->to_string();
  peer.port = address->port;
  peer.secret = std::move(secret);
  return peer;
}

}  // namespace relay

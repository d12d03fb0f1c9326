// Peers: the other nodes that are alive, by the numbers that sids name them by. An immutable
// snapshot: made by the thread that holds the lease, read in every core thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace relay {

// Where another node serves devices, and the secret by which it knows what other nodes relay.
struct Peer {
  std::string host;  // an IPv4 or IPv6 address
  uint16_t port = 0;
  bool tls = false;
  std::string secret;

  bool operator==(const Peer&) const = default;
};

using Peers = std::map<uint16_t, Peer>;
using PeersPtr = std::shared_ptr<const Peers>;

// What a node says of itself in its lease: `HOST:PORT`, `[IPV6]:PORT`, with `tls:` in front where
// devices are served over TLS. Nothing when `text` is none of these, or names no place (port 0, an
// unspecified address).
[[nodiscard]] std::optional<Peer> parse_peer(std::string_view text, std::string secret);

}  // namespace relay

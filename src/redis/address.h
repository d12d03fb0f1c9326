// Where a Redis server, a sentinel or a node of a cluster listens.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>

namespace redis {

struct Address {
  std::string host;  // a name, an IPv4 or an IPv6 address (without brackets)
  uint16_t port = 0;

  bool operator==(const Address&) const = default;
  bool operator<(const Address& other) const {
    return std::tie(host, port) < std::tie(other.host, other.port);
  }
};

// "host:port", with brackets around an IPv6 address.
[[nodiscard]] std::string to_text(const Address& address);

// A port number, 1 to 65535, and nothing else.
[[nodiscard]] std::optional<uint16_t> parse_port(std::string_view text);

}  // namespace redis

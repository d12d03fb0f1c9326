// Which address a request really came from when reverse proxies stand in front of the server.
//
// X-Forwarded-For is believed only as far as it was written by proxies the operator named
// (`trusted_proxies`): each of them appends the address it was called from, so the list is read
// from the right, and the first address that is no trusted proxy is the client. What stands left of
// it may be invented. An entry that is not an address ends the search at the last proxy.
//
// Pure; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace net {

// An IPv4 or IPv6 address. IPv4 is kept as the mapped address ::ffff:a.b.c.d, so that a peer of a
// dual-stack socket equals the same peer of an IPv4 one.
struct IpAddress {
  std::array<uint8_t, 16> bytes{};

  [[nodiscard]] bool is_v4() const;
  [[nodiscard]] bool is_loopback() const;
  [[nodiscard]] bool is_unspecified() const;
  [[nodiscard]] std::string to_string() const;  // `10.0.0.1`, `2001:db8::1`

  bool operator==(const IpAddress&) const = default;
};

// `10.0.0.1`, `2001:db8::1`, `fe80::1%eth0` (the zone is dropped); no brackets, no port.
[[nodiscard]] std::optional<IpAddress> parse_ip_address(std::string_view text);

// All addresses that begin like `base` in `prefix_bits` bits (of the 128 of the mapped form).
struct AddressRange {
  IpAddress base;
  unsigned prefix_bits = 128;

  [[nodiscard]] bool contains(const IpAddress& address) const;
  [[nodiscard]] std::string to_string() const;  // `10.0.0.0/8`; a single address without prefix

  bool operator==(const AddressRange&) const = default;
};

// `10.0.0.1`, `10.0.0.0/8`, `2001:db8::/32`. Nothing when malformed, or when bits behind the prefix
// are set (`10.0.0.1/8` is more likely a mistake than a network).
[[nodiscard]] std::optional<AddressRange> parse_address_range(std::string_view text);

[[nodiscard]] bool in_any_range(const IpAddress& address, std::span<const AddressRange> ranges);

// The client's address as text, without port: `peer` unless it is a trusted proxy.
// `x_forwarded_for` is the value of that header, several of them joined (net::joined_header): some
// proxies append to the client's header, others add one of their own. Entries may carry a port and
// brackets. A `peer` that is not an IP address is returned as it is.
[[nodiscard]] std::string client_address(std::string_view peer, std::string_view x_forwarded_for,
                                         std::span<const AddressRange> trusted_proxies);

}  // namespace net

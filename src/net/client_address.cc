#include "net/client_address.h"

#include <arpa/inet.h>  // for the text of addresses only

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace net {
namespace {

constexpr unsigned kAddressBits = 128;
constexpr std::size_t kMappedPrefixBytes = 12;  // of ::ffff:a.b.c.d
constexpr unsigned kMappedPrefixBits = 96;

constexpr std::array<uint8_t, kMappedPrefixBytes> kMappedPrefix{0, 0, 0, 0, 0,    0,
                                                                0, 0, 0, 0, 0xFF, 0xFF};

// An entry of X-Forwarded-For: an address, perhaps with a port, IPv6 then in brackets.
std::optional<IpAddress> parse_entry(std::string_view entry) {
  if (entry.starts_with('[')) {
    const std::size_t end = entry.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    return parse_ip_address(entry.substr(1, end - 1));
  }
  const bool one_colon = std::count(entry.begin(), entry.end(), ':') == 1;
  return parse_ip_address(one_colon ? entry.substr(0, entry.find(':')) : entry);
}

}  // namespace

bool IpAddress::is_v4() const {
  return std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), bytes.begin());
}

bool IpAddress::is_loopback() const {
  if (is_v4()) return bytes[kMappedPrefixBytes] == 127;
  return bytes.back() == 1 &&
         std::all_of(bytes.begin(), bytes.end() - 1, [](uint8_t byte) { return byte == 0; });
}

bool IpAddress::is_unspecified() const {
  const auto begin = is_v4() ? bytes.begin() + kMappedPrefixBytes : bytes.begin();
  return std::all_of(begin, bytes.end(), [](uint8_t byte) { return byte == 0; });
}

std::string IpAddress::to_string() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const void* start = is_v4() ? bytes.data() + kMappedPrefixBytes : bytes.data();
  inet_ntop(is_v4() ? AF_INET : AF_INET6, start, text.data(), text.size());
  return text.data();
}

std::optional<IpAddress> parse_ip_address(std::string_view text) {
  if (text.find('\0') != std::string_view::npos) return std::nullopt;
  IpAddress address;
  if (text.find(':') == std::string_view::npos) {
    std::copy(kMappedPrefix.begin(), kMappedPrefix.end(), address.bytes.begin());
    const std::string copy(text);
    if (inet_pton(AF_INET, copy.c_str(), address.bytes.data() + kMappedPrefixBytes) != 1)
      return std::nullopt;
    return address;
  }
  const std::string copy(text.substr(0, text.find('%')));
  if (inet_pton(AF_INET6, copy.c_str(), address.bytes.data()) != 1) return std::nullopt;
  return address;
}

bool AddressRange::contains(const IpAddress& address) const {
  const std::size_t whole = prefix_bits / 8;
  if (!std::equal(base.bytes.begin(), base.bytes.begin() + static_cast<std::ptrdiff_t>(whole),
                  address.bytes.begin())) {
    return false;
  }
  const unsigned rest = prefix_bits % 8;
  if (rest == 0) return true;
  const unsigned mask = 0xFFU << (8 - rest) & 0xFFU;
  return ((base.bytes[whole] ^ address.bytes[whole]) & mask) == 0;
}

std::string AddressRange::to_string() const {
  if (prefix_bits == kAddressBits) return base.to_string();
  const unsigned shown = base.is_v4() ? prefix_bits - kMappedPrefixBits : prefix_bits;
  return base.to_string() + '/' + std::to_string(shown);
}

std::optional<AddressRange> parse_address_range(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto base = parse_ip_address(text.substr(0, slash));
  if (!base) return std::nullopt;
  AddressRange range{*base, kAddressBits};
  if (slash == std::string_view::npos) return range;
  const std::string_view digits = text.substr(slash + 1);
  unsigned bits = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  const bool v4_text = text.substr(0, slash).find(':') == std::string_view::npos;
  if (bits > (v4_text ? kAddressBits - kMappedPrefixBits : kAddressBits)) return std::nullopt;
  range.prefix_bits = v4_text ? bits + kMappedPrefixBits : bits;
  for (unsigned bit = range.prefix_bits; bit < kAddressBits; ++bit)
    if ((base->bytes[bit / 8] & (0x80U >> (bit % 8))) != 0) return std::nullopt;
  return range;
}

bool in_any_range(const IpAddress& address, std::span<const AddressRange> ranges) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [&](const AddressRange& range) { return range.contains(address); });
}

std::string client_address(std::string_view peer, std::string_view x_forwarded_for,
                           std::span<const AddressRange> trusted_proxies) {
  auto client = parse_ip_address(peer);
  if (!client) return std::string(peer);
  while (in_any_range(*client, trusted_proxies) && !x_forwarded_for.empty()) {
    const std::size_t comma = x_forwarded_for.rfind(',');
    const bool last = comma == std::string_view::npos;
    const auto next =
        parse_entry(base::trim(last ? x_forwarded_for : x_forwarded_for.substr(comma + 1)));
    if (!next) break;
    client = next;
    x_forwarded_for = last ? std::string_view() : x_forwarded_for.substr(0, comma);
  }
  return client->to_string();
}

}  // namespace net

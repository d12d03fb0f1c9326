#include "runtime/socket_address.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>

#include <array>
#include <charconv>
#include <cstring>
#include <memory>

namespace runtime {

uint16_t SocketAddress::port() const {
  if (storage.ss_family == AF_INET6)
    return ntohs(reinterpret_cast<const sockaddr_in6*>(&storage)->sin6_port);
  return ntohs(reinterpret_cast<const sockaddr_in*>(&storage)->sin_port);
}

void SocketAddress::set_port(uint16_t port) {
  if (storage.ss_family == AF_INET6)
    reinterpret_cast<sockaddr_in6*>(&storage)->sin6_port = htons(port);
  else
    reinterpret_cast<sockaddr_in*>(&storage)->sin_port = htons(port);
}

std::string to_text(const SocketAddress& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const void* bytes = nullptr;
  int family = address.storage.ss_family;
  if (family == AF_INET) {
    bytes = &reinterpret_cast<const sockaddr_in*>(&address.storage)->sin_addr;
  } else if (family == AF_INET6) {
    const in6_addr& v6 = reinterpret_cast<const sockaddr_in6*>(&address.storage)->sin6_addr;
    bytes = &v6;
    if (IN6_IS_ADDR_V4MAPPED(&v6)) {
      family = AF_INET;
      bytes = v6.s6_addr + 12;
    }
  } else {
    return {};
  }
  inet_ntop(family, bytes, text.data(), text.size());
  return text.data();
}

std::string peer_address(int fd) {
  SocketAddress address;
  if (getpeername(fd, address.get(), &address.size) != 0) return {};
  return to_text(address);
}

base::Result<SocketAddress> resolve(const ListenAddress& address) {
  SocketAddress result;
  if (address.host.empty()) {
    // One socket of both families (its IPV6_V6ONLY is switched off).
    auto* v6 = reinterpret_cast<sockaddr_in6*>(&result.storage);
    v6->sin6_family = AF_INET6;
    v6->sin6_addr = in6addr_any;
    result.size = sizeof(sockaddr_in6);
    result.set_port(address.port);
    return result;
  }
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  const int problem = getaddrinfo(address.host.c_str(), nullptr, &hints, &found);
  if (problem != 0)
    return base::fail(
        base::ErrorCode::kInvalidArgument,
        fmt::format("listen address {}: {}", address.to_string(), gai_strerror(problem)));
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, &freeaddrinfo);
  std::memcpy(&result.storage, found->ai_addr, found->ai_addrlen);
  result.size = found->ai_addrlen;
  result.set_port(address.port);
  return result;
}

std::string ListenAddress::to_string() const {
  if (host.find(':') != std::string::npos) return fmt::format("[{}]:{}", host, port);
  return fmt::format("{}:{}", host, port);
}

base::Result<ListenAddress> parse_listen_address(std::string_view text) {
  const auto refused = [&] {
    return base::fail(base::ErrorCode::kInvalidArgument,
                      fmt::format("'{}' is no HOST:PORT, [IPV6]:PORT or :PORT", text));
  };
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return refused();
  std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
    if (host.empty()) return refused();
  } else if (host.find(':') != std::string_view::npos) {
    return refused();
  }
  ListenAddress address{std::string(host), 0};
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), address.port);
  if (error != std::errc() || end != port.data() + port.size() || port.empty()) return refused();
  return address;
}

}  // namespace runtime

#include "redis/redirect.h"

#include <charconv>
#include <string_view>

#include "redis/slot_map.h"

namespace redis {

std::optional<Redirect> parse_redirect(const Error& error, const Address& from) {
  Redirect redirect;
  if (error.is("ASK")) {
    redirect.kind = Redirect::Kind::kAsk;
  } else if (!error.is("MOVED")) {
    return std::nullopt;
  }
  std::string_view rest = error.message;
  const std::size_t first = rest.find(' ');
  const std::size_t second = first == std::string_view::npos ? first : rest.find(' ', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  const std::string_view slot = rest.substr(first + 1, second - first - 1);
  const auto [end, failed] = std::from_chars(slot.data(), slot.data() + slot.size(), redirect.slot);
  if (failed != std::errc() || end != slot.data() + slot.size() || redirect.slot < 0 ||
      redirect.slot >= kSlots)
    return std::nullopt;
  rest.remove_prefix(second + 1);
  const std::size_t colon = rest.rfind(':');  // an IPv6 address has no brackets here
  if (colon == std::string_view::npos) return std::nullopt;
  const std::optional<uint16_t> port = parse_port(rest.substr(colon + 1));
  if (!port) return std::nullopt;
  redirect.address.host = colon == 0 ? from.host : std::string(rest.substr(0, colon));
  redirect.address.port = *port;
  return redirect;
}

}  // namespace redis

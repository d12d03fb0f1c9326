#include "relay/message.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>
#include <utility>

#include "base/text.h"
#include "net/http_response.h"
#include "relay/mark.h"

namespace relay {
namespace {

// What a proxy may not pass on (RFC 9110, section 7.6.1), and what it says anew.
constexpr std::array<std::string_view, 9> kOfTheConnection{
    "Connection", "Keep-Alive",        "Proxy-Connection", "TE",        "Trailer",
    "Upgrade",    "Transfer-Encoding", "Content-Length",   kMarkHeader,
};

bool stays_behind(std::string_view name, std::string_view connection) {
  return std::any_of(kOfTheConnection.begin(), kOfTheConnection.end(),
                     [&](std::string_view one) { return base::iequals(name, one); }) ||
         base::iequals(name, "Expect") || base::list_contains(connection, name);
}

std::string_view take_line(std::string_view& text) {
  const std::size_t end = std::min(text.find("\r\n"), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 2, text.size()));
  return line;
}

template <class Number>
bool parse_number(std::string_view text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

bool asks_for_websocket(const net::HttpRequest& request) {
  return request.wants_upgrade && base::iequals(request.header("Upgrade"), "websocket");
}

std::string request_head(const net::HttpRequest& request, std::string_view mark,
                         std::size_t body_size) {
  std::string out;
  auto append = std::back_inserter(out);
  fmt::format_to(append, "{} {} HTTP/1.1\r\n", request.method, request.target);
  const std::string connection = net::joined_header(request.headers, "Connection");
  for (const net::HttpHeader& header : request.headers)
    if (!stays_behind(header.name, connection))
      fmt::format_to(append, "{}: {}\r\n", header.name, header.value);
  if (request.header("Host").empty()) out += "Host: presenced\r\n";
  if (asks_for_websocket(request)) out += "Connection: Upgrade\r\nUpgrade: websocket\r\n";
  if (body_size > 0 || request.method == "POST")
    fmt::format_to(append, "Content-Length: {}\r\n", body_size);
  fmt::format_to(append, "{}: {}\r\n\r\n", kMarkHeader, mark);
  return out;
}

std::optional<ResponseHead> parse_response_head(std::string_view text,
                                                std::string_view request_method) {
  constexpr std::string_view kVersion = "HTTP/1.1 ";
  const std::string_view status_line = take_line(text);
  ResponseHead head;
  if (!status_line.starts_with(kVersion) ||
      !parse_number(status_line.substr(kVersion.size(), 3), head.status) || head.status < 100 ||
      head.status > 599) {
    return std::nullopt;
  }
  std::optional<std::size_t> length;
  while (true) {
    const std::string_view line = take_line(text);
    if (line.empty()) break;
    const std::size_t colon = line.find(':');
    if (colon == 0 || colon == std::string_view::npos) return std::nullopt;
    const std::string_view name = line.substr(0, colon);
    const std::string_view value = base::trim(line.substr(colon + 1));
    if (base::iequals(name, "Transfer-Encoding")) return std::nullopt;
    if (base::iequals(name, "Content-Length")) {
      if (length || !parse_number(value, length.emplace())) return std::nullopt;
    }
    head.headers.push_back({std::string(name), std::string(value)});
  }
  const std::string connection = net::joined_header(head.headers, "Connection");
  head.keep_alive = !base::list_contains(connection, "close");
  if (head.status != 101) {
    std::erase_if(head.headers, [&](const net::HttpHeader& header) {
      return stays_behind(header.name, connection);
    });
  }
  if (!net::response_has_body(request_method, head.status)) return head;
  if (!length) return std::nullopt;
  head.body_size = *length;
  return head;
}

}  // namespace relay

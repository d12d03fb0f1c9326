// The messages between two nodes: a client's request as it is passed on, and the head of the
// answer. Pure; any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/http.h"

namespace relay {

[[nodiscard]] bool asks_for_websocket(const net::HttpRequest& request);

// The request's head for a peer, marked with `mark`. What concerns the connection it came by stays
// behind; the body is of `body_size` bytes.
[[nodiscard]] std::string request_head(const net::HttpRequest& request, std::string_view mark,
                                       std::size_t body_size);

struct ResponseHead {
  int status = 0;
  std::vector<net::HttpHeader> headers;
  std::size_t body_size = 0;
  bool keep_alive = true;
};

constexpr std::size_t kMaxResponseHead = std::size_t{16} * 1024;

// `text` is a head from the status line to the empty line. Refuses what no node answers on the
// paths that are relayed: another version than HTTP/1.1, a body without Content-Length. Such an
// answer has no body if `request_method` or the status says so.
[[nodiscard]] std::optional<ResponseHead> parse_response_head(std::string_view text,
                                                              std::string_view request_method);

}  // namespace relay

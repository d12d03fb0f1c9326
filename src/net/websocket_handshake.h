// The server's half of the opening handshake (RFC 6455, section 4.2.2).
#pragma once

#include <string>
#include <string_view>

#include "net/http.h"

namespace net {

// The value of Sec-WebSocket-Accept.
[[nodiscard]] std::string websocket_accept_key(std::string_view key);

// The whole 101 answer to a request that websocket_handshake_error() found nothing wrong with.
// `extensions`: the value of Sec-WebSocket-Extensions; left out when empty.
[[nodiscard]] std::string websocket_accept_response(const HttpRequest& request,
                                                    std::string_view extensions);

}  // namespace net

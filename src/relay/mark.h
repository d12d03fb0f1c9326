// The mark of a relayed request: the header by which the node that owns a session knows that a node
// of ours, and nobody else, passes on a client's request, and from which address that came.
//
//   X-Presenced-Relay: t=<ms since the epoch>,for=<address of the TCP peer>,v1=<hex HMAC-SHA256>
//
// The HMAC has the secret of the node that is called, and covers method, target, time, address and
// X-Forwarded-For. A mark that is old or wrong proves nothing, and its address is not believed.
//
// Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "net/http.h"

namespace relay {

constexpr std::string_view kMarkHeader = "X-Presenced-Relay";
// The clocks of two nodes may differ by so much.
constexpr base::Duration kMarkWindow{60'000};

[[nodiscard]] std::string make_mark(const net::HttpRequest& request, std::string_view secret,
                                    base::WallTime now);

// The address that a valid mark of the request names.
[[nodiscard]] std::optional<std::string> check_mark(const net::HttpRequest& request,
                                                    std::string_view secret, base::WallTime now);

// Whether it claims to be relayed, rightly or not: such a request is never relayed again.
[[nodiscard]] bool has_mark(const net::HttpRequest& request);

}  // namespace relay

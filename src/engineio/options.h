// The settings of one Engine.IO server and the plain values that go with its sessions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"
#include "net/http.h"

namespace engineio {

// The time of the host's present turn, the same throughout it. Handed in as a function because a
// WebSocket's messages come without passing the host.
using Clock = std::function<base::SteadyTime()>;

// Which pages of a browser may talk to the server. The origins are also checked against `Origin`
// of a WebSocket, to which browsers apply no CORS of their own.
struct CorsOptions {
  std::vector<std::string> origins;  // `*` or exact origins; empty: no CORS headers and no check
  bool credentials = false;          // never answers `*` then, but the origin of the request
};

struct Options {
  std::string path = "/engine.io/";  // requests are matched by this prefix
  base::Duration ping_interval{25'000};
  base::Duration ping_timeout{20'000};
  base::Duration upgrade_timeout{10'000};  // from the probing WebSocket's 101 to its packet `5`
  base::Duration close_timeout{30'000};    // a closed polling session waits so long for a GET
  std::size_t max_payload = 1'000'000;     // bytes of a POST body or a WebSocket message
  bool polling = true;
  bool websocket = true;
  bool upgrades = true;                       // from polling to WebSocket
  bool deflate = false;                       // permessage-deflate
  std::size_t compression_threshold = 1'024;  // polling answers from this size on, in bytes
  // Bytes waiting to go out to one session, beside one message that is larger than that; a slower
  // reader is closed with `transport error`.
  std::size_t max_buffered = 4U << 20;
  // Polling sessions whose client never sent anything; beyond it handshakes are refused (503).
  std::size_t max_silent_sessions = 20'000;
  CorsOptions cors;
  uint16_t node = 0;     // goes into each sid, until set_node()
  unsigned thread = 0;   // this core thread, below 256
  unsigned threads = 1;  // sids of another thread below this are transferred to it
};

// Why a session ended, as the reference names it.
enum class CloseReason : uint8_t {
  kPingTimeout,     // `ping timeout`
  kTransportClose,  // `transport close`: the client closed, or its connection was lost
  kTransportError,  // `transport error`: it broke the rules of the transport, or read too slowly
  kParseError,      // `parse error`
  kForcedClose,     // `forced close`: this side closed it
};
std::string_view close_reason_text(CloseReason reason);

// What is known of the HTTP request that opened a session.
struct Handshake {
  std::string target;  // path and query as sent
  std::vector<net::HttpHeader> headers;
  std::string peer_address;  // of the TCP peer

  [[nodiscard]] std::string_view header(
      std::string_view name) const;  // any case; empty when absent
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> query()
      const;  // decoded, in order
};

}  // namespace engineio

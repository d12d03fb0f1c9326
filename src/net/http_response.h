// The bytes of HTTP/1.1 responses (RFC 9112). Pure: the date is handed in as text.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/time.h"
#include "net/http.h"

namespace net {

// What the connection knows and the response does not.
struct ResponseFraming {
  enum class Body {
    kLength,   // Content-Length
    kChunked,  // pieces by chunk_head()
    kToClose,  // a stream for HTTP/1.0: the end of the connection ends it
  };
  Body body = Body::kLength;
  bool keep_alive = true;
  unsigned minor_version = 1;  // of the request
  std::string_view date;       // http_date(); left out when empty
};

// Status line and headers with the empty line. Content-Length, Transfer-Encoding, Connection and
// Date are ours: the same names among the response's headers are left out, and so is every header
// that would break the framing (a line break or NUL inside).
[[nodiscard]] std::string response_head(const HttpResponse& response,
                                        const ResponseFraming& framing);

// Answers to HEAD, 1xx, 204 and 304 have no body (RFC 9110, section 6.4.1).
[[nodiscard]] bool response_has_body(std::string_view method, int status);

// What precedes a chunk of `size` bytes; "\r\n" follows it. A chunk of 0 ends the body.
[[nodiscard]] std::string chunk_head(std::size_t size);

[[nodiscard]] std::string_view status_reason(int status);

// IMF-fixdate (RFC 9110, section 5.6.7).
[[nodiscard]] std::string http_date(base::WallTime time);

}  // namespace net

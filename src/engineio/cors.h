// Cross-origin answers: what the fetch standard's CORS protocol wants from the server. Pure.
#pragma once

#include "engineio/options.h"
#include "net/http.h"

namespace engineio {

// Whether a page of the request's origin may use the server. Requests without `Origin` come from
// no page, and may.
[[nodiscard]] bool origin_allowed(const CorsOptions& cors, const net::HttpRequest& request);

// Adds the headers that every answer carries, errors too.
void add_cors_headers(const CorsOptions& cors, const net::HttpRequest& request,
                      net::HttpResponse& response);

// The answer to an OPTIONS request.
[[nodiscard]] net::HttpResponse preflight_response(const CorsOptions& cors,
                                                   const net::HttpRequest& request);

}  // namespace engineio

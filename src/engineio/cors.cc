#include "engineio/cors.h"

#include <algorithm>
#include <string>
#include <string_view>

namespace engineio {
namespace {

bool any_origin(const CorsOptions& cors) {
  return std::find(cors.origins.begin(), cors.origins.end(), "*") != cors.origins.end();
}

}  // namespace

bool origin_allowed(const CorsOptions& cors, const net::HttpRequest& request) {
  if (cors.origins.empty() || any_origin(cors)) return true;
  const std::string_view origin = request.header("Origin");
  return origin.empty() ||
         std::find(cors.origins.begin(), cors.origins.end(), origin) != cors.origins.end();
}

void add_cors_headers(const CorsOptions& cors, const net::HttpRequest& request,
                      net::HttpResponse& response) {
  if (cors.origins.empty()) return;
  if (any_origin(cors) && !cors.credentials) {
    response.headers.push_back({"Access-Control-Allow-Origin", "*"});
    return;
  }
  // The answer depends on the origin, so that caches must not mix them.
  response.headers.push_back({"Vary", "Origin"});
  const std::string_view origin = request.header("Origin");
  if (origin.empty() || !origin_allowed(cors, request)) return;
  response.headers.push_back({"Access-Control-Allow-Origin", std::string(origin)});
  if (cors.credentials) response.headers.push_back({"Access-Control-Allow-Credentials", "true"});
}

net::HttpResponse preflight_response(const CorsOptions& cors, const net::HttpRequest& request) {
  net::HttpResponse response;
  response.status = 204;
  add_cors_headers(cors, request, response);
  response.headers.push_back({"Access-Control-Allow-Methods", "GET,HEAD,PUT,PATCH,POST,DELETE"});
  response.headers.push_back({"Vary", "Access-Control-Request-Headers"});
  const std::string_view wanted = request.header("Access-Control-Request-Headers");
  if (!wanted.empty()) {
    response.headers.push_back({"Access-Control-Allow-Headers", std::string(wanted)});
  }
  return response;
}

}  // namespace engineio

#include "admin/api.h"

#include "admin/problem.h"
#include "auth/constant_time.h"
#include "base/text.h"
#include "presence/ids.h"

namespace admin {
namespace {

constexpr std::string_view kBearer = "bearer ";

void method_not_allowed(Call& call, std::string_view allowed) {
  net::HttpResponse response = problem(405, "invalid_argument", "the method is not allowed here");
  response.headers.push_back({"Allow", std::string(allowed)});
  call.respond(std::move(response));
}

void not_found(Call& call) { call.respond(problem(404, "not_found", "there is no such resource")); }

}  // namespace

Api::Api(ApiOptions options, gateway::Hub& hub, store::Store& store, Post post, Readiness readiness,
         Count connections, Count nodes)
    : options_(std::move(options)),
      hub_(hub),
      store_(store),
      post_(std::move(post)),
      readiness_(std::move(readiness)),
      connections_(std::move(connections)),
      nodes_(std::move(nodes)) {}

bool Api::matches(std::string_view path) {
  return path == "/v1" || path.starts_with("/v1/") || path == "/healthz" || path == "/readyz";
}

void Api::on_request(net::HttpExchange& exchange) {
  const std::string authorization(exchange.request().header("authorization"));
  route(Call::take(exchange), authorization);
}

bool Api::authorized(std::string_view authorization) const {
  return authorization.size() > kBearer.size() &&
         base::iequals(authorization.substr(0, kBearer.size()), kBearer) &&
         auth::constant_time_equals(base::trim(authorization.substr(kBearer.size())),
                                    options_.api_key);
}

void Api::route(const CallPtr& call, std::string_view authorization) {
  if (!call->segments()) {
    call->respond(problem(400, "invalid_argument", "the path has a broken percent escape"));
    return;
  }
  const std::vector<std::string>& path = *call->segments();
  if (path.size() == 1 && (path[0] == "healthz" || path[0] == "readyz")) return route_health(call);
  if (path.empty() || path[0] != "v1") return not_found(*call);
  if (options_.api_key.empty()) {
    call->respond(problem(404, "not_found", "the interface is off: api_key is not set"));
    return;
  }
  if (!authorized(authorization)) {
    net::HttpResponse response = problem(401, "unauthorized", "the API key is missing or wrong");
    response.headers.push_back({"WWW-Authenticate", "Bearer"});
    call->respond(std::move(response));
    return;
  }
  if (path.size() == 2 && path[1] == "stats") {
    if (call->method() != "GET") return method_not_allowed(*call, "GET, HEAD");
    return get_stats(call);
  }
  if (path.size() == 2 && path[1] == "contacts") {
    if (call->method() == "GET") return export_edges(call);
    if (call->method() == "POST") return import_edges(call);
    return method_not_allowed(*call, "GET, HEAD, POST");
  }
  if (path.size() == 3 && path[1] == "presence" && path[2] == "query") {
    if (call->method() != "POST") return method_not_allowed(*call, "POST");
    return query_presence(call);
  }
  if (path.size() >= 3 && path[1] == "users") {
    if (auto valid = presence::check_user_id(path[2], "user id"); !valid) {
      call->respond(problem(valid.error()));
      return;
    }
    return route_user(call, path[2]);
  }
  not_found(*call);
}

void Api::route_user(const CallPtr& call, const std::string& user) {
  const std::vector<std::string>& path = *call->segments();
  const std::string_view method = call->method();
  if (path.size() == 3) {
    if (method != "DELETE") return method_not_allowed(*call, "DELETE");
    return forget(call, user);
  }
  const std::string_view what = path[3];
  if (path.size() == 4) {
    if (what == "presence") {
      if (method != "GET") return method_not_allowed(*call, "GET, HEAD");
      return get_presence(call, user);
    }
    if (what == "status") {
      if (method != "PUT") return method_not_allowed(*call, "PUT");
      return put_status(call, user);
    }
    if (what == "export") {
      if (method != "GET") return method_not_allowed(*call, "GET, HEAD");
      return export_user(call, user);
    }
    if (what == "contacts") {
      if (method == "GET") return get_contacts(call, user);
      if (method == "PUT") return put_contacts(call, user);
      return method_not_allowed(*call, "GET, HEAD, PUT");
    }
  }
  if (path.size() == 5 && what == "devices") {
    if (method != "DELETE") return method_not_allowed(*call, "DELETE");
    return delete_device(call, user, path[4]);
  }
  if (path.size() == 5 && (what == "contacts" || what == "blocks")) {
    if (method != "PUT" && method != "DELETE") return method_not_allowed(*call, "PUT, DELETE");
    if (auto valid = presence::check_user_id(path[4], "other user id"); !valid) {
      call->respond(problem(valid.error()));
      return;
    }
    return what == "contacts" ? change_contact(call, user, path[4])
                              : change_block(call, user, path[4]);
  }
  not_found(*call);
}

void Api::route_health(const CallPtr& call) {
  if (call->method() != "GET") return method_not_allowed(*call, "GET, HEAD");
  if (call->segments()->front() == "healthz") {
    call->respond(json_response(200, R"({"status":"ok"})"));
    return;
  }
  const std::string reason = readiness_();
  if (reason.empty()) {
    call->respond(json_response(200, R"({"status":"ready"})"));
  } else {
    call->respond(problem(503, "store_unavailable", reason));
  }
}

}  // namespace admin

#include "admin/problem.h"

#include "base/json_text.h"

namespace admin {
namespace {

std::string_view title_of(int status) {
  switch (status) {
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 409: return "Conflict";
    case 413: return "Content Too Large";
    case 503: return "Service Unavailable";
    default: return "Internal Server Error";
  }
}

int status_of(base::ErrorCode code) {
  switch (code) {
    case base::ErrorCode::kInvalidArgument: return 400;
    case base::ErrorCode::kUnauthorized: return 401;
    case base::ErrorCode::kNotFound: return 404;
    case base::ErrorCode::kConflict: return 409;
    case base::ErrorCode::kStoreUnavailable: return 503;
    default: return 500;
  }
}

}  // namespace

net::HttpResponse json_response(int status, std::string body) {
  net::HttpResponse response;
  response.status = status;
  response.headers.push_back({"Content-Type", "application/json"});
  response.headers.push_back({"Cache-Control", "no-store"});
  response.body = std::move(body);
  return response;
}

net::HttpResponse no_content() {
  net::HttpResponse response;
  response.status = 204;
  return response;
}

net::HttpResponse problem(int status, std::string_view code, std::string_view detail) {
  std::string body = R"({"type":"about:blank","title":)";
  base::append_json_string(body, title_of(status));
  body += R"(,"status":)";
  base::append_json_number(body, status);
  body += R"(,"detail":)";
  base::append_json_string(body, detail);
  body += R"(,"code":)";
  base::append_json_string(body, code);
  body += '}';
  net::HttpResponse response;
  response.status = status;
  response.headers.push_back({"Content-Type", "application/problem+json"});
  response.headers.push_back({"Cache-Control", "no-store"});
  response.body = std::move(body);
  return response;
}

net::HttpResponse problem(const base::Error& error) {
  return problem(status_of(error.code), base::error_code_name(error.code), error.message);
}

}  // namespace admin

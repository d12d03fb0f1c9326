// Answers of the operators' HTTP interface: JSON, and problems as RFC 9457 describes them.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "net/http.h"

namespace admin {

net::HttpResponse json_response(int status, std::string body);
net::HttpResponse no_content();

// application/problem+json: {type, title, status, detail, code}.
net::HttpResponse problem(int status, std::string_view code, std::string_view detail);
// With the status that belongs to the error's code.
net::HttpResponse problem(const base::Error& error);

}  // namespace admin

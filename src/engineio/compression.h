// Compression of HTTP answers (RFC 9110, section 8.4): gzip or deflate, when the client accepts
// one. Pure.
#pragma once

#include <string_view>

#include "net/http.h"

namespace engineio {

enum class ContentCoding { kIdentity, kGzip, kDeflate };

// What an `Accept-Encoding` allows, gzip first when both are as welcome.
[[nodiscard]] ContentCoding choose_coding(std::string_view accept_encoding);

// Compresses the body in place and says so in the headers; leaves it alone for kIdentity.
void compress_body(ContentCoding coding, net::HttpResponse& response);

}  // namespace engineio

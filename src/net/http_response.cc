#include "net/http_response.h"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <iterator>

#include "base/text.h"

namespace net {
namespace {

bool framed_by_us(std::string_view name) {
  return base::iequals(name, "Content-Length") || base::iequals(name, "Transfer-Encoding") ||
         base::iequals(name, "Connection") || base::iequals(name, "Date");
}

bool breaks_framing(const HttpHeader& header) {
  constexpr std::string_view kLineBreaks("\r\n\0", 3);
  return header.name.empty() || header.name.find_first_of(kLineBreaks) != std::string::npos ||
         header.name.find(':') != std::string::npos ||
         header.value.find_first_of(kLineBreaks) != std::string::npos;
}

}  // namespace

std::string response_head(const HttpResponse& response, const ResponseFraming& framing) {
  std::string out;
  out.reserve(256);
  auto append = std::back_inserter(out);
  fmt::format_to(append, "HTTP/1.1 {} {}\r\n", response.status, status_reason(response.status));
  for (const HttpHeader& header : response.headers) {
    if (framed_by_us(header.name) || breaks_framing(header)) continue;
    fmt::format_to(append, "{}: {}\r\n", header.name, header.value);
  }
  const bool may_have_length = response.status >= 200 && response.status != 204;
  if (framing.body == ResponseFraming::Body::kChunked) {
    out += "Transfer-Encoding: chunked\r\n";
  } else if (framing.body == ResponseFraming::Body::kLength && may_have_length &&
             response.status != 304) {
    fmt::format_to(append, "Content-Length: {}\r\n", response.body.size());
  }
  if (!framing.keep_alive) {
    out += "Connection: close\r\n";
  } else if (framing.minor_version == 0) {
    out += "Connection: keep-alive\r\n";
  }
  if (!framing.date.empty()) fmt::format_to(append, "Date: {}\r\n", framing.date);
  out += "\r\n";
  return out;
}

bool response_has_body(std::string_view method, int status) {
  return method != "HEAD" && status >= 200 && status != 204 && status != 304;
}

std::string chunk_head(std::size_t size) { return fmt::format("{:x}\r\n", size); }

std::string_view status_reason(int status) {
  switch (status) {
    case 100: return "Continue";
    case 101: return "Switching Protocols";
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 206: return "Partial Content";
    case 301: return "Moved Permanently";
    case 302: return "Found";
    case 304: return "Not Modified";
    case 307: return "Temporary Redirect";
    case 308: return "Permanent Redirect";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 406: return "Not Acceptable";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 410: return "Gone";
    case 412: return "Precondition Failed";
    case 413: return "Content Too Large";
    case 414: return "URI Too Long";
    case 415: return "Unsupported Media Type";
    case 417: return "Expectation Failed";
    case 422: return "Unprocessable Content";
    case 426: return "Upgrade Required";
    case 428: return "Precondition Required";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    case 505: return "HTTP Version Not Supported";
    default: return "Unknown";
  }
}

std::string http_date(base::WallTime time) {
  using namespace std::chrono;
  static constexpr std::array kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const sys_time<milliseconds> instant(time.time_since_epoch());
  const sys_days day = floor<days>(instant);
  const year_month_day date(day);
  const hh_mm_ss clock(floor<seconds>(instant - day));
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", kDays[weekday(day).c_encoding()],
                     static_cast<unsigned>(date.day()),
                     kMonths[static_cast<unsigned>(date.month()) - 1],
                     static_cast<int>(date.year()), clock.hours().count(), clock.minutes().count(),
                     clock.seconds().count());
}

}  // namespace net

#include "engineio/options.h"

#include "base/text.h"

namespace engineio {

std::string_view close_reason_text(CloseReason reason) {
  switch (reason) {
    case CloseReason::kPingTimeout: return "ping timeout";
    case CloseReason::kTransportClose: return "transport close";
    case CloseReason::kTransportError: return "transport error";
    case CloseReason::kParseError: return "parse error";
    case CloseReason::kForcedClose: return "forced close";
  }
  return "";
}

std::string_view Handshake::header(std::string_view name) const {
  for (const net::HttpHeader& header : headers) {
    if (base::iequals(header.name, name)) return header.value;
  }
  return {};
}

std::vector<std::pair<std::string, std::string>> Handshake::query() const {
  const std::size_t mark = target.find('?');
  if (mark == std::string::npos) return {};
  return net::parse_query(std::string_view(target).substr(mark + 1));
}

}  // namespace engineio

// The HTTP parser: any bytes, cut in any way, give the same requests and bodies as in one piece,
// and what is left unconsumed stays within the limit of the head.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "net/http_parser.h"

namespace {

constexpr std::size_t kHeadLimit = 512;

std::vector<std::string> parse(std::string_view bytes, std::size_t piece) {
  net::HttpParser parser(kHeadLimit);
  std::vector<std::string> out;
  std::string waiting;
  std::string body;
  while (!bytes.empty()) {
    waiting += bytes.substr(0, piece);
    bytes.remove_prefix(std::min(piece, bytes.size()));
    for (bool more = true; more;) {
      const net::HttpParser::Step step = parser.next(waiting);
      body += step.body;
      waiting.erase(0, step.consumed);
      switch (step.event) {
        case net::HttpParser::Event::kNeedMore: more = false; break;
        case net::HttpParser::Event::kBody: break;
        case net::HttpParser::Event::kHead: {
          std::string head = parser.request().method + " " + parser.request().target;
          for (const net::HttpHeader& header : parser.request().headers)
            head += "\n" + header.name + ":" + header.value;
          if (head.size() > 2 * kHeadLimit) std::abort();
          out.push_back(std::move(head));
          break;
        }
        case net::HttpParser::Event::kComplete:
          out.push_back(body);
          body.clear();
          parser.reset();
          break;
        case net::HttpParser::Event::kError: out.push_back("refused"); return out;
      }
    }
    if (waiting.size() >= kHeadLimit) std::abort();
  }
  out.push_back(body);
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  // A broken head that is cut may be refused only when its end is there, so it gets one.
  std::string bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  bytes += "\r\n\r\n";
  const auto whole = parse(bytes, bytes.size());
  const auto cut = parse(bytes, data[0] % 64 + 1);
  if (whole != cut) std::abort();
  return 0;
}

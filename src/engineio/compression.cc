#include "engineio/compression.h"

#include <zlib.h>

#include <cstddef>
#include <limits>
#include <string>
#include <utility>

#include "base/text.h"

namespace engineio {
namespace {

constexpr int kZlibWindow = 15;
constexpr int kGzipWindow = 15 + 16;  // zlib's way to ask for a gzip wrapper
constexpr int kMemoryLevel = 8;

// The weight of one element such as `gzip;q=0.5`, in thousandths.
int weight_of(std::string_view parameters) {
  const std::size_t at = parameters.find("q=");
  if (at == std::string_view::npos) return 1000;
  const std::string_view digits = parameters.substr(at + 2);
  if (digits.empty() || digits[0] != '0') return 1000;
  int weight = 0;
  int scale = 100;
  for (std::size_t i = 2; i < digits.size() && scale > 0; ++i, scale /= 10) {
    if (digits[i] < '0' || digits[i] > '9') break;
    weight += (digits[i] - '0') * scale;
  }
  return weight;
}

}  // namespace

ContentCoding choose_coding(std::string_view accept_encoding) {
  int gzip = -1;
  int deflate = -1;
  int any = -1;
  while (!accept_encoding.empty()) {
    const std::size_t comma = accept_encoding.find(',');
    const std::string_view element = accept_encoding.substr(0, comma);
    accept_encoding.remove_prefix(comma == std::string_view::npos ? accept_encoding.size()
                                                                  : comma + 1);
    const std::size_t semicolon = element.find(';');
    const std::string_view name = base::trim(element.substr(0, semicolon));
    const int weight =
        semicolon == std::string_view::npos ? 1000 : weight_of(element.substr(semicolon));
    if (base::iequals(name, "gzip") || base::iequals(name, "x-gzip")) gzip = weight;
    if (base::iequals(name, "deflate")) deflate = weight;
    if (name == "*") any = weight;
  }
  if (gzip < 0) gzip = any;
  if (deflate < 0) deflate = any;
  if (gzip > 0 && gzip >= deflate) return ContentCoding::kGzip;
  return deflate > 0 ? ContentCoding::kDeflate : ContentCoding::kIdentity;
}

void compress_body(ContentCoding coding, net::HttpResponse& response) {
  if (coding == ContentCoding::kIdentity) return;
  if (response.body.size() > std::numeric_limits<uInt>::max()) return;
  z_stream stream{};
  const int window = coding == ContentCoding::kGzip ? kGzipWindow : kZlibWindow;
  // Speed first: the event loop waits for it.
  if (deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, window, kMemoryLevel, Z_DEFAULT_STRATEGY) !=
      Z_OK) {
    return;
  }
  std::string out(deflateBound(&stream, response.body.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(response.body.data());
  stream.avail_in = static_cast<uInt>(response.body.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int result = deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  if (result != Z_STREAM_END) return;
  response.body = std::move(out);
  response.headers.push_back(
      {"Content-Encoding", coding == ContentCoding::kGzip ? "gzip" : "deflate"});
  response.headers.push_back({"Vary", "Accept-Encoding"});
}

}  // namespace engineio

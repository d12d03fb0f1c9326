#include "net/websocket_deflate.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <limits>
#include <new>
#include <utility>

#include "base/check.h"
#include "base/text.h"

namespace net {
namespace {

constexpr std::string_view kName = "permessage-deflate";
// A flush ends with these bytes, which are not sent (RFC 7692, section 7.2.1).
constexpr std::string_view kFlushTail("\x00\x00\xff\xff", 4);
constexpr int kMemoryLevel = 6;

// Splits at `separator`, but not inside a quoted string.
std::string_view next_element(std::string_view& list, char separator) {
  bool quoted = false;
  std::size_t end = 0;
  for (; end < list.size(); ++end) {
    if (list[end] == '"') quoted = !quoted;
    if (list[end] == separator && !quoted) break;
  }
  const std::string_view element = base::trim(list.substr(0, end));
  list.remove_prefix(std::min(end + 1, list.size()));
  return element;
}

// 8..15, without a leading zero (RFC 7692, section 7.1.2).
std::optional<int> window_bits(std::string_view text) {
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"')
    text = text.substr(1, text.size() - 2);
  if (text == "8" || text == "9") return text[0] - '0';
  if (text.size() == 2 && text[0] == '1' && text[1] >= '0' && text[1] <= '5')
    return 10 + (text[1] - '0');
  return std::nullopt;
}

// The parameters of one offer while they are read.
struct Offer {
  DeflateAgreement agreement{{}, std::string(kName)};
  bool seen_client_bits = false;
  bool seen_server_bits = false;

  void answer(std::string_view parameter) { (agreement.header += "; ") += parameter; }

  // False: this offer cannot be accepted.
  bool take(std::string_view name, std::optional<std::string_view> value) {
    DeflateParameters& p = agreement.parameters;
    if (name == "server_no_context_takeover" || name == "client_no_context_takeover") {
      bool& flag =
          name.starts_with('s') ? p.server_no_context_takeover : p.client_no_context_takeover;
      if (value || flag) return false;
      flag = true;
      answer(name);
      return true;
    }
    if (name == "server_max_window_bits") {
      const auto bits = window_bits(value.value_or(""));
      if (!bits || *bits < 9 || std::exchange(seen_server_bits, true)) return false;
      p.server_max_window_bits = *bits;
      answer("server_max_window_bits=" + std::to_string(*bits));
      return true;
    }
    if (name == "client_max_window_bits") {
      if (std::exchange(seen_client_bits, true)) return false;
      if (!value) return true;  // only says that the client would understand the parameter
      const auto bits = window_bits(*value);
      if (!bits) return false;
      p.client_max_window_bits = *bits;
      answer("client_max_window_bits=" + std::to_string(*bits));
      return true;
    }
    return false;
  }
};

std::optional<DeflateAgreement> accept_offer(std::string_view offer) {
  if (!base::iequals(next_element(offer, ';'), kName)) return std::nullopt;
  Offer result;
  while (!offer.empty()) {
    const std::string_view parameter = next_element(offer, ';');
    const std::size_t equals = parameter.find('=');
    std::optional<std::string_view> value;
    if (equals != std::string_view::npos) value = base::trim(parameter.substr(equals + 1));
    if (!result.take(base::trim(parameter.substr(0, equals)), value)) return std::nullopt;
  }
  return std::move(result.agreement);
}

Bytef* input_of(std::string_view bytes) {
  return reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));  // zlib does not write there
}

}  // namespace

std::optional<DeflateAgreement> negotiate_deflate(const HttpRequest& request) {
  for (const HttpHeader& header : request.headers) {
    if (!base::iequals(header.name, "Sec-WebSocket-Extensions")) continue;
    std::string_view offers = header.value;
    while (!offers.empty())
      if (auto agreement = accept_offer(next_element(offers, ','))) return agreement;
  }
  return std::nullopt;
}

struct PermessageDeflate::Inflater {
  explicit Inflater(int bits) {
    // A compressor that says 8 may in fact use 9, as zlib's does.
    if (inflateInit2(&stream, -std::max(bits, 9)) != Z_OK) throw std::bad_alloc();
  }
  ~Inflater() { inflateEnd(&stream); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  Outcome run(std::string_view input, std::size_t limit, std::string& out) {
    std::array<char, 16 * 1024> piece;
    stream.next_in = input_of(input);
    stream.avail_in = static_cast<uInt>(input.size());
    do {
      stream.next_out = reinterpret_cast<Bytef*>(piece.data());
      stream.avail_out = static_cast<uInt>(piece.size());
      const int result = ::inflate(&stream, Z_SYNC_FLUSH);
      if (result != Z_OK && result != Z_BUF_ERROR && result != Z_STREAM_END)
        return Outcome::kBroken;
      const std::size_t made = piece.size() - stream.avail_out;
      if (made > limit - out.size()) return Outcome::kTooBig;
      out.append(piece.data(), made);
      if (result == Z_STREAM_END) {
        // A block with BFINAL ends the stream, not the message (RFC 7692, section 7.2.3.4).
        if (inflateReset(&stream) != Z_OK) return Outcome::kBroken;
        if (stream.avail_in == 0) return Outcome::kOk;
        continue;
      }
      if (made == 0 && result == Z_BUF_ERROR) break;
    } while (stream.avail_in > 0 || stream.avail_out == 0);
    return Outcome::kOk;
  }

  z_stream stream{};
};

struct PermessageDeflate::Deflater {
  explicit Deflater(int bits) {
    if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -bits, kMemoryLevel,
                     Z_DEFAULT_STRATEGY) != Z_OK)
      throw std::bad_alloc();
  }
  ~Deflater() { deflateEnd(&stream); }
  Deflater(const Deflater&) = delete;
  Deflater& operator=(const Deflater&) = delete;

  z_stream stream{};
};

PermessageDeflate::PermessageDeflate(DeflateParameters parameters) : parameters_(parameters) {}
PermessageDeflate::~PermessageDeflate() = default;

PermessageDeflate::Outcome PermessageDeflate::inflate(std::string_view payload, std::size_t limit,
                                                      std::string& out) {
  CHECK(payload.size() <= std::numeric_limits<uInt>::max());
  if (!inflater_) inflater_ = std::make_unique<Inflater>(parameters_.client_max_window_bits);
  Outcome outcome = inflater_->run(payload, limit, out);
  if (outcome == Outcome::kOk) outcome = inflater_->run(kFlushTail, limit, out);
  if (parameters_.client_no_context_takeover) inflater_.reset();
  return outcome;
}

void PermessageDeflate::deflate(std::string_view message, std::string& out) {
  CHECK(message.size() <= std::numeric_limits<uInt>::max());
  if (message.empty()) {
    out += '\0';  // an empty block (RFC 7692, section 7.2.3.6); zlib flushes nothing twice
    return;
  }
  if (!deflater_) deflater_ = std::make_unique<Deflater>(parameters_.server_max_window_bits);
  z_stream& stream = deflater_->stream;
  stream.next_in = input_of(message);
  stream.avail_in = static_cast<uInt>(message.size());
  std::array<char, 16 * 1024> piece;
  do {
    stream.next_out = reinterpret_cast<Bytef*>(piece.data());
    stream.avail_out = static_cast<uInt>(piece.size());
    const int result = ::deflate(&stream, Z_SYNC_FLUSH);
    CHECK(result == Z_OK || result == Z_BUF_ERROR);
    out.append(piece.data(), piece.size() - stream.avail_out);
  } while (stream.avail_out == 0);
  CHECK(out.ends_with(kFlushTail));
  out.resize(out.size() - kFlushTail.size());
  if (parameters_.server_no_context_takeover) deflater_.reset();
}

}  // namespace net

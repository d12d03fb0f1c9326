// permessage-deflate (RFC 7692) with zlib: what is agreed with a client, and the two streams of one
// connection. A window is made when the first message needs it (compressing costs some 80 KB,
// inflating up to 44 KB) and, without context takeover, freed right after the message.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "net/http.h"

namespace net {

struct DeflateParameters {
  bool server_no_context_takeover = false;
  bool client_no_context_takeover = false;
  int server_max_window_bits = 15;  // 9..15: zlib cannot compress with a window of 256 bytes
  int client_max_window_bits = 15;  // 8..15

  bool operator==(const DeflateParameters&) const = default;
};

struct DeflateAgreement {
  DeflateParameters parameters;
  std::string header;  // the value of Sec-WebSocket-Extensions in the answer
};

// Takes the first offer that can be met exactly as it was made; nothing when there is none
// (malformed ones, unknown or repeated parameters, a server window of 8 bits).
[[nodiscard]] std::optional<DeflateAgreement> negotiate_deflate(const HttpRequest& request);

class PermessageDeflate {
 public:
  explicit PermessageDeflate(DeflateParameters parameters);
  ~PermessageDeflate();
  PermessageDeflate(const PermessageDeflate&) = delete;
  PermessageDeflate& operator=(const PermessageDeflate&) = delete;

  enum class Outcome { kOk, kTooBig, kBroken };
  // Appends the inflated payload of one message to `out`, which grows to at most `limit` bytes.
  // After anything but kOk the stream is of no use.
  [[nodiscard]] Outcome inflate(std::string_view payload, std::size_t limit, std::string& out);

  // Appends the compressed payload of one message to `out`.
  void deflate(std::string_view message, std::string& out);

 private:
  struct Inflater;
  struct Deflater;

  DeflateParameters parameters_;
  std::unique_ptr<Inflater> inflater_;
  std::unique_ptr<Deflater> deflater_;
};

}  // namespace net

// HttpParser: the bytes of HTTP/1.x requests (RFC 9112) into heads and pieces of bodies, with
// Boost.Beast's parser inside, which this wraps so that nobody else compiles it.
//
// Sans-I/O and pulled: the caller shows the bytes it has, takes the next event, and shows the rest
// again. What is stricter than Beast, because a request that two parsers read differently is an
// attack: one Host exactly (HTTP/1.1), no transfer coding but a single `chunked`, none at all in
// HTTP/1.0, nothing but a path, an http(s) URI or `*` as target.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "net/http.h"

namespace net {

class HttpParser {
 public:
  static constexpr std::size_t kDefaultHeadLimit = 16 * 1024;
  static constexpr std::size_t kMaxHeaders = 128;

  enum class Event {
    kNeedMore,  // show the bytes that were not consumed again, with more behind them
    kHead,      // request() is complete
    kBody,      // a piece of the body
    kComplete,  // the request has ended; reset() before the next one
    kError,     // answer `status` and close; the parser cannot go on
  };
  struct Step {
    Event event = Event::kNeedMore;
    std::size_t consumed = 0;
    std::string_view body;  // kBody: a view into the input
    int status = 0;         // kError: 400, 414, 417, 431, 501 or 505
  };

  explicit HttpParser(std::size_t head_limit = kDefaultHeadLimit);  // bytes; 431 beyond
  ~HttpParser();
  HttpParser(const HttpParser&) = delete;
  HttpParser& operator=(const HttpParser&) = delete;

  // At most head_limit bytes ever stay unconsumed.
  [[nodiscard]] Step next(std::string_view input);

  // The head; complete from kHead on. peer_address is left to the owner.
  [[nodiscard]] HttpRequest& request();
  // From kHead on: the announced length (0 without a body), nothing for a chunked body.
  [[nodiscard]] std::optional<uint64_t> content_length() const;
  // The client waits for `100 Continue` before it sends the body (RFC 9110, section 10.1.1).
  [[nodiscard]] bool expects_continue() const;

  void reset();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace net

// WebSocketDecoder: a client's bytes (RFC 6455) into messages and control frames.
//
// Sans-I/O and pulled: the caller shows a buffer it may write to, and takes events until
// kNeedMore. A frame that lies in the buffer as a whole is unmasked there and handed out without a
// copy. Memory beyond two pointers exists only while a frame or a fragmented message is incomplete,
// because a server has a million of these that wait.
//
// The events do not depend on how the bytes were cut.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/shared_bytes.h"
#include "net/websocket.h"
#include "net/websocket_deflate.h"
#include "net/websocket_frame.h"

namespace net {

constexpr uint16_t kNoCloseCode = 1005;  // a close frame without one (section 7.1.5)

struct WebSocketEvent {
  enum class Kind : uint8_t {
    kNeedMore,  // the buffer has been consumed
    kText,      // a whole message, checked to be UTF-8
    kBinary,
    kPing,  // to be answered with a pong of the same payload
    kPong,
    kClose,  // the peer's close frame: `code`, and the reason as payload
    kError,  // close with `code`; `payload` says why. The decoder must not be used any more
  };
  Kind kind = Kind::kNeedMore;
  uint16_t code = 0;
  std::string_view payload;  // valid until the next call, and while the buffer is not touched
};

class WebSocketDecoder {
 public:
  WebSocketDecoder();
  ~WebSocketDecoder();
  WebSocketDecoder(const WebSocketDecoder&) = delete;
  WebSocketDecoder& operator=(const WebSocketDecoder&) = delete;

  // From now on messages may come compressed.
  void enable_deflate(const DeflateParameters& parameters);
  // For compressing in the other direction; null without an agreement.
  [[nodiscard]] PermessageDeflate* deflate() const { return deflate_.get(); }

  // Takes the next event from the front of `input`, which shrinks by what was used. `max_message`
  // is in bytes, after reassembly and inflation; beyond: kError 1009, as soon as a header or the
  // inflation shows it.
  [[nodiscard]] WebSocketEvent next(std::span<char>& input, std::size_t max_message);

 private:
  struct Partial;

  void start_frame(const FrameHeader& header);
  [[nodiscard]] WebSocketEvent check_in_context(const FrameHeader& header,
                                                std::size_t max_message) const;
  [[nodiscard]] WebSocketEvent resume(std::span<char>& input, std::size_t max_message);
  [[nodiscard]] bool take_header(std::span<char>& input, std::size_t max_message,
                                 WebSocketEvent& event);
  [[nodiscard]] WebSocketEvent finish_frame(std::size_t max_message);
  [[nodiscard]] WebSocketEvent message_event(Opcode opcode, bool compressed,
                                             std::string_view payload, std::size_t max_message);
  void release_delivered();

  std::unique_ptr<Partial> partial_;
  std::unique_ptr<PermessageDeflate> deflate_;
};

// One complete unmasked frame with FIN set, as a server sends it.
[[nodiscard]] base::SharedBytes make_frame(Opcode opcode, std::string_view payload,
                                           Compressed compressed = Compressed::kNo);
// `reason` is cut to what fits (123 bytes), at a character's border. Code 1005: an empty payload.
[[nodiscard]] base::SharedBytes make_close_frame(uint16_t code, std::string_view reason);

// May the code appear in a close frame (section 7.4)?
[[nodiscard]] bool is_valid_close_code(uint16_t code);

}  // namespace net

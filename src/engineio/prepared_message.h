// PreparedMessage: one message encoded once for any number of sessions.
//
// It holds the complete unmasked WebSocket frame of an Engine.IO message packet. A WebSocket
// session queues the shared bytes as they are; a polling session, or a WebSocket that deflates,
// sends the slice of them behind the frame's header. 8 bytes; copies share. Stays in the thread
// that made it (base/shared_bytes.h).
#pragma once

#include <string_view>
#include <utility>

#include "base/shared_bytes.h"

namespace engineio {

class PreparedMessage {
 public:
  PreparedMessage() = default;
  // A text message; `text` without the Engine.IO packet type.
  static PreparedMessage text(std::string_view text);
  static PreparedMessage binary(std::string_view bytes);

  [[nodiscard]] bool empty() const { return frame_.empty(); }
  [[nodiscard]] bool is_binary() const;
  [[nodiscard]] const base::SharedBytes& frame() const { return frame_; }
  // The frame's payload: `4` and the text, or the bare bytes of a binary message.
  [[nodiscard]] std::string_view payload() const;

 private:
  explicit PreparedMessage(base::SharedBytes frame) : frame_(std::move(frame)) {}

  base::SharedBytes frame_;
};

}  // namespace engineio

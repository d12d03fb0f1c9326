// The client's half of WebSocket framing (RFC 6455), as little of it as the generator needs:
// building masked frames, and cutting what the server sent into frames. Deliberately not the
// server's codec. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace bench {

enum class Opcode : uint8_t { text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

struct Frame {
  Opcode opcode = Opcode::text;
  std::string_view payload;  // into the bytes it was cut from
};

enum class Cut {
  complete,    // a frame was cut off the front
  incomplete,  // more bytes are needed
  broken,  // a server must not send this (masked, fragmented, reserved bits, length not minimal)
};

// Cuts the first frame off the front of `bytes`, which is left as it was unless it is complete.
[[nodiscard]] Cut cut_frame(std::string_view& bytes, Frame& frame);

// Appends a masked frame; `mask` is any four bytes.
void append_client_frame(std::string& out, Opcode opcode, std::string_view payload, uint32_t mask);

}  // namespace bench

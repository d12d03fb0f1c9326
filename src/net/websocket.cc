#include "net/websocket.h"

#include <openssl/evp.h>

#include <array>
#include <string>

#include "base/check.h"
#include "base/text.h"
#include "net/http.h"
#include "net/websocket_frame.h"
#include "net/websocket_handshake.h"

namespace net {

base::SharedBytes encode_frame(MessageKind kind, std::string_view head, std::string_view tail) {
  std::array<char, kMaxFrameHeader> header;
  const Opcode opcode = kind == MessageKind::kText ? Opcode::kText : Opcode::kBinary;
  const std::size_t size = write_frame_header(header, opcode, head.size() + tail.size());
  const std::string_view header_view(header.data(), size);
  if (tail.empty()) return base::SharedBytes(header_view, head);
  std::string front;
  front.reserve(size + head.size());
  front.append(header_view).append(head);
  return base::SharedBytes(front, tail);
}

std::string_view websocket_handshake_error(const HttpRequest& request) {
  if (request.method != "GET" || request.minor_version == 0)
    return "A WebSocket is opened by GET and HTTP/1.1";
  bool upgrade = false;
  int keys = 0;
  for (const HttpHeader& header : request.headers) {
    upgrade |=
        base::iequals(header.name, "Upgrade") && base::list_contains(header.value, "websocket");
    keys += base::iequals(header.name, "Sec-WebSocket-Key") ? 1 : 0;
  }
  if (!request.wants_upgrade || !upgrade) return "Upgrade: websocket is missing";
  if (request.header("Sec-WebSocket-Version") != "13") return "Sec-WebSocket-Version must be 13";
  const auto key = base::base64_decode(request.header("Sec-WebSocket-Key"));
  if (keys != 1 || !key || key->size() != 16) return "Sec-WebSocket-Key must be 16 bytes in base64";
  return {};
}

std::string websocket_accept_key(std::string_view key) {
  std::string text(key);
  text += "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned size = 0;
  CHECK(EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha1(), nullptr) == 1);
  return base::base64_encode({reinterpret_cast<const char*>(digest.data()), size});
}

std::string websocket_accept_response(const HttpRequest& request, std::string_view extensions) {
  std::string out =
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Accept: ";
  out += websocket_accept_key(request.header("Sec-WebSocket-Key"));
  if (!extensions.empty()) (out += "\r\nSec-WebSocket-Extensions: ") += extensions;
  out += "\r\n\r\n";
  return out;
}

}  // namespace net

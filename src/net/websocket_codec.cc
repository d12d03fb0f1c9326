#include "net/websocket_codec.h"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <utility>

namespace net {
namespace {

using Kind = WebSocketEvent::Kind;

WebSocketEvent error(uint16_t code, std::string_view why) { return {Kind::kError, code, why}; }

WebSocketEvent close_event(std::string_view payload) {
  if (payload.empty()) return {Kind::kClose, kNoCloseCode, {}};
  if (payload.size() == 1) return error(websocket_close::kProtocolError, "close code of one byte");
  const auto code = static_cast<uint16_t>(static_cast<uint8_t>(payload[0]) << 8 |
                                          static_cast<uint8_t>(payload[1]));
  if (!is_valid_close_code(code))
    return error(websocket_close::kProtocolError, "invalid close code");
  const std::string_view reason = payload.substr(2);
  if (!simdjson::validate_utf8(reason.data(), reason.size()))
    return error(websocket_close::kInvalidPayload, "close reason is not UTF-8");
  return {Kind::kClose, code, reason};
}

WebSocketEvent control_event(Opcode opcode, std::string_view payload) {
  switch (opcode) {
    case Opcode::kPing: return {Kind::kPing, 0, payload};
    case Opcode::kPong: return {Kind::kPong, 0, payload};
    default: return close_event(payload);
  }
}

// What a compressed message of `max_message` bytes can take when it does not compress.
std::size_t max_compressed(std::size_t max_message) {
  return max_message + (max_message >> 8) + 64;
}

}  // namespace

// A frame that has not arrived in whole, or a message of which more fragments are to come.
struct WebSocketDecoder::Partial {
  enum class Stage : uint8_t { kHeader, kPayload };

  Stage stage = Stage::kHeader;
  bool in_message = false;  // a data frame without FIN has been seen
  bool compressed = false;  // of the message
  bool delivered = false;   // `message` was handed out and may go
  Opcode message_opcode = Opcode::kContinuation;
  uint8_t header_size = 0;
  uint8_t control_size = 0;
  std::array<char, kMaxFrameHeader> header_bytes;
  std::array<char, kMaxControlPayload> control;
  FrameHeader header;
  uint64_t received = 0;  // payload bytes of the current frame
  std::string message;

  [[nodiscard]] bool idle() const {
    return stage == Stage::kHeader && header_size == 0 && !in_message;
  }
};

WebSocketDecoder::WebSocketDecoder() = default;
WebSocketDecoder::~WebSocketDecoder() = default;

void WebSocketDecoder::enable_deflate(const DeflateParameters& parameters) {
  deflate_ = std::make_unique<PermessageDeflate>(parameters);
}

WebSocketEvent WebSocketDecoder::next(std::span<char>& input, std::size_t max_message) {
  release_delivered();
  if (partial_) return resume(input, max_message);
  if (input.empty()) return {};
  const FrameHeaderRead read = read_frame_header(input);
  if (read.outcome == FrameHeaderRead::Outcome::kBroken)
    return error(websocket_close::kProtocolError, read.problem);
  const FrameHeader& header = read.header;
  const bool whole = read.outcome == FrameHeaderRead::Outcome::kHeader && header.fin &&
                     header.length <= input.size() - read.size;
  if (!whole) {
    partial_ = std::make_unique<Partial>();
    return resume(input, max_message);
  }
  if (WebSocketEvent problem = check_in_context(header, max_message); problem.kind == Kind::kError)
    return problem;
  const std::span<char> payload = input.subspan(read.size, static_cast<std::size_t>(header.length));
  apply_mask(payload, header.mask, 0);
  input = input.subspan(read.size + payload.size());
  const std::string_view text(payload.data(), payload.size());
  if (is_control(header.opcode)) return control_event(header.opcode, text);
  return message_event(header.opcode, header.rsv1, text, max_message);
}

// What a header can say only together with what came before it. kNeedMore: nothing is wrong.
WebSocketEvent WebSocketDecoder::check_in_context(const FrameHeader& header,
                                                  std::size_t max_message) const {
  if (is_control(header.opcode)) return {};
  const bool in_message = partial_ && partial_->in_message;
  const bool continues = header.opcode == Opcode::kContinuation;
  if (continues && !in_message)
    return error(websocket_close::kProtocolError, "continuation of nothing");
  if (!continues && in_message)
    return error(websocket_close::kProtocolError, "new message inside a fragmented one");
  if (header.rsv1 && (continues || !deflate_))
    return error(websocket_close::kProtocolError, "reserved bits set");
  const bool compressed = in_message ? partial_->compressed : header.rsv1;
  const std::size_t limit = compressed ? max_compressed(max_message) : max_message;
  const std::size_t before = in_message ? partial_->message.size() : 0;
  if (header.length > limit - before) return error(websocket_close::kTooBig, "message too big");
  return {};
}

void WebSocketDecoder::start_frame(const FrameHeader& header) {
  Partial& p = *partial_;
  p.header = header;
  p.stage = Partial::Stage::kPayload;
  p.header_size = 0;
  p.received = 0;
  p.control_size = 0;
  if (is_control(header.opcode) || header.opcode == Opcode::kContinuation) return;
  p.message.clear();
  p.message_opcode = header.opcode;
  p.compressed = header.rsv1;
  p.in_message = true;
}

// Completes the header from the front of `input`. False: `event` is an error or kNeedMore.
bool WebSocketDecoder::take_header(std::span<char>& input, std::size_t max_message,
                                   WebSocketEvent& event) {
  Partial& p = *partial_;
  const std::size_t before = p.header_size;
  const std::size_t added = std::min(kMaxFrameHeader - before, input.size());
  std::copy_n(input.begin(), added, p.header_bytes.begin() + static_cast<std::ptrdiff_t>(before));
  const FrameHeaderRead read =
      read_frame_header(std::span<const char>(p.header_bytes).first(before + added));
  switch (read.outcome) {
    case FrameHeaderRead::Outcome::kBroken:
      event = error(websocket_close::kProtocolError, read.problem);
      return false;
    case FrameHeaderRead::Outcome::kNeedMore:
      p.header_size = static_cast<uint8_t>(before + added);
      input = input.subspan(added);
      return false;
    case FrameHeaderRead::Outcome::kHeader: break;
  }
  event = check_in_context(read.header, max_message);
  if (event.kind == Kind::kError) return false;
  input = input.subspan(read.size - before);
  start_frame(read.header);
  return true;
}

WebSocketEvent WebSocketDecoder::resume(std::span<char>& input, std::size_t max_message) {
  Partial& p = *partial_;
  while (true) {
    WebSocketEvent event;
    if (p.stage == Partial::Stage::kHeader && !take_header(input, max_message, event)) return event;
    const auto n =
        static_cast<std::size_t>(std::min<uint64_t>(p.header.length - p.received, input.size()));
    const std::span<char> piece = input.first(n);
    apply_mask(piece, p.header.mask, static_cast<std::size_t>(p.received % 4));
    if (is_control(p.header.opcode)) {
      std::copy(piece.begin(), piece.end(), p.control.begin() + p.control_size);
      p.control_size = static_cast<uint8_t>(p.control_size + n);
    } else {
      p.message.append(piece.data(), n);
    }
    p.received += n;
    input = input.subspan(n);
    if (p.received < p.header.length) return {};
    p.stage = Partial::Stage::kHeader;
    if (is_control(p.header.opcode) || p.header.fin) return finish_frame(max_message);
  }
}

WebSocketEvent WebSocketDecoder::finish_frame(std::size_t max_message) {
  Partial& p = *partial_;
  if (is_control(p.header.opcode))
    return control_event(p.header.opcode, {p.control.data(), p.control_size});
  p.in_message = false;
  p.delivered = true;
  if (!p.compressed) return message_event(p.message_opcode, false, p.message, max_message);
  const std::string payload = std::move(p.message);
  p.message.clear();
  return message_event(p.message_opcode, true, payload, max_message);
}

WebSocketEvent WebSocketDecoder::message_event(Opcode opcode, bool compressed,
                                               std::string_view payload, std::size_t max_message) {
  if (compressed) {
    if (!partial_) partial_ = std::make_unique<Partial>();
    partial_->delivered = true;
    switch (deflate_->inflate(payload, max_message, partial_->message)) {
      case PermessageDeflate::Outcome::kOk: break;
      case PermessageDeflate::Outcome::kTooBig:
        return error(websocket_close::kTooBig, "message too big");
      case PermessageDeflate::Outcome::kBroken:
        return error(websocket_close::kInvalidPayload, "broken compressed message");
    }
    payload = partial_->message;
  }
  if (opcode == Opcode::kBinary) return {Kind::kBinary, 0, payload};
  if (!simdjson::validate_utf8(payload.data(), payload.size()))
    return error(websocket_close::kInvalidPayload, "text is not UTF-8");
  return {Kind::kText, 0, payload};
}

void WebSocketDecoder::release_delivered() {
  if (!partial_) return;
  if (partial_->delivered) {
    partial_->delivered = false;
    partial_->message.clear();
  }
  if (partial_->idle()) partial_.reset();
}

base::SharedBytes make_frame(Opcode opcode, std::string_view payload, Compressed compressed) {
  std::array<char, kMaxFrameHeader> header;
  const std::size_t size = write_frame_header(header, opcode, payload.size(), compressed);
  return base::SharedBytes({header.data(), size}, payload);
}

base::SharedBytes make_close_frame(uint16_t code, std::string_view reason) {
  if (code == kNoCloseCode) return make_frame(Opcode::kClose, {});
  std::size_t size = std::min(reason.size(), kMaxControlPayload - 2);
  while (size < reason.size() && size > 0 && (static_cast<uint8_t>(reason[size]) & 0xc0) == 0x80)
    --size;
  std::string payload{static_cast<char>(code >> 8), static_cast<char>(code & 0xff)};
  payload += reason.substr(0, size);
  return make_frame(Opcode::kClose, payload);
}

bool is_valid_close_code(uint16_t code) {
  if (code >= 3000 && code <= 4999) return true;
  return code >= 1000 && code <= 1014 && code != 1004 && code != kNoCloseCode &&
         code != websocket_close::kAbnormal;
}

}  // namespace net

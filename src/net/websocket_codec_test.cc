#include "net/websocket_codec.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "net/test_frames.h"

namespace net {
namespace {

using Kind = WebSocketEvent::Kind;

std::string name(const WebSocketEvent& event) {
  const std::string payload(event.payload);
  switch (event.kind) {
    case Kind::kNeedMore: return "more";
    case Kind::kText: return "text " + payload;
    case Kind::kBinary: return "binary " + payload;
    case Kind::kPing: return "ping " + payload;
    case Kind::kPong: return "pong " + payload;
    case Kind::kClose: return "close " + std::to_string(event.code) + " " + payload;
    case Kind::kError: return "error " + std::to_string(event.code);
  }
  return {};
}

using Events = std::vector<std::string>;

// Everything that the pieces give, up to a close frame or an error. Each piece lies in memory of
// its own exact size, so that a sanitizer sees a step outside.
Events decode(const std::vector<std::string>& pieces, std::size_t max_message = 1000,
              const DeflateParameters* deflate = nullptr) {
  WebSocketDecoder decoder;
  if (deflate != nullptr) decoder.enable_deflate(*deflate);
  Events events;
  for (const std::string& piece : pieces) {
    const auto memory = std::make_unique<char[]>(piece.size());
    std::copy(piece.begin(), piece.end(), memory.get());
    std::span<char> input(memory.get(), piece.size());
    while (true) {
      const WebSocketEvent event = decoder.next(input, max_message);
      if (event.kind == Kind::kNeedMore) break;
      events.push_back(name(event));
      if (event.kind == Kind::kClose || event.kind == Kind::kError) return events;
    }
    EXPECT_TRUE(input.empty());
  }
  return events;
}

Events decode(const std::string& bytes, std::size_t max_message = 1000) {
  return decode(std::vector<std::string>{bytes}, max_message);
}

const Events kProtocolError{"error 1002"};

TEST(WebSocketDecoder, ReadsWholeMessages) {
  EXPECT_EQ(
      decode(client_frame(0x81, "hello") + client_frame(0x82, "bin") + client_frame(0x81, "")),
      (Events{"text hello", "binary bin", "text "}));
  EXPECT_EQ(decode(client_frame(0x81, std::string(126, 'm'))),
            Events{"text " + std::string(126, 'm')});
  EXPECT_EQ(decode(client_frame(0x82, std::string(70'000, 'l')), 70'000),
            Events{"binary " + std::string(70'000, 'l')});
}

// Section 5.4: fragmentation, with control frames in between.
TEST(WebSocketDecoder, JoinsFragments) {
  EXPECT_EQ(decode(client_frame(0x01, "a") + client_frame(0x89, "p") + client_frame(0x00, "b") +
                   client_frame(0x8a, "q") + client_frame(0x80, "c") + client_frame(0x82, "next")),
            (Events{"ping p", "pong q", "text abc", "binary next"}));
  EXPECT_EQ(decode(client_frame(0x01, "") + client_frame(0x00, "") + client_frame(0x80, "")),
            Events{"text "});
}

// Section 5.1: a server MUST close on an unmasked frame.
TEST(WebSocketDecoder, RefusesUnmaskedFrames) {
  EXPECT_EQ(decode(std::string("\x81\x01x", 3)), kProtocolError);
  EXPECT_EQ(decode(std::string("\x89\x00", 2)), kProtocolError);
}

// Section 5.2: RSV bits without an extension.
TEST(WebSocketDecoder, RefusesReservedBits) {
  for (const int bits : {0x10, 0x20, 0x40, 0x70})
    EXPECT_EQ(decode(client_frame(static_cast<uint8_t>(0x81 | bits), "x")), kProtocolError) << bits;
}

// Section 5.2: opcodes 3-7 and B-F.
TEST(WebSocketDecoder, RefusesReservedOpcodes) {
  for (const int opcode : {3, 4, 5, 6, 7, 11, 12, 13, 14, 15})
    EXPECT_EQ(decode(client_frame(static_cast<uint8_t>(0x80 | opcode), "")), kProtocolError)
        << opcode;
}

// Section 5.5: control frames are whole and carry at most 125 bytes.
TEST(WebSocketDecoder, RefusesFragmentedOrLongControlFrames) {
  for (const int opcode : {0x08, 0x09, 0x0a}) {
    EXPECT_EQ(decode(client_frame(static_cast<uint8_t>(opcode), "")), kProtocolError) << opcode;
    EXPECT_EQ(decode(client_frame(static_cast<uint8_t>(0x80 | opcode), std::string(126, 'x'))),
              kProtocolError);
  }
  EXPECT_EQ(decode(client_frame(0x89, std::string(125, 'x'))),
            Events{"ping " + std::string(125, 'x')});
}

// Section 5.4.
TEST(WebSocketDecoder, RefusesFragmentsOutOfOrder) {
  EXPECT_EQ(decode(client_frame(0x80, "x")), kProtocolError);
  EXPECT_EQ(decode(client_frame(0x00, "x")), kProtocolError);
  EXPECT_EQ(decode(client_frame(0x01, "x") + client_frame(0x81, "y")), kProtocolError);
  EXPECT_EQ(decode(client_frame(0x01, "x") + client_frame(0x02, "y")), kProtocolError);
  EXPECT_EQ(decode(client_frame(0x81, "x") + client_frame(0x80, "y")),
            (Events{"text x", "error 1002"}));
}

// Section 5.2: the minimal number of bytes MUST be used; the top bit of 64 MUST be 0.
TEST(WebSocketDecoder, RefusesOtherFormsOfALength) {
  EXPECT_EQ(decode(client_frame(0x82, "x", 2)), kProtocolError);
  EXPECT_EQ(decode(client_frame(0x82, std::string(125, 'x'), 2)), kProtocolError);
  EXPECT_EQ(decode(client_frame(0x82, std::string(200, 'x'), 8)), kProtocolError);
  EXPECT_EQ(decode(std::string("\x82\xff\x80\0\0\0\0\0\0\0\1\2\3\4", 14)), kProtocolError);
}

// Section 7.4 and 5.5.1.
TEST(WebSocketDecoder, ReadsCloseFrames) {
  EXPECT_EQ(decode(client_frame(0x88, "")), Events{"close 1005 "});
  EXPECT_EQ(decode(client_frame(0x88, "\x03\xe8")), Events{"close 1000 "});
  EXPECT_EQ(decode(client_frame(0x88, "\x03\xe9gone")), Events{"close 1001 gone"});
  EXPECT_EQ(decode(client_frame(0x88, "x")), kProtocolError);
  EXPECT_EQ(decode(client_frame(0x88, "\x03\xe8\xff")), Events{"error 1007"});
}

TEST(WebSocketDecoder, KnowsWhichCloseCodesMayBeSent) {
  const auto decoded = [](int code) {
    const std::string payload{static_cast<char>(code >> 8), static_cast<char>(code & 0xff)};
    return decode(client_frame(0x88, payload)).at(0);
  };
  for (const int code : {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014,
                         3000, 3999, 4000, 4999})
    EXPECT_EQ(decoded(code), "close " + std::to_string(code) + " ");
  for (const int code : {0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535})
    EXPECT_EQ(decoded(code), "error 1002") << code;
}

// Section 8.1.
TEST(WebSocketDecoder, RefusesTextThatIsNotUtf8) {
  const Events invalid{"error 1007"};
  EXPECT_EQ(decode(client_frame(0x81, "\xff")), invalid);
  EXPECT_EQ(decode(client_frame(0x81, "\xc0\x80")), invalid);          // overlong
  EXPECT_EQ(decode(client_frame(0x81, "\xed\xa0\x80")), invalid);      // a surrogate
  EXPECT_EQ(decode(client_frame(0x81, "\xf4\x90\x80\x80")), invalid);  // above U+10FFFF
  EXPECT_EQ(decode(client_frame(0x81, "\xe2\x82")), invalid);          // cut off
  EXPECT_EQ(decode(client_frame(0x01, "\xe2") + client_frame(0x80, "\x82\xac")),
            Events{"text \xe2\x82\xac"});  // a character may be split between fragments
  EXPECT_EQ(decode(client_frame(0x82, "\xff")), Events{"binary \xff"});
}

TEST(WebSocketDecoder, BoundsAMessage) {
  EXPECT_EQ(decode(client_frame(0x82, std::string(10, 'x')), 10),
            Events{"binary " + std::string(10, 'x')});
  const Events too_big{"error 1009"};
  EXPECT_EQ(decode(client_frame(0x82, std::string(11, 'x')), 10), too_big);
  EXPECT_EQ(
      decode(client_frame(0x02, std::string(6, 'x')) + client_frame(0x80, std::string(5, 'x')), 10),
      too_big);
  // The header alone shows it.
  EXPECT_EQ(decode(client_frame(0x82, std::string(65536, 'x')).substr(0, 14), 10), too_big);
  EXPECT_EQ(decode(std::string("\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff\1\2\3\4", 14), 10),
            too_big);
}

TEST(WebSocketDecoder, IsTwoPointersLargeWhenIdle) {
  EXPECT_LE(sizeof(WebSocketDecoder), 2 * sizeof(void*));
}

TEST(ApplyMask, WorksFromAnyPhase) {
  const std::array<uint8_t, 4> mask{1, 2, 3, 4};
  for (std::size_t size = 0; size < 40; ++size) {
    for (std::size_t phase = 0; phase < 4; ++phase) {
      std::string bytes(size, '\0');
      apply_mask(bytes, mask, phase);
      for (std::size_t i = 0; i < size; ++i)
        ASSERT_EQ(bytes[i], static_cast<char>(mask[(phase + i) % 4])) << size << " " << phase;
    }
  }
}

TEST(MakeCloseFrame, CutsTheReasonBetweenCharacters) {
  EXPECT_EQ(make_close_frame(1000, "bye").view(),
            "\x88\x05\x03\xe8"
            "bye");
  EXPECT_EQ(make_close_frame(kNoCloseCode, "").view(), std::string_view("\x88\0", 2));
  std::string reason(122, 'a');
  reason += "\xe2\x82\xac";
  EXPECT_EQ(make_close_frame(1000, reason).view(), "\x88\x7c\x03\xe8" + std::string(122, 'a'));
}

// Any sequence of frames, mostly good ones.
std::string some_frames() {
  std::string out;
  const int count = *rc::gen::inRange(1, 12);
  for (int i = 0; i < count; ++i) {
    const auto size = *rc::gen::weightedOneOf<std::size_t>(
        {{6, rc::gen::inRange<std::size_t>(0, 20)}, {2, rc::gen::inRange<std::size_t>(100, 300)}});
    std::string payload(size, 'p');
    for (std::size_t k = 0; k < size; ++k) payload[k] = static_cast<char>('a' + k % 26);
    const auto first = *rc::gen::weightedElement<int>({{8, 0x81},
                                                       {4, 0x82},
                                                       {4, 0x01},
                                                       {4, 0x00},
                                                       {4, 0x80},
                                                       {3, 0x89},
                                                       {2, 0x8a},
                                                       {1, 0x88},
                                                       {1, 0xc1},
                                                       {1, 0x83}});
    if (first >= 0x88 && first <= 0x8a && size > 125) payload.resize(125);
    out += client_frame(static_cast<uint8_t>(first), payload);
  }
  if (*rc::gen::inRange(0, 4) == 0)
    out.resize(out.size() - *rc::gen::inRange<std::size_t>(0, out.size()));
  return out;
}

std::vector<std::string> cut(const std::string& bytes) {
  std::vector<std::string> pieces;
  const auto longest = *rc::gen::element<std::size_t>(1, 2, 7, 50, 400);
  for (std::size_t at = 0; at < bytes.size();) {
    const auto n = *rc::gen::inRange<std::size_t>(1, longest + 1);
    pieces.push_back(bytes.substr(at, n));
    at += n;
  }
  return pieces;
}

RC_GTEST_PROP(WebSocketDecoderProperty, TheSameHoweverTheInputIsCut, ()) {
  const std::string bytes = some_frames();
  const auto limit = *rc::gen::element<std::size_t>(50, 250, 1000);
  RC_ASSERT(decode(cut(bytes), limit) == decode(bytes, limit));
}

RC_GTEST_PROP(WebSocketDecoderProperty, CompressedTooHoweverTheInputIsCut, ()) {
  const DeflateParameters parameters{*rc::gen::arbitrary<bool>(), *rc::gen::arbitrary<bool>(),
                                     *rc::gen::inRange(9, 16), *rc::gen::inRange(9, 16)};
  // Seen from the client its own direction is the server's.
  PermessageDeflate client({parameters.client_no_context_takeover,
                            parameters.server_no_context_takeover,
                            parameters.client_max_window_bits, parameters.server_max_window_bits});
  std::string bytes;
  Events expected;
  const int count = *rc::gen::inRange(1, 6);
  for (int i = 0; i < count; ++i) {
    const std::string message(*rc::gen::inRange<std::size_t>(0, 900), static_cast<char>('a' + i));
    std::string payload;
    client.deflate(message, payload);
    const auto at = *rc::gen::inRange<std::size_t>(0, payload.size() + 1);
    bytes += client_frame(0x41, payload.substr(0, at)) + client_frame(0x80, payload.substr(at));
    expected.push_back("text " + message);
  }
  RC_ASSERT(decode(cut(bytes), 1000, &parameters) == expected);
}

TEST(WebSocketDecoder, TakesRsv1OnlyOnTheFirstFragmentOfACompressedMessage) {
  const DeflateParameters parameters;
  PermessageDeflate client(parameters);
  std::string payload;
  client.deflate("hello", payload);
  const auto decode_compressed = [&](const std::string& bytes, std::size_t limit = 1000) {
    return decode(std::vector<std::string>{bytes}, limit, &parameters);
  };
  EXPECT_EQ(decode_compressed(client_frame(0xc1, payload)), Events{"text hello"});
  EXPECT_EQ(decode_compressed(client_frame(0x81, "plain")), Events{"text plain"});
  EXPECT_EQ(decode_compressed(client_frame(0x41, payload) + client_frame(0xc0, "")),
            kProtocolError);
  EXPECT_EQ(decode_compressed(client_frame(0xc9, "")), kProtocolError);
  EXPECT_EQ(decode_compressed(client_frame(0xc1, "\xff\xff\xff")), Events{"error 1007"});
  std::string bomb;
  client.deflate(std::string(1'000'000, 'z'), bomb);
  EXPECT_EQ(decode_compressed(client_frame(0xc1, bomb), 10'000), Events{"error 1009"});
}

}  // namespace
}  // namespace net

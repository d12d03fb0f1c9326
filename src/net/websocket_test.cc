#include "net/websocket.h"

#include <gtest/gtest.h>

#include "net/http.h"
#include "net/websocket_handshake.h"

namespace net {
namespace {

HttpRequest upgrade() {
  HttpRequest request;
  request.method = "GET";
  request.target = "/";
  request.wants_upgrade = true;
  request.headers = {{"Upgrade", "WebSocket"},
                     {"Sec-WebSocket-Version", "13"},
                     {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="}};
  return request;
}

TEST(WebSocketHandshake, TakesAGoodRequest) { EXPECT_EQ(websocket_handshake_error(upgrade()), ""); }

TEST(WebSocketHandshake, NamesWhatIsWrong) {
  HttpRequest request = upgrade();
  request.method = "POST";
  EXPECT_NE(websocket_handshake_error(request), "");
  request = upgrade();
  request.minor_version = 0;
  EXPECT_NE(websocket_handshake_error(request), "");
  request = upgrade();
  request.wants_upgrade = false;
  EXPECT_NE(websocket_handshake_error(request), "");
  request = upgrade();
  request.headers[0].value = "h2c";
  EXPECT_NE(websocket_handshake_error(request), "");
  for (const char* version : {"12", "", "13, 8", "013"}) {
    request = upgrade();
    request.headers[1].value = version;
    EXPECT_NE(websocket_handshake_error(request), "") << version;
  }
  for (const char* key : {"", "dGhlIHNhbXBsZSBub25jZQ", "dGhlIHNhbXBsZSBub25j", "*"}) {
    request = upgrade();
    request.headers[2].value = key;
    EXPECT_NE(websocket_handshake_error(request), "") << key;
  }
  request = upgrade();
  request.headers.push_back(request.headers[2]);
  EXPECT_NE(websocket_handshake_error(request), "");
}

TEST(WebSocketHandshake, AnswersWithTheKeyOfTheStandard) {
  EXPECT_EQ(websocket_accept_key("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  EXPECT_EQ(websocket_accept_response(upgrade(), ""),
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n");
}

TEST(EncodeFrame, UsesTheShortestLength) {
  EXPECT_EQ(encode_frame(MessageKind::kText, "He", "llo").view(), "\x81\x05Hello");
  EXPECT_EQ(encode_frame(MessageKind::kBinary, "", "").view(), std::string_view("\x82\0", 2));
  const std::string medium(126, 'x');
  EXPECT_EQ(encode_frame(MessageKind::kText, medium, "").view(),
            std::string("\x81\x7e\x00\x7e", 4) + medium);
  const std::string large(65536, 'x');
  EXPECT_EQ(encode_frame(MessageKind::kText, "", large).view(),
            std::string("\x81\x7f\0\0\0\0\0\1\0\0", 10) + large);
}

}  // namespace
}  // namespace net

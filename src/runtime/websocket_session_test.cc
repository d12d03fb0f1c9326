#include "runtime/websocket_session.h"

#include <gtest/gtest.h>

#include "runtime/test_client.h"
#include "runtime/test_server.h"

namespace runtime {
namespace {

TEST(WebSocketSession, Echoes) {
  TestServer server;
  TestClient client(server.port());
  EXPECT_NE(client.upgrade("/ws").head.find("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
            std::string::npos);
  client.send(TestClient::text("hello"));
  EXPECT_EQ(client.take_frame(), (TestClient::Frame{0x81, "hello"}));
  client.send(TestClient::frame(0x82, "bin"));
  EXPECT_EQ(client.take_frame(), (TestClient::Frame{0x82, "bin"}));
}

}  // namespace
}  // namespace runtime

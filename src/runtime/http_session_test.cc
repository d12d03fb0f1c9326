#include "runtime/http_session.h"

#include <gtest/gtest.h>

#include "runtime/test_client.h"
#include "runtime/test_server.h"

namespace runtime {
namespace {

TEST(HttpSession, AnswersSeveralRequestsOnOneConnection) {
  TestServer server;
  TestClient client(server.port());
  EXPECT_EQ(client.get("/hello").body, "hello");
  EXPECT_EQ(client.post("/echo", "some text").body, "some text");
  EXPECT_EQ(client.get("/nothing").status, 404);
  EXPECT_EQ(client.get("/late").body, "late");
}

}  // namespace
}  // namespace runtime

#include "runtime/held_output.h"

#include <gtest/gtest.h>

#include "runtime/test_client.h"
#include "runtime/test_server.h"

namespace runtime {
namespace {

using Frame = TestClient::Frame;

class HeldOutputTest : public testing::Test {
 protected:
  HeldOutputTest() : client(server.port()) { client.upgrade("/ws"); }

  void fall_behind() {
    client.send(TestClient::text("fall behind"));
    ASSERT_TRUE(server.events().wait_for("behind"));
  }

  void send_to_all(const std::string& text) {
    client.send(TestClient::text("to all: " + text) + TestClient::text("backlog a turn later"));
  }

  TestServer server;
  TestClient client;
};

TEST_F(HeldOutputTest, NothingWaitsInALoopThatKeepsUp) {
  send_to_all("hello");
  EXPECT_TRUE(server.events().wait_for("a turn later 0 bytes wait"));
  EXPECT_EQ(client.take_frame(), (Frame{0x81, "hello"}));
}

TEST_F(HeldOutputTest, WhatIsUrgentTakesAlongWhatWaits) {
  fall_behind();
  send_to_all("first");
  EXPECT_TRUE(server.events().wait_for("a turn later 7 bytes wait"));
  client.send(TestClient::text("second"));
  EXPECT_EQ(client.take_frame(), (Frame{0x81, "first"}));
  EXPECT_EQ(client.take_frame(), (Frame{0x81, "second"}));
  client.send(TestClient::text("calm down"));
}

TEST_F(HeldOutputTest, AWaitEndsWhileTheLoopIsStillBehind) {
  fall_behind();
  for (const char* text : {"1", "2", "3"}) {
    send_to_all(text);
    EXPECT_EQ(client.take_frame(), (Frame{0x81, text}));
  }
  EXPECT_EQ(server.events().count("a turn later 3 bytes wait"), 3);
  client.send(TestClient::text("calm down"));
}

TEST_F(HeldOutputTest, NothingWaitsAnyMoreOnceTheLoopHasNothingToDo) {
  fall_behind();
  client.send(TestClient::text("to all: last") + TestClient::text("calm down"));
  EXPECT_EQ(client.take_frame(), (Frame{0x81, "last"}));
  send_to_all("at once");
  EXPECT_TRUE(server.events().wait_for("a turn later 0 bytes wait"));
}

TEST_F(HeldOutputTest, WhoGoesMeanwhileIsForgotten) {
  fall_behind();
  TestClient other(server.port());
  other.upgrade("/ws");
  other.send(TestClient::text("to all: unread") + TestClient::text("terminate"));
  EXPECT_TRUE(server.events().wait_for("closed 1006"));
  client.send(TestClient::text("to all: still there"));
  EXPECT_EQ(client.take_frame(), (Frame{0x81, "still there"}));
  client.send(TestClient::text("calm down"));
}

}  // namespace
}  // namespace runtime

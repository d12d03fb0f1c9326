#include "adapter/answers.h"

#include <gtest/gtest.h>

#include <boost/json/object.hpp>

#include "adapter/test_hex.h"

namespace adapter {
namespace {

using Names = std::vector<std::string>;

TEST(Answers, AreWhatTheAdapterReads) {
  EXPECT_EQ(sockets_answer("r", Names{"a", "b"}), R"({"requestId":"r","sockets":["a","b"]})");
  EXPECT_EQ(sockets_answer("r", {}), R"({"requestId":"r","sockets":[]})");
  EXPECT_EQ(rooms_answer("\"", Names{"user:\"x"}), R"({"requestId":"\"","rooms":["user:\"x"]})");
  EXPECT_EQ(server_side_emit_answer("r"), R"({"requestId":"r","type":6,"data":null})");
  EXPECT_EQ(client_count_answer("r", 12), R"({"requestId":"r","type":8,"clientCount":12})");
}

TEST(Answers, ASocketHasTheMembersOfARemoteSocket) {
  EXPECT_EQ(fetch_answer("r", {}), R"({"requestId":"r","sockets":[]})");
  const std::vector<SocketDescription> sockets{{"s1", {"s1", "user:alice"}}, {"s2", {"s2"}}};
  EXPECT_EQ(
      fetch_answer("r", sockets),
      R"({"requestId":"r","sockets":[)"
      R"({"id":"s1","handshake":{"headers":{},"query":{},"auth":{}},"rooms":["s1","user:alice"],"data":{}},)"
      R"({"id":"s2","handshake":{"headers":{},"query":{},"auth":{}},"rooms":["s2"],"data":{}}]})");
}

TEST(Answers, AnAcknowledgementIsMsgpack) {
  EXPECT_EQ(ack_answer("r", "yes", {}),
            from_hex("83a67061636b6574a3796573a9726571756573744964a172a47479706509"));
  const std::vector<std::string> attachments{"b"};
  EXPECT_EQ(ack_answer("r", boost::json::object{{"_placeholder", true}, {"num", 0}}, attachments),
            from_hex("83a67061636b6574c40162a9726571756573744964a172a47479706509"));
}

}  // namespace
}  // namespace adapter

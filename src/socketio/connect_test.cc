// Socket.IO v5: joining namespaces, being refused, and leaving.
#include "socketio/socketio_fixture.h"

namespace socketio {
namespace {

using ConnectTest = SocketIoTest;

TEST_F(ConnectTest, TheAnswerHasANewIdAndPrecedesEveryEvent) {
  main.greets = true;
  auto& socket = open();
  socket.text("40");
  const std::string id(main.last->id());
  EXPECT_EQ(id.size(), 20U);
  EXPECT_EQ(socket.take(), (Log{R"(40{"sid":")" + id + R"("})", R"(42["auth",{}])"}));
}

TEST_F(ConnectTest, ThePayloadReachesTheHandler) {
  auto& socket = open();
  socket.text(R"(40{"token":"123"})");
  EXPECT_EQ(main.take(), Log{R"(connect {"token":"123"})"});
}

TEST_F(ConnectTest, ANamespaceIsJoinedWithOrWithoutAComma) {
  for (const char* packet : {"40/custom", "40/custom,", "40/custom,{}"}) {
    auto& socket = open();
    socket.text(packet);
    EXPECT_EQ(socket.take().at(0).substr(0, 17), R"(40/custom,{"sid":)");
  }
}

TEST_F(ConnectTest, AnUnknownNamespaceIsRefusedAndTheConnectionStaysOpen) {
  auto& socket = open();
  socket.text("40/random");
  socket.text("40/custom?a=1,");
  EXPECT_EQ(socket.take(), (Log{R"(44/random,{"message":"Invalid namespace"})",
                                R"(44/custom?a=1,{"message":"Invalid namespace"})"}));
  socket.text("40");
  EXPECT_NE(main.last, nullptr);
}

TEST_F(ConnectTest, ThereIsNoImplicitConnectionToTheMainNamespace) {
  auto& socket = open();
  socket.text("40/custom,");
  EXPECT_EQ(main_nsp->size(), 0U);
  socket.text(R"(42["hello"])");
  EXPECT_TRUE(socket.close_code);
}

TEST_F(ConnectTest, ARequestMayBeAcceptedLater) {
  auto& socket = open();
  socket.text("40/slow,");
  EXPECT_TRUE(socket.take().empty());
  EXPECT_EQ(slow_nsp->session_of(slow.last_request)->open(), true);
  Socket* joined = slow_nsp->accept(slow.last_request);
  ASSERT_NE(joined, nullptr);
  joined->emit("hi", "1");
  EXPECT_EQ(socket.take().at(1), R"(42/slow,["hi",1])");
  EXPECT_EQ(slow_nsp->accept(slow.last_request), nullptr);  // a second answer is none
  slow_nsp->refuse(slow.last_request, "late");
  EXPECT_TRUE(socket.take().empty());
}

TEST_F(ConnectTest, ARefusalCarriesMessageAndDataAndLeavesTheConnectionOpen) {
  auto& socket = open();
  socket.text("40/slow,");
  slow_nsp->refuse(slow.last_request, "Not \"authorized\"", R"({"code":"E42"})");
  socket.text("40/slow,");
  slow_nsp->refuse(slow.last_request, "again");
  EXPECT_EQ(socket.take(), (Log{R"(44/slow,{"message":"Not \"authorized\"","data":{"code":"E42"}})",
                                R"(44/slow,{"message":"again"})"}));
  EXPECT_FALSE(socket.close_code);
}

TEST_F(ConnectTest, WhenTheClientHasGoneMeanwhileNoSocketAppears) {
  auto& socket = open();
  socket.text("40/slow,");
  socket.end(1001);
  EXPECT_EQ(slow.take(), (Log{"connect {}", "abandoned"}));
  host.turn();
  EXPECT_EQ(slow_nsp->accept(slow.last_request), nullptr);
  EXPECT_EQ(slow_nsp->session_of(slow.last_request), nullptr);
  slow_nsp->refuse(slow.last_request, "nobody hears this");
}

TEST_F(ConnectTest, PacketsBeforeTheAnswerCloseTheConnection) {
  auto& socket = open();
  socket.text("40/slow,");
  socket.text(R"(42/slow,["early"])");
  EXPECT_TRUE(socket.close_code);
  EXPECT_EQ(slow.take(), (Log{"connect {}", "abandoned"}));
}

TEST_F(ConnectTest, JoiningTwiceClosesTheConnectionAlsoWhileTheFirstIsUnanswered) {
  auto& socket = join();
  socket.text("40");
  EXPECT_TRUE(socket.close_code);
  EXPECT_EQ(main.take().back(), "disconnect forced server close");
  auto& pending = open();
  pending.text("40/slow,");
  pending.text("40/slow,");
  EXPECT_TRUE(pending.close_code);
}

TEST_F(ConnectTest, WithoutAnAcceptedConnectTheConnectionIsClosedAfterItsTimeout) {
  auto& silent = open();
  auto& refused = open();
  auto& joined = open();
  refused.text("40/nowhere,");
  joined.text("40");
  host.pass(base::Duration(999));
  EXPECT_FALSE(silent.close_code);
  host.pass(base::Duration(1));
  EXPECT_TRUE(silent.close_code);
  EXPECT_TRUE(refused.close_code);
  EXPECT_FALSE(joined.close_code);
}

TEST_F(ConnectTest, TheTimeoutDoesNotApplyAgainAfterLeaving) {
  auto& socket = join();
  socket.text("41");
  host.pass(base::Duration(2'500));
  EXPECT_FALSE(socket.close_code);
  socket.text("40/slow,");
  host.pass(base::Duration(100));
  EXPECT_FALSE(socket.close_code);
}

TEST_F(ConnectTest, AConnectPayloadMustBeAnObject) {
  for (const char* packet : {"40[]", "40null", "40\"a\"", "401x", "40{", "40{}x"}) {
    auto& socket = open();
    socket.text(packet);
    EXPECT_TRUE(socket.close_code) << packet;
  }
}

TEST_F(ConnectTest, AConnectErrorFromAClientClosesTheConnection) {
  auto& socket = join();
  socket.text(R"(44{"message":"x"})");
  EXPECT_TRUE(socket.close_code);
}

TEST_F(ConnectTest, TheNamespacesOfOneConnectionAreLimited) {
  options.max_namespaces_per_connection = 1;
  start();
  auto& socket = join();
  socket.text("40/custom,");
  EXPECT_TRUE(socket.close_code);
}

TEST_F(ConnectTest, ADisconnectPacketLeavesOneNamespaceOnly) {
  auto& socket = join();
  socket.text("40/custom");
  socket.text("41/custom");
  EXPECT_EQ(custom.take().back(), "disconnect client namespace disconnect");
  socket.take();
  main.on_message = [](Socket& s, const Event&) { s.emit("back", ""); };
  socket.text(R"(42["message"])");
  EXPECT_EQ(socket.take(), Log{R"(42["back"])"});
  socket.text("41");
  EXPECT_EQ(main.take().back(), "disconnect client namespace disconnect");
  EXPECT_FALSE(socket.close_code);
}

TEST_F(ConnectTest, ADisconnectPacketWithAPayloadClosesTheConnection) {
  auto& socket = join();
  socket.text("41{}");
  EXPECT_TRUE(socket.close_code);
}

TEST_F(ConnectTest, DisconnectingIsToldInTheRoomsAndDisconnectOutsideThem) {
  auto& socket = join();
  main.last->join("a");
  socket.text("41");
  EXPECT_EQ(main.take(),
            (Log{"disconnecting in 2 rooms", "disconnect client namespace disconnect"}));
}

TEST_F(ConnectTest, TheServerDisconnectsOneNamespaceWithAPacket) {
  auto& socket = join();
  socket.text("40/custom,");
  socket.take();
  custom.last->disconnect(Socket::Scope::kNamespace);
  EXPECT_EQ(socket.take(), Log{"41/custom,"});
  EXPECT_EQ(custom.take().back(), "disconnect server namespace disconnect");
  EXPECT_FALSE(socket.close_code);
}

TEST_F(ConnectTest, OrTheWholeConnectionWithOnePacketPerNamespace) {
  auto& socket = join();
  socket.text("40/custom,");
  socket.take();
  main.last->disconnect(Socket::Scope::kConnection);
  EXPECT_EQ(socket.take(), (Log{"41/custom,", "41"}));
  EXPECT_TRUE(socket.close_code);
  EXPECT_EQ(main.take().back(), "disconnect server namespace disconnect");
  EXPECT_EQ(custom.take().back(), "disconnect server namespace disconnect");
}

TEST_F(ConnectTest, OverPollingTheDisconnectComesInAnAnswerBeforeTheClose) {
  const std::string sid = open_polling();
  host.post(sid, "40");
  EXPECT_EQ(host.get(sid).body().substr(0, 9), R"(40{"sid":)");
  auto& get = host.get(sid);
  main.last->disconnect(Socket::Scope::kConnection);
  host.turn();
  EXPECT_EQ(get.body(), "41");
  EXPECT_EQ(host.get(sid).body(), "1");
}

TEST_F(ConnectTest, ClosingTheTransportSendsNoDisconnectPacket) {
  auto& socket = join();
  main.last->close_transport();
  EXPECT_TRUE(socket.take().empty());
  EXPECT_TRUE(socket.close_code);
  EXPECT_EQ(main.take().back(), "disconnect server shutting down");
}

TEST_F(ConnectTest, TheReasonTellsHowAConnectionWasLost) {
  join().end(1006);
  EXPECT_EQ(main.take().back(), "disconnect transport close");
  join();
  host.pass(base::Duration(5'000), base::Duration(10));
  EXPECT_EQ(main.take().back(), "disconnect ping timeout");
  join().text("4nonsense");
  EXPECT_EQ(main.take().back(), "disconnect parse error");
  join();
  main.last->session().close();
  EXPECT_EQ(main.take().back(), "disconnect forced close");
}

TEST_F(ConnectTest, ASocketMayDisconnectFromInsideAnyCallback) {
  main.on_message = [](Socket& s, const Event&) { s.disconnect(Socket::Scope::kConnection); };
  main.on_leaving = [](Socket& s) {
    s.disconnect(Socket::Scope::kConnection);
    s.session().close();
    s.join("never");
  };
  auto& socket = join();
  socket.text("40/custom,");
  socket.text(R"(42["x"])");
  host.turn();
  EXPECT_EQ(main.take(), (Log{"event x ", "disconnecting in 1 rooms",
                              "disconnect server namespace disconnect"}));
  EXPECT_EQ(custom.take().back().substr(0, 10), "disconnect");
  EXPECT_EQ(server->connection_count(), 0U);
}

TEST_F(ConnectTest, ASecretIdIsNotTheEngineId) {
  auto& socket = join();
  EXPECT_NE(main.last->session().sid().text().substr(0, 20), main.last->id());
  EXPECT_FALSE(socket.close_code);
}

TEST_F(ConnectTest, AServerMayBeDestroyedWhileClientsAreConnected) {
  auto& socket = join();
  main.last->join("room");
  main.last->emit_with_ack("q", "", base::Duration(100), [](const AckAnswer&) {});
  open().text("40/slow,");
  server.reset();
  socket.text("4late");
  start();
}

}  // namespace
}  // namespace socketio

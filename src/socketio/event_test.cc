// Socket.IO v5: events, acknowledgements, attachments; and what closes the connection.
#include "socketio/socketio_fixture.h"

namespace socketio {
namespace {

using EventTest = SocketIoTest;

TEST_F(EventTest, AnEventReachesItsHandlerWithItsArguments) {
  join().text(R"(42["message",1,"2",{"3":[true]}])");
  EXPECT_EQ(main.take(), Log{R"(event message 1,"2",{"3":[true]})"});
}

TEST_F(EventTest, AnEventNameMayBeANumber) {
  join().text("42[7,true]");
  EXPECT_EQ(main.take(), Log{"event 7 true"});
}

TEST_F(EventTest, AnEventOfANamespaceReachesThatNamespace) {
  auto& socket = open();
  socket.text("40/custom,");
  socket.text(R"(42/custom,["a"])");
  EXPECT_EQ(custom.take().back(), "event a ");
}

TEST_F(EventTest, AnAckIdIsPassedOnAndAnswered) {
  main.on_message = [](Socket& s, const Event& event) { s.ack(*event.ack_id, event.args); };
  auto& socket = join();
  socket.text(R"(42456["message-with-ack",1,"2",{"3":[false]}])");
  socket.text(R"(420["message-with-ack"])");
  EXPECT_EQ(socket.take(), (Log{R"(43456[1,"2",{"3":[false]}])", "430[]"}));
}

TEST_F(EventTest, AttachmentsFollowTheirPacketBothWays) {
  main.on_message = [](Socket& s, const Event& event) {
    if (event.ack_id) {
      s.ack(*event.ack_id, event.args, event.attachments);
    } else {
      s.emit("message-back", event.args, event.attachments);
    }
  };
  auto& socket = join();
  const std::string args = R"({"_placeholder":true,"num":0},{"_placeholder":true,"num":1}])";
  socket.text(R"(452-["message",)" + args);
  EXPECT_TRUE(main.take().empty());
  socket.binary("\x01\x02");
  socket.binary("");
  EXPECT_EQ(socket.take(), (Log{R"(452-["message-back",)" + args, "<bin>\x01\x02", "<bin>"}));
  socket.text(R"(452-789["message",)" + args);
  socket.binary("a");
  socket.binary("b");
  EXPECT_EQ(socket.take(), (Log{"462-789[" + args, "<bin>a", "<bin>b"}));
}

TEST_F(EventTest, ABinaryEventOfNoAttachmentsIsCompleteAtOnce) {
  join().text(R"(450-["a"])");
  EXPECT_EQ(main.take(), Log{"event a "});
}

TEST_F(EventTest, AttachmentsComeOverPollingAsBase64) {
  const std::string sid = open_polling();
  host.post(sid, "40");
  host.get(sid);
  main.take();
  host.post(sid,
            "451-[\"a\",{\"_placeholder\":true,\"num\":0}]\x1e"
            "bAQIDBA==");
  EXPECT_EQ(main.take(), Log{"event a {\"_placeholder\":true,\"num\":0} <\x01\x02\x03\x04>"});
}

TEST_F(EventTest, APlaceholderInAPlainEventIsPlainData) {
  join().text(R"(42["a",{"_placeholder":true,"num":5}])");
  EXPECT_EQ(main.take(), Log{R"(event a {"_placeholder":true,"num":5})"});
}

TEST_F(EventTest, HalfAnEmojiDoesNotKillTheConnection) {
  auto& socket = join();
  socket.text("42[\"say\",\"\\ud83d\"]");
  EXPECT_FALSE(socket.close_code);
  EXPECT_EQ(main.take(), Log{"event say \"\xef\xbf\xbd\""});
}

TEST_F(EventTest, TheseCloseTheWholeConnection) {
  const std::string nested = std::string(200'000, '[') + std::string(200'000, ']');
  for (const std::string& packet : {std::string("4"),
                                    std::string("4abc"),
                                    std::string("47"),
                                    std::string("42"),
                                    std::string("42{}"),
                                    std::string("42[]"),
                                    std::string("42[{}]"),
                                    std::string("42[\"a\""),
                                    std::string("42[\"a\"]x"),
                                    std::string("42abc[\"a\"]"),
                                    std::string("42[\"connect\"]"),
                                    std::string("42[\"disconnecting\"]"),
                                    std::string("42\"a\""),
                                    std::string("43"),
                                    std::string("431"),
                                    std::string("431{}"),
                                    std::string("43[]"),
                                    std::string("431\"a\""),
                                    std::string("42/nowhere,[\"a\"]"),
                                    std::string("41/nowhere,"),
                                    std::string("43/nowhere,1[]"),
                                    std::string("45[\"a\"]"),
                                    std::string("4511-[\"a\"]"),
                                    std::string("45-1-[\"a\"]"),
                                    std::string("451.5-[\"a\"]"),
                                    std::string("451-[\"a\""),
                                    std::string("451-{}x"),
                                    std::string("451-/nowhere,[\"a\"]"),
                                    std::string(R"(451-["a",{"_placeholder":true,"num":1}])"),
                                    std::string(R"(451-["a",{"_placeholder":true,"num":"0"}])"),
                                    std::string(R"(451-["a",{"_placeholder":true,"num":0.5}])"),
                                    "42[\"a\"," + nested + "]"}) {
    auto& socket = join();
    socket.text("40/custom,");
    socket.text(packet);
    EXPECT_TRUE(socket.close_code) << packet.substr(0, 60);
    EXPECT_EQ(main.take().back().substr(0, 10), "disconnect");
    EXPECT_EQ(custom.take().back().substr(0, 10), "disconnect");
  }
}

TEST_F(EventTest, TextWhileAttachmentsAreDueClosesTheConnection) {
  auto& socket = join();
  socket.text(R"(451-["a",{"_placeholder":true,"num":0}])");
  socket.text(R"(42["b"])");
  EXPECT_TRUE(socket.close_code);
}

TEST_F(EventTest, BinaryWhileNoneIsDueClosesTheConnection) {
  auto& socket = join();
  socket.binary("x");
  EXPECT_TRUE(socket.close_code);
}

TEST_F(EventTest, AttachmentsOfOnePacketAreBoundedTogether) {
  options.max_attachment_bytes = 10;
  start();
  auto& socket = join();
  socket.text(R"(452-["a",{"_placeholder":true,"num":0}])");
  socket.binary("12345678");
  EXPECT_FALSE(socket.close_code);
  socket.binary("123");
  EXPECT_TRUE(socket.close_code);
}

TEST_F(EventTest, AnAckOfTheClientIsGivenToWhoAskedOnce) {
  auto& socket = join();
  Log answers;
  const auto ask = [&](std::string_view question) {
    main.last->emit_with_ack(question, "1", base::Duration(200), [&](const AckAnswer& answer) {
      std::string text = std::to_string(static_cast<int>(answer.outcome));
      if (answer.args != nullptr) append_json(text, *answer.args);
      for (const std::string& attachment : answer.attachments) text += "<" + attachment + ">";
      answers.push_back(text);
    });
  };
  ask("one");
  ask("two");
  ask("three");
  EXPECT_EQ(socket.take(), (Log{R"(420["one",1])", R"(421["two",1])", R"(422["three",1])"}));
  socket.text(R"(431["b"])");
  socket.text(R"(431["twice"])");
  socket.text(R"(4399["unknown"])");
  socket.text(R"(461-0[{"_placeholder":true,"num":0}])");
  socket.binary("x");
  EXPECT_EQ(answers, (Log{R"(0["b"])", R"(0[{"_placeholder":true,"num":0}]<x>)"}));
  host.pass(base::Duration(199));
  EXPECT_EQ(answers.size(), 2U);
  host.pass(base::Duration(1));
  EXPECT_EQ(answers.back(), "1");
  socket.text(R"(432["late"])");
  EXPECT_EQ(answers.size(), 3U);
  ask("four");
  socket.end(1006);
  EXPECT_EQ(answers.back(), "2");
}

TEST_F(EventTest, VolatileEventsAreDroppedWhenNothingWaitsForThem) {
  const std::string sid = open_polling();
  host.post(sid, "40");
  host.get(sid);
  main.last->emit("lost", "", {}, Volatile::kYes);
  auto& get = host.get(sid);
  EXPECT_TRUE(get.waits());
  main.last->emit("kept", "", {}, Volatile::kYes);
  host.turn();
  EXPECT_EQ(get.body(), R"(42["kept"])");
}

TEST_F(EventTest, AnyPacketIsHeard) {
  auto& socket = join();
  main.heard = 0;
  socket.text(R"(42["a"])");
  socket.text("3");
  EXPECT_EQ(main.heard, 2);
}

TEST_F(EventTest, APacketThatEndsTheSocketIsNotHeard) {
  main.heard = 0;
  for (const char* last : {"41", "1", "2", "4", "9", "42[]", R"(42/other,["a"])", "40"}) {
    auto& socket = join();
    main.heard = 0;
    socket.text(last);
    EXPECT_EQ(main.heard, 0) << last;
  }
}

TEST_F(EventTest, WhatWasEncodedByTheCallerGoesOutAsItIs) {
  auto& socket = join();
  main.last->send_packet(R"(2["raw",1])");
  main.last->send(engineio::PreparedMessage::text(R"(2["shared"])"));
  main.last->emit("x", "1,2");
  EXPECT_EQ(socket.take(), (Log{R"(42["raw",1])", R"(42["shared"])", R"(42["x",1,2])"}));
  EXPECT_EQ(socket.frames_shared, 1U);
}

TEST_F(EventTest, ADisconnectedSocketSendsNothing) {
  auto& socket = join();
  Socket* gone = main.last;
  gone->disconnect(Socket::Scope::kNamespace);
  socket.take();
  gone->emit("x", "");
  gone->ack(1, "");
  gone->send(engineio::PreparedMessage::text("2[\"x\"]"));
  int outcome = -1;
  gone->emit_with_ack("x", "", base::Duration(1),
                      [&](const AckAnswer& answer) { outcome = static_cast<int>(answer.outcome); });
  EXPECT_EQ(outcome, static_cast<int>(AckAnswer::Outcome::kDisconnected));
  EXPECT_TRUE(socket.take().empty());
}

}  // namespace
}  // namespace socketio

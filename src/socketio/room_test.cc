// Rooms and broadcasts.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "socketio/connection.h"
#include "socketio/payload.h"
#include "socketio/socketio_fixture.h"

namespace socketio {
namespace {

class RoomTest : public SocketIoTest {
 protected:
  void SetUp() override {
    SocketIoTest::SetUp();
    for (int i = 0; i < 3; ++i) {
      peers.push_back(&join());
      sockets.push_back(main.last);
    }
  }
  void send(std::vector<std::string_view> rooms, std::vector<std::string_view> except = {}) {
    main_nsp->broadcast(Broadcast("/", "e", "1"), Audience{rooms, except});
  }
  // Which of the three got the event.
  std::string got() {
    std::string text;
    for (auto* peer : peers) text += std::to_string(peer->take().size());
    return text;
  }

  std::vector<engineio::FakeWebSocket*> peers;
  std::vector<Socket*> sockets;
};

TEST_F(RoomTest, WithoutRoomsABroadcastGoesToAll) {
  send({});
  EXPECT_EQ(got(), "111");
  send({}, {sockets[1]->id()});
  EXPECT_EQ(got(), "101");
}

TEST_F(RoomTest, TheOwnIdIsARoom) {
  send({sockets[2]->id()});
  EXPECT_EQ(got(), "001");
  EXPECT_TRUE(sockets[2]->in(sockets[2]->id()));
  EXPECT_EQ(sockets[2]->rooms().size(), 1U);
}

TEST_F(RoomTest, AMemberOfSeveralRoomsGetsItOnce) {
  sockets[0]->join("a");
  sockets[0]->join("b");
  sockets[0]->join("b");
  sockets[1]->join("b");
  send({"a", "b", sockets[0]->id()});
  EXPECT_EQ(got(), "110");
  send({"a", "b"}, {"a"});
  EXPECT_EQ(got(), "010");
  send({"nobody"});
  EXPECT_EQ(got(), "000");
}

TEST_F(RoomTest, OthersMayJoinTheRoomOfAnId) {
  sockets[0]->join(sockets[1]->id());
  send({sockets[1]->id()});
  EXPECT_EQ(got(), "110");
}

TEST_F(RoomTest, LeavingEndsItAndSoDoesDisconnecting) {
  for (Socket* socket : sockets) socket->join("a");
  sockets[0]->leave("a");
  sockets[0]->leave("never joined");
  send({"a"});
  EXPECT_EQ(got(), "011");
  peers[1]->text("41");
  send({"a"});
  EXPECT_EQ(got(), "001");
}

TEST_F(RoomTest, AllReceiversShareOneEncodedFrame) {
  send({});
  for (auto* peer : peers) EXPECT_EQ(peer->frames_shared, 1U);
}

TEST_F(RoomTest, ABroadcastKeepsHeaderAndAttachmentsTogether) {
  const std::array<std::string, 1> attachments{"bytes"};
  main_nsp->broadcast(Broadcast("/", "e", R"({"_placeholder":true,"num":0})", attachments),
                      Audience{});
  for (auto* peer : peers) {
    EXPECT_EQ(peer->take(), (Log{R"(451-["e",{"_placeholder":true,"num":0}])", "<bin>bytes"}));
  }
}

TEST_F(RoomTest, RoomsAreListedWhileTheyHaveMembers) {
  EXPECT_TRUE(main_nsp->rooms().empty());
  sockets[0]->join("a");
  sockets[1]->join("a");
  sockets[1]->join("b");
  std::vector<std::string_view> rooms = main_nsp->rooms();
  std::sort(rooms.begin(), rooms.end());
  EXPECT_EQ(rooms, (std::vector<std::string_view>{"a", "b"}));
  sockets[1]->disconnect(Socket::Scope::kNamespace);
  EXPECT_EQ(main_nsp->rooms(), std::vector<std::string_view>{"a"});
}

TEST_F(RoomTest, ADroppableEventLeavesOutWhoCannotTakeIt) {
  const Broadcast event("/", "e", "1");
  peers[1]->stalled = true;
  main_nsp->send(Broadcast("/", "large", '"' + std::string(20'000, 'x') + '"'), Audience{},
                 Volatile::kNo);
  host.turn();
  const auto got_it = main_nsp->send(event, Audience{}, Volatile::kYes);
  EXPECT_EQ(std::set<Socket*>(got_it.begin(), got_it.end()),
            (std::set<Socket*>{sockets[0], sockets[2]}));
  EXPECT_EQ(main_nsp->send(event, Audience{}, Volatile::kNo).size(), 3U);
  EXPECT_EQ(got(), "323");
}

TEST_F(RoomTest, ManyAreAskedWithOnePacket) {
  std::vector<std::string> answers;
  const std::array<std::string, 1> attachments{"bytes"};
  const auto asked =
      main_nsp->send_with_ack("ask", R"({"_placeholder":true,"num":0})", attachments, Audience{},
                              Volatile::kNo, base::Duration(500), [&](const AckAnswer& answer) {
                                std::string line = std::to_string(static_cast<int>(answer.outcome));
                                if (answer.args != nullptr)
                                  append_json_elements(line += ' ', *answer.args);
                                answers.push_back(line);
                              });
  EXPECT_EQ(asked.size(), 3U);
  for (auto* peer : peers) {
    EXPECT_EQ(peer->take(), (Log{R"(451-0["ask",{"_placeholder":true,"num":0}])", "<bin>bytes"}));
    EXPECT_EQ(peer->frames_shared, 2U);
  }
  peers[0]->text(R"(430["yes"])");
  peers[0]->text(R"(430["again"])");
  EXPECT_EQ(answers, (Log{R"(0 "yes")"}));
  peers[1]->text("41");
  EXPECT_EQ(answers, (Log{R"(0 "yes")", "2"}));
  host.pass(base::Duration(499));
  EXPECT_EQ(answers.size(), 2U);
  host.pass(base::Duration(1));
  EXPECT_EQ(answers, (Log{R"(0 "yes")", "2", "1"}));
  peers[2]->text(R"(430["late"])");
  EXPECT_EQ(answers.size(), 3U);
}

TEST_F(RoomTest, VisitorsMayDisconnectEachOther) {
  int visited = 0;
  main_nsp->for_each([&](Socket&) {
    ++visited;
    for (Socket* socket : std::vector<Socket*>(main.sockets)) {
      socket->disconnect(Socket::Scope::kNamespace);
    }
  });
  EXPECT_EQ(visited, 1);
  EXPECT_EQ(main_nsp->size(), 0U);
}

RC_GTEST_FIXTURE_PROP(RoomTest, RoomsBehaveLikeSets, (const std::vector<uint8_t>& steps)) {
  const std::array<std::string_view, 3> names{"a", "b", "c"};
  std::map<std::string_view, std::set<std::size_t>> model;
  for (const uint8_t step : steps) {
    const std::size_t who = step % 3;
    const std::string_view room = names[step / 3 % 3];
    if (step / 9 % 2 == 0) {
      sockets[who]->join(room);
      model[room].insert(who);
    } else {
      sockets[who]->leave(room);
      model[room].erase(who);
    }
    for (const std::string_view name : names) {
      for (std::size_t i = 0; i < 3; ++i)
        RC_ASSERT(sockets[i]->in(name) == model[name].contains(i));
      std::size_t members = 0;
      main_nsp->for_each(Audience{std::span(&name, 1), {}}, [&](Socket&) { ++members; });
      RC_ASSERT(members == model[name].size());
    }
  }
}

TEST(SocketSize, IsSmall) {
  EXPECT_LE(sizeof(Socket), 96U);  // its list of rooms included
  EXPECT_LE(sizeof(Connection), 56U);
}

}  // namespace
}  // namespace socketio

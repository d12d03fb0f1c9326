#include "relay/relay.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "relay/test_nodes.h"

namespace relay {
namespace {

using runtime::TestClient;
using testing::HasSubstr;
using testing::Not;

TEST(Relay, PassesRequestsAndAnswersOn) {
  Owner owner;
  Front front(owner);
  TestClient client(front.port());
  const auto hello = client.get("/hello");
  EXPECT_EQ(hello.status, 200);
  EXPECT_EQ(hello.body, "hello");
  // On the same connection, with a body; and what the owner refuses.
  EXPECT_EQ(client.post("/echo", "some body").body, "some body");
  EXPECT_EQ(client.post("/echo", "").body, "");
  EXPECT_EQ(client.get("/late").body, "late");
  EXPECT_EQ(client.get("/nothing").status, 404);
  EXPECT_EQ(client.get("/hello").body, "hello");
}

TEST(Relay, KeepsOneConnectionForRequestsInARow) {
  Owner owner;
  Front front(owner);
  TestClient client(front.port());
  for (int i = 0; i < 20; ++i) EXPECT_EQ(client.get("/hello").status, 200);
  EXPECT_EQ(front.streams(), 1U);
  EXPECT_EQ(owner.threads().connection_count(), 1U);
}

TEST(Relay, KeepsNoMoreIdleConnectionsThanItMay) {
  Owner owner;
  Front front(owner, {.max_idle = 2});
  std::vector<std::unique_ptr<TestClient>> clients;
  for (int i = 0; i < 5; ++i) {
    clients.push_back(std::make_unique<TestClient>(front.port()));
    clients.back()->send("GET /never HTTP/1.1\r\nHost: test\r\n\r\n");
  }
  while (owner.events().count("waiting") < 5) std::this_thread::yield();
  EXPECT_EQ(front.streams(), 5U);
  std::vector<std::unique_ptr<TestClient>> others;
  for (int i = 0; i < 5; ++i) others.push_back(std::make_unique<TestClient>(front.port()));
  // All under way at once, so that none can use the connection of another.
  for (const auto& other : others)
    other->send("POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 50000\r\n\r\n");
  for (const auto& other : others) other->send(std::string(50'000, 'x'));
  for (const auto& other : others) EXPECT_EQ(other->response().body.size(), 50'000U);
  for (const auto& client : clients) client->close();
  EXPECT_TRUE(front.comes_to_rest(2) || front.streams() < 2) << front.streams();
}

TEST(Relay, NamesTheAddressThatTheClientCameFrom) {
  Owner owner;
  Front front(owner);
  TestClient client(front.port(), 0, 77);
  EXPECT_EQ(client.get("/peer").body, "127.0.0.77");
  // Who knows another secret is an ordinary client, and so is one that makes the mark up.
  front.knows(peer_at(owner.port(), "another secret"));
  EXPECT_EQ(client.get("/peer").body, "127.0.0.1");
  TestClient forger(owner.port(), 0, 78);
  forger.send(
      "GET /peer HTTP/1.1\r\nHost: test\r\nX-Presenced-Relay: t=1,for=10.0.0.1,v1=00\r\n\r\n");
  EXPECT_EQ(forger.response().body, "127.0.0.78");
}

TEST(Relay, CountsForNobodyOnTheOwningNode) {
  Owner owner({.threads = 1, .connections_per_address = 2});
  Front front(owner);
  std::vector<std::unique_ptr<TestClient>> clients;
  for (int i = 0; i < 6; ++i) {
    clients.push_back(std::make_unique<TestClient>(front.port()));
    clients.back()->send("GET /never HTTP/1.1\r\nHost: test\r\n\r\n");
  }
  while (owner.events().count("waiting") < 6) std::this_thread::yield();
  // Six connections of this address are open, and an own one still finds its place.
  EXPECT_EQ(TestClient(owner.port()).get("/hello").status, 200);
}

TEST(Relay, PassesALargeAnswerOnInPieces) {
  Owner owner;
  Front front(owner);
  TestClient client(front.port());
  client.send("GET /big HTTP/1.1\r\nHost: test\r\n\r\n");
  const std::string head = client.take_through("\r\n\r\n");
  EXPECT_THAT(head, HasSubstr("Transfer-Encoding: chunked"));
  std::size_t size = 0;
  while (true) {
    const std::string line = client.take_through("\r\n");
    const std::size_t chunk = std::stoul(line, nullptr, 16);
    ASSERT_EQ(client.take(chunk).size(), chunk);
    client.take(2);
    if (chunk == 0) break;
    size += chunk;
  }
  EXPECT_EQ(size, std::size_t{4} << 20);
  EXPECT_EQ(client.get("/hello").body, "hello");
}

TEST(Relay, LeavesTheRefusalOfATooLargeBodyToTheOwner) {
  Owner owner;
  Front front(owner, {.max_body = 50'000});
  TestClient client(front.port());
  EXPECT_EQ(client.post("/echo", std::string(50'000, 'x')).body.size(), 50'000U);
  client.send("POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 50001\r\n\r\n");
  EXPECT_EQ(client.response().status, 413);
}

TEST(Relay, TellsTheOwnerThatAClientHasGoneAway) {
  Owner owner;
  Front front(owner);
  {
    TestClient client(front.port());
    client.send("GET /never HTTP/1.1\r\nHost: test\r\n\r\n");
    ASSERT_TRUE(owner.events().wait_for("waiting"));
  }
  EXPECT_TRUE(owner.events().wait_for("aborted"));
  EXPECT_TRUE(front.comes_to_rest(0));
}

TEST(Relay, KnowsOnlyThePeersItWasTold) {
  Owner owner;
  Front front;
  TestClient client(front.port());
  EXPECT_EQ(client.get("/hello").status, kNotTaken);
  front.knows(peer_at(owner.port()));
  EXPECT_EQ(client.get("/hello").status, 200);
  front.set_peers({});
  EXPECT_EQ(client.get("/hello").status, kNotTaken);
  EXPECT_TRUE(front.comes_to_rest(0));
}

TEST(Relay, RelaysNothingASecondTime) {
  Owner owner;
  Front front(owner);
  TestClient client(front.port());
  client.send("GET /hello HTTP/1.1\r\nHost: test\r\nx-presenced-relay: anything\r\n\r\n");
  EXPECT_EQ(client.response().status, kNotTaken);
}

TEST(Relay, FindsAtOnceThatNobodyListens) {
  uint16_t port = 0;
  {
    port = ScriptedPeer([](int, int) {}, 0).port();
  }
  Front front;
  front.knows(peer_at(port));
  EXPECT_EQ(TestClient(front.port()).get("/hello").status, kGone);
  EXPECT_TRUE(front.comes_to_rest(0));
}

TEST(Relay, EndsWhatIsUnderWayWhenTheOwnerDies) {
  Owner owner;
  Front front(owner);
  TestClient waiting(front.port());
  waiting.send("GET /never HTTP/1.1\r\nHost: test\r\n\r\n");
  TestClient tunnel(front.port());
  ASSERT_EQ(tunnel.upgrade("/ws").status, 101);
  ASSERT_TRUE(owner.events().wait_for("waiting"));
  owner.threads().stop();
  EXPECT_EQ(waiting.response().status, kGone);
  tunnel.take_rest();  // ends
  EXPECT_TRUE(front.comes_to_rest(0));
}

TEST(Relay, EndsWhatIsUnderWayToANodeThatIsSaidToBeGone) {
  Owner owner;
  Front front(owner);
  TestClient waiting(front.port());
  waiting.send("GET /never HTTP/1.1\r\nHost: test\r\n\r\n");
  TestClient tunnel(front.port());
  ASSERT_EQ(tunnel.upgrade("/ws").status, 101);
  ASSERT_TRUE(owner.events().wait_for("waiting"));
  front.set_peers({{kOwnerNumber + 1, peer_at(owner.port())}});  // the same node, another number
  tunnel.send(TestClient::text("still there"));
  EXPECT_EQ(tunnel.take_frame().payload, "still there");
  front.set_peers({});
  EXPECT_EQ(waiting.response().status, kGone);
  EXPECT_TRUE(tunnel.closed_by_server());
  EXPECT_TRUE(front.comes_to_rest(0));
}

TEST(Relay, GivesUpOnAPeerThatDoesNotAnswer) {
  ScriptedPeer peer([](int fd, int) { ScriptedPeer::await_end(fd); });
  Front front(Options{.answer_within = base::Duration(200)});
  front.knows(peer_at(peer.port()));
  EXPECT_EQ(TestClient(front.port()).get("/hello").status, kSilent);
  EXPECT_TRUE(front.comes_to_rest(0));
}

TEST(Relay, RefusesWhatIsBeyondItsLimit) {
  Owner owner;
  Front front(owner, {.max_streams = 1});
  TestClient first(front.port());
  first.send("GET /never HTTP/1.1\r\nHost: test\r\n\r\n");
  ASSERT_TRUE(owner.events().wait_for("waiting"));
  EXPECT_EQ(TestClient(front.port()).get("/hello").status, kBusy);
}

TEST(Relay, BelievesNoAnswerThatIsNone) {
  const char* answers[] = {
      "SSH-2.0-OpenSSH\r\n\r\n",
      "HTTP/1.1 200 OK\r\n\r\n",  // a body without end
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 1x\r\n\r\n",
      "HTTP/1.1 101 Switching Protocols\r\n\r\n",  // nobody asked for it
      "HTTP/1.1 99 x\r\nContent-Length: 0\r\n\r\n",
  };
  for (const char* answer : answers) {
    ScriptedPeer peer([answer](int fd, int) {
      ScriptedPeer::read_head(fd);
      ScriptedPeer::write(fd, answer);
      ScriptedPeer::await_end(fd);
    });
    Front front;
    front.knows(peer_at(peer.port()));
    EXPECT_EQ(TestClient(front.port()).get("/hello").status, kUnreachable) << answer;
  }
  ScriptedPeer peer([](int fd, int) {
    ScriptedPeer::read_head(fd);
    ScriptedPeer::write(fd, "HTTP/1.1 200 OK\r\nX: " + std::string(20'000, 'x'));
    ScriptedPeer::await_end(fd);
  });
  Front front;
  front.knows(peer_at(peer.port()));
  EXPECT_EQ(TestClient(front.port()).get("/hello").status, kUnreachable);
}

TEST(Relay, TakesAHeadThatComesInPiecesAndBehindAnother) {
  ScriptedPeer peer([](int fd, int) {
    ScriptedPeer::read_head(fd);
    ScriptedPeer::write(fd, "HTTP/1.1 103 Early Hints\r\nA: b\r\n\r\nHTTP/1.1 20");
    ScriptedPeer::write(fd,
                        "0 OK\r\nContent-Length: 4\r\nX-Kept: yes\r\nConnection: close\r\n\r\nbo");
    ScriptedPeer::write(fd, "dy");
    ScriptedPeer::await_end(fd);
  });
  Front front;
  front.knows(peer_at(peer.port()));
  TestClient client(front.port());
  const auto response = client.get("/hello");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "body");
  EXPECT_THAT(response.head, HasSubstr("X-Kept: yes"));
  EXPECT_THAT(response.head, Not(HasSubstr("close")));
  EXPECT_TRUE(front.comes_to_rest(0));
}

TEST(Relay, AsksAgainWhereAKeptConnectionHadEnded) {
  ScriptedPeer peer(
      [](int fd, int number) {
        const std::string answer =
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n" + std::to_string(number);
        ScriptedPeer::read_head(fd);
        if (number == 2) return;
        ScriptedPeer::write(fd, answer);
        ScriptedPeer::read_head(fd);  // and closes
      },
      3);
  Front front;
  front.knows(peer_at(peer.port()));
  TestClient client(front.port());
  EXPECT_EQ(client.get("/hello").body, "0");
  EXPECT_EQ(client.get("/hello").body, "1");
  // Only once: what a new connection did with it is not known.
  EXPECT_EQ(client.get("/hello").status, kGone);
}

TEST(Relay, CutsAnAnswerThatWasCutItself) {
  ScriptedPeer peer([](int fd, int) {
    ScriptedPeer::read_head(fd);
    ScriptedPeer::write(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nbegin");
  });
  Front front;
  front.knows(peer_at(peer.port()));
  TestClient client(front.port());
  client.send("GET /hello HTTP/1.1\r\nHost: test\r\n\r\n");
  const std::string all = client.take_rest();
  EXPECT_THAT(all, HasSubstr("begin"));
  EXPECT_THAT(all, Not(HasSubstr("\r\n0\r\n")));
  EXPECT_TRUE(front.comes_to_rest(0));
}

TEST(Relay, TunnelsAWebSocket) {
  Owner owner;
  Front front(owner);
  TestClient client(front.port());
  // The first frame comes with the handshake.
  client.send(TestClient::upgrade_request("/ws") + TestClient::text("early"));
  const std::string head = client.take_through("\r\n\r\n");
  EXPECT_THAT(head, HasSubstr("101 Switching Protocols"));
  EXPECT_THAT(head, HasSubstr("Sec-WebSocket-Accept: "));
  EXPECT_EQ(client.take_frame().payload, "early");
  const std::string large(900'000, 'x');
  client.send(TestClient::text(large));
  EXPECT_EQ(client.take_frame().payload, large);
  client.send(TestClient::frame(0x88, std::string("\x03\xe8", 2)));
  EXPECT_EQ(client.take_frame().first, 0x88);
  EXPECT_TRUE(client.closed_by_server());
  EXPECT_TRUE(owner.events().wait_for("closed 1000"));
  EXPECT_TRUE(front.comes_to_rest(0));
}

TEST(Relay, EndsATunnelWithEitherSide) {
  Owner owner;
  Front front(owner);
  {
    TestClient client(front.port());
    ASSERT_EQ(client.upgrade("/ws").status, 101);
    client.reset();
  }
  EXPECT_TRUE(owner.events().wait_for("closed 1006"));
  TestClient client(front.port());
  ASSERT_EQ(client.upgrade("/ws").status, 101);
  client.send(TestClient::text("echo and terminate"));
  EXPECT_EQ(client.take_frame().payload, "echo and terminate");
  EXPECT_TRUE(client.closed_by_server());
  EXPECT_TRUE(front.comes_to_rest(0));
}

TEST(Relay, DeliversTheLastWordsOfAClient) {
  Owner owner;
  Front front(owner);
  for (int i = 0; i < 20; ++i) {
    TestClient client(front.port());
    ASSERT_EQ(client.upgrade("/ws").status, 101);
    client.send(TestClient::frame(0x88, std::string("\x0f\xa0", 2)));  // 4000
  }
  while (owner.events().count("closed 4000") < 20) std::this_thread::yield();
}

TEST(Relay, PassesARefusedUpgradeOn) {
  Owner owner;
  Front front(owner);
  TestClient client(front.port());
  client.send(
      "GET /ws HTTP/1.1\r\nHost: test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
      "Sec-WebSocket-Version: 12\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
  EXPECT_EQ(client.response().status, 400);
  EXPECT_TRUE(client.closed_by_server());
}

// Otherwise the owner would not notice a client that reads too slowly, and this node would hold
// what it was sent.
TEST(Relay, DoesNotReadForAClientThatDoesNot) {
  Owner owner({.threads = 1}, {.max_backlog = 256 * 1024});
  Front front(owner);
  TestClient client(front.port(), 4096);
  ASSERT_EQ(client.upgrade("/ws").status, 101);
  // One after the other, so that the owner's output waits only if nobody takes it.
  const auto taken = [&](int count) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(2);
    while (owner.events().count("drained") < count) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      std::this_thread::yield();
    }
    return true;
  };
  constexpr int kFar = 400;  // 25 MiB
  int sent = 0;
  do {
    client.send(TestClient::text("large 65536") + TestClient::text("want drained"));
  } while (taken(++sent) && sent < kFar);
  ASSERT_LT(sent, kFar) << "somebody between them holds it all";
  for (int i = 0; i < 8; ++i) client.send(TestClient::text("large 65536"));
  EXPECT_TRUE(owner.events().wait_for("closed 1008"));
}

TEST(Relay, GoesOnReadingForAClientThatWasSlow) {
  Owner owner;
  Front front(owner);
  TestClient client(front.port(), 4096);
  ASSERT_EQ(client.upgrade("/ws").status, 101);
  constexpr int kFrames = 48;  // 3 MiB: more than the kernel and both limits hold
  for (int i = 0; i < kFrames; ++i) client.send(TestClient::text("large 65536"));
  for (int i = 0; i < kFrames; ++i) ASSERT_EQ(client.take_frame().payload.size(), 65536U) << i;
}

}  // namespace
}  // namespace relay

#include "runtime/core_threads.h"

#include <gtest/gtest.h>

#include <set>
#include <thread>
#include <vector>

#include "runtime/test_client.h"
#include "runtime/test_server.h"

namespace runtime {
namespace {

TEST(ListenAddress, IsParsed) {
  const auto parsed = [](std::string_view text) {
    const auto address = parse_listen_address(text);
    return address ? address->to_string() : "refused";
  };
  EXPECT_EQ(parsed("127.0.0.1:8080"), "127.0.0.1:8080");
  EXPECT_EQ(parsed("[::1]:0"), "[::1]:0");
  EXPECT_EQ(parsed(":80"), ":80");
  EXPECT_EQ(parsed("localhost:1"), "localhost:1");
  for (const char* text :
       {"", "8080", "::1:80", "host:", "host:x", "host:70000", "host:-1", "[]:1", "host:1 "})
    EXPECT_EQ(parsed(text), "refused") << text;
}

TEST(CoreThreads, NamesAnAddressThatIsInUse) {
  TestServer first;
  CoreThreads second({.threads = 2});
  const std::string address = "127.0.0.1:" + std::to_string(first.port());
  const auto result =
      second.listen({.address = *parse_listen_address(address)},
                    [](unsigned, EventLoop&) -> std::unique_ptr<net::HttpHandler> { return {}; });
  ASSERT_FALSE(result);
  EXPECT_NE(result.error().message.find(address), std::string::npos) << result.error().message;
}

TEST(CoreThreads, NamesTlsFilesThatCannotBeRead) {
  CoreThreads threads({.threads = 1});
  const auto result =
      threads.listen({.address = {"127.0.0.1", 0}, .tls = TlsFiles{"/missing.pem", "/missing.key"}},
                     [](unsigned, EventLoop&) -> std::unique_ptr<net::HttpHandler> { return {}; });
  ASSERT_FALSE(result);
  EXPECT_NE(result.error().message.find("/missing.pem"), std::string::npos);
}

TEST(CoreThreads, ListensOnSeveralAddresses) {
  Events events;
  CoreThreads threads({.threads = 2});
  const auto factory = [&](unsigned thread, EventLoop& loop) {
    return std::make_unique<TestHandler>(thread, loop, events);
  };
  const auto public_address = threads.listen({.address = {"127.0.0.1", 0}}, factory);
  const auto admin =
      threads.listen({.address = {"127.0.0.1", 0}, .first_thread_only = true}, factory);
  ASSERT_TRUE(public_address && admin);
  EXPECT_NE(public_address->port, admin->port);
  threads.start();
  for (int i = 0; i < 10; ++i) {
    TestClient client(admin->port);
    EXPECT_EQ(client.get("/thread").body, "0");
  }
  threads.stop();
  EXPECT_EQ(events.count("handler destroyed"), 4);
}

TEST(CoreThreads, ShareAPort) {
  TestServer server({.threads = 2});
  std::set<std::string> threads;
  for (int i = 0; i < 1000 && threads.size() < 2; ++i) {
    TestClient client(server.port());
    threads.insert(client.get("/thread").body);
  }
  EXPECT_EQ(threads, (std::set<std::string>{"0", "1"}));
}

TEST(CoreThreads, AcceptNoMoreThanTheLimitAndGoOnLater) {
  CoreOptions options;
  options.threads = 2;
  options.max_connections = 2;
  TestServer server(options);
  EXPECT_EQ(server.threads().connection_limit(), 2U);
  auto first = std::make_unique<TestClient>(server.port());
  EXPECT_EQ(first->get("/hello").body, "hello");
  TestClient second(server.port());
  EXPECT_EQ(second.get("/hello").body, "hello");
  TestClient third(server.port());  // in the kernel's queue
  third.send("GET /hello HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(second.get("/late").body, "late");
  EXPECT_EQ(server.threads().connection_count(), 2U);
  first.reset();
  EXPECT_EQ(third.response().body, "hello");
}

// -- Moving a connection

TEST(CoreThreads, MoveConnections) {
  TestServer server({.threads = 2});
  for (int i = 0; i < 10; ++i) {
    TestClient client(server.port());
    for (const char* thread : {"1", "0", "0", "1"}) {
      EXPECT_EQ(client.get(std::string("/move/") + thread).body, thread);
      EXPECT_EQ(client.get("/thread").body, thread);
    }
  }
  EXPECT_TRUE(server.has_connections(0));
}

TEST(CoreThreads, MoveWhatWasReadButNotUsed) {
  TestServer server({.threads = 2});
  for (const char* thread : {"0", "1"}) {
    TestClient client(server.port());
    client.send("GET /hello HTTP/1.1\r\nHost: h\r\n\r\nGET /move/" + std::string(thread) +
                " HTTP/1.1\r\nHost: h\r\n\r\nPOST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: "
                "4\r\n\r\nbodyGET /thread HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_EQ(client.response().body, "hello");
    EXPECT_EQ(client.response().body, thread);
    EXPECT_EQ(client.response().body, "body");
    EXPECT_EQ(client.response().body, thread);
  }
}

TEST(CoreThreads, EndAConnectionThatMovesNowhere) {
  TestServer server({.threads = 2});
  TestClient client(server.port());
  client.send("GET /move/99 HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_TRUE(client.closed_by_server());
  EXPECT_TRUE(server.has_connections(0));
}

TEST(CoreThreads, MoveManyConnectionsAtOnce) {
  TestServer server({.threads = 2});
  std::vector<std::thread> clients;
  for (unsigned c = 0; c < 4; ++c) {
    clients.emplace_back([&, c] {
      for (unsigned i = 0; i < 25; ++i) {
        TestClient client(server.port());
        const std::string thread = std::to_string((c + i) % 2);
        EXPECT_EQ(client.get("/move/" + thread).body, thread);
        if (i % 5 == 0) {
          client.send("GET /move/" + std::to_string((c + i + 1) % 2) +
                      " HTTP/1.1\r\nHost: h\r\n\r\n");
          client.reset();
          continue;
        }
        client.upgrade("/ws");
        client.send(TestClient::text("hello"));
        EXPECT_EQ(client.take_frame().payload, "hello");
      }
    });
  }
  for (std::thread& client : clients) client.join();
  EXPECT_TRUE(server.has_connections(0));
}

// -- Stopping

TEST(CoreThreads, StopAcceptingButFinishWhatIsUnderWay) {
  TestServer server({.threads = 2});
  TestClient idle(server.port());
  EXPECT_EQ(idle.get("/hello").body, "hello");
  TestClient websocket(server.port());
  websocket.upgrade("/ws");
  TestClient half_sent(server.port());
  half_sent.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\na");
  EXPECT_TRUE(server.has_connections(3));
  server.threads().stop_accepting();
  EXPECT_TRUE(idle.closed_by_server());
  websocket.send(TestClient::text("still here"));
  EXPECT_EQ(websocket.take_frame().payload, "still here");
  half_sent.send("bc");
  EXPECT_EQ(half_sent.response().body, "abc");
  EXPECT_TRUE(half_sent.closed_by_server());
}

TEST(CoreThreads, StopEndsEverything) {
  TestServer server({.threads = 2});
  TestClient websocket(server.port());
  websocket.upgrade("/ws");
  TestClient waiting(server.port());
  waiting.send("GET /never HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_TRUE(server.events().wait_for("waiting"));
  server.threads().stop();
  EXPECT_EQ(websocket.take_frame().payload, "\x03\xe9going away");
  EXPECT_TRUE(websocket.closed_by_server());
  EXPECT_TRUE(waiting.closed_by_server());
  EXPECT_EQ(server.events().count("closed 1001"), 1);
  EXPECT_EQ(server.events().count("aborted"), 1);
  EXPECT_EQ(server.events().count("handler destroyed"), 2);
  EXPECT_EQ(server.threads().connection_count(), 0U);
}

}  // namespace
}  // namespace runtime

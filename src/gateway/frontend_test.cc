#include "gateway/frontend.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "gateway/frontend_fixture.h"

namespace gateway {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

constexpr base::Duration kSecond{1'000};

// --- Connecting (contract, section 2)

TEST_F(FrontendTest, AConnectBecomesARequestWithEverythingThatIsKnown) {
  auto& socket = open("", {{"User-Agent", "Test/1"}});
  socket.text(R"(40{"token":")" + token("alice") +
              R"(","deviceId":"d1","snapshot":false,"cursor":"c",)"
              R"("deviceInfo":{"type":"mobile","os":"iOS","browser":"Safari"}})");
  const auto request = hub.take<presence::Connect>();
  EXPECT_EQ(request.user, "alice");
  EXPECT_EQ(request.device_key, "d1");
  EXPECT_TRUE(request.snapshot);
  EXPECT_EQ(request.cursor, "c");
  EXPECT_EQ(request.info->os, "iOS");
  EXPECT_EQ(request.address, "192.0.2.7");
  EXPECT_EQ(request.user_agent, "Test/1");

  host.turn();
  EXPECT_THAT(socket.take(), IsEmpty());  // until the hub has accepted it
  frontend->accept(request.device);
  host.turn();
  const std::string id(request.socket_id.view());
  EXPECT_THAT(socket.take(), ElementsAre(R"(40{"sid":")" + id + "\"}"));
  ASSERT_NE(nsp->find(id), nullptr);
  EXPECT_TRUE(nsp->find(id)->in("user:alice"));
}

TEST_F(FrontendTest, ARefusedConnectNamesTheCodeAndMayBeTriedAgain) {
  auto& socket = open();
  EXPECT_THAT(connect(socket, ""), ElementsAre(connect_error("unauthorized", "a token is needed")));
  EXPECT_THAT(connect(socket, R"({"token":""})"),
              ElementsAre(connect_error("unauthorized", "a token is needed")));
  EXPECT_THAT(connect(socket, R"({"token":"x.y.z"})").at(0), HasSubstr(R"("code":"unauthorized")"));
  EXPECT_THAT(connect(socket, R"({"token":7})"),
              ElementsAre(connect_error("invalid_argument", "token must be a string")));
  EXPECT_THAT(connect(socket, R"({"deviceInfo":{"type":"fridge"}})"),
              ElementsAre(connect_error("invalid_argument",
                                        "deviceInfo.type must be web, mobile or desktop")));
  EXPECT_THAT(
      connect(socket, with_token(std::string(8193, 'x'))),
      ElementsAre(connect_error("invalid_argument", "token must be at most 8192 bytes long")));
  EXPECT_THAT(connect(socket, with_token(token("a\x01"))).at(0),
              HasSubstr(R"({"message":"userId: )"));
  EXPECT_THAT(hub.requests, IsEmpty());

  const std::string brief = token("alice", kSecond);
  pass(7 * kSecond);
  EXPECT_THAT(connect(socket, with_token(brief)).at(0), HasSubstr(R"("code":"token_expired")"));

  socket.text("40" + with_token(token("alice")));
  frontend->refuse(hub.take<presence::Connect>().device,
                   {base::ErrorCode::kTooManyDevices, "too many"});
  host.turn();
  EXPECT_THAT(socket.take(), ElementsAre(connect_error("too_many_devices", "too many")));

  socket.text("40" + with_token(token("alice")));
  frontend->accept(hub.take<presence::Connect>().device);
  host.turn();
  EXPECT_THAT(socket.take(), ElementsAre(StartsWith(R"(40{"sid":)")));
}

TEST_F(FrontendTest, ATokenMayComeInTheQueryOrAsAHeader) {
  const auto user_of = [&](engineio::FakeWebSocket& socket, const std::string& auth) {
    socket.text("40" + auth);
    return hub.take<presence::Connect>().user;
  };
  EXPECT_EQ(user_of(open("&token=" + token("query")), ""), "query");
  EXPECT_EQ(user_of(open("", {{"Authorization", "bEaReR  " + token("header") + " "}}), ""),
            "header");
  EXPECT_EQ(
      user_of(open("&token=" + token("query"), {{"Authorization", "Bearer " + token("header")}}),
              with_token(token("auth"))),
      "auth");
  EXPECT_EQ(
      user_of(open("&token=" + token("query"), {{"Authorization", "Bearer " + token("header")}}),
              ""),
      "query");
}

TEST_F(FrontendTest, OtherAuthorizationsAndTooLongTokensAreRefused) {
  for (const std::string& header :
       {std::string("Basic YTpi"), std::string("Bearer"), std::string("Bearer "), token("alice")}) {
    EXPECT_THAT(connect(open("", {{"Authorization", header}}), ""),
                ElementsAre(connect_error("unauthorized", "a token is needed")))
        << header;
  }
  EXPECT_THAT(
      connect(open("&token=" + std::string(8193, 'x')), ""),
      ElementsAre(connect_error("invalid_argument", "token must be at most 8192 bytes long")));
}

TEST_F(FrontendTest, InModeInsecureTheUserIdIsBelieved) {
  start(auth::Authenticator::insecure());
  auto& socket = open();
  EXPECT_THAT(connect(socket, R"({"userId":""})").at(0), HasSubstr(R"("code":"unauthorized")"));
  EXPECT_THAT(connect(socket, R"({"userId":"a\u0000"})").at(0),
              HasSubstr(R"("code":"invalid_argument")"));
  socket.text(R"(40{"userId":"alice"})");
  EXPECT_EQ(hub.take<presence::Connect>().user, "alice");
}

TEST_F(FrontendTest, TheAddressIsThatOfTheClientBehindTrustedProxiesOnly) {
  const auto address = [&] {
    auto& socket = open("", {{"X-Forwarded-For", "203.0.113.9, 198.51.100.1"}});
    socket.text("40" + with_token(token("alice")));
    return hub.take<presence::Connect>().address;
  };
  EXPECT_EQ(address(), "192.0.2.7");
  options.trusted_proxies = {{*net::parse_ip_address("192.0.2.7"), 128},
                             {*net::parse_ip_address("198.51.100.1"), 128}};
  start(auth::Authenticator(*auth::TokenVerifier::create({.secret = kSecret})));
  EXPECT_EQ(address(), "203.0.113.9");
}

TEST_F(FrontendTest, AUserAgentIsCutAndOneThatIsNoTextIsNotKept) {
  const auto agent = [&](const std::string& header) {
    auto& socket = open("", {{"User-Agent", header}});
    socket.text("40" + with_token(token("alice")));
    return hub.take<presence::Connect>().user_agent;
  };
  EXPECT_EQ(agent(std::string(600, 'x')), std::string(512, 'x'));
  EXPECT_EQ(agent("\xff\xfe"), "");
}

TEST_F(FrontendTest, AClientThatGoesBeforeItIsAcceptedIsLost) {
  auto& socket = open();
  socket.text("40" + with_token(token("alice")));
  const auto ref = hub.take<presence::Connect>().device;
  socket.end(1006);
  host.turn();
  EXPECT_EQ(hub.take<presence::Lost>().device, ref);
  frontend->accept(ref);  // was on its way
  frontend->refuse(ref, {});
  frontend->close(ref, presence::CloseReason::requested);
  EXPECT_THAT(hub.requests, IsEmpty());
}

// --- Leaving

TEST_F(FrontendTest, ADisconnectPacketIsLeavingAndEverythingElseIsLosing) {
  Joined leaves = join("alice");
  leaves.socket.text("41");
  EXPECT_EQ(hub.take<presence::Left>().device, leaves.ref);

  Joined cut = join("alice");
  cut.socket.end(1006);
  EXPECT_EQ(hub.take<presence::Lost>().device, cut.ref);

  Joined closes = join("alice");
  closes.socket.text("1");
  host.turn();
  EXPECT_EQ(hub.take<presence::Lost>().device, closes.ref);

  Joined breaks = join("alice");
  breaks.socket.text("42{");
  host.turn();
  EXPECT_EQ(hub.take<presence::Lost>().device, breaks.ref);

  Joined silent = join("alice");
  host.skip(base::Duration(3'600'000));
  pass(base::Duration(100));
  pass(base::Duration(20'000));
  EXPECT_EQ(hub.take<presence::Lost>().device, silent.ref);
}

TEST_F(FrontendTest, WhoJoinsAgainOnTheSameConnectionFollowsTheDeviceThatLeft) {
  Joined client = join("alice");
  for (const bool closed_from_here : {false, true}) {
    if (closed_from_here) {
      frontend->close(client.ref, presence::CloseReason::requested);
    } else {
      client.socket.text("41");
      EXPECT_EQ(hub.take<presence::Left>().device, client.ref);
    }
    client.socket.text("40" + with_token(token("alice")));
    const auto again = hub.take<presence::Connect>();
    EXPECT_EQ(again.follows, client.ref);
    frontend->accept(again.device);
    client.ref = again.device;
  }
  Joined other = join("bob");
  other.socket.end(net::websocket_close::kAbnormal);
  EXPECT_EQ(hub.take<presence::Lost>().device, other.ref);
  open().text("40" + with_token(token("bob")));
  EXPECT_EQ(hub.take<presence::Connect>().follows, presence::kNoDevice);
}

TEST_F(FrontendTest, InModeInsecureWhoJoinsAgainSaysWhoItIs) {
  start(auth::Authenticator::insecure());
  auto& socket = open("&token=t");
  for (const std::string user : {"alice", "bob"}) {
    socket.text(R"(40{"userId":")" + user + "\"}");
    const auto joined = hub.take<presence::Connect>();
    EXPECT_EQ(joined.user, user);
    frontend->accept(joined.device);
    socket.text("41");
    hub.requests.clear();
  }
}

TEST_F(FrontendTest, ADeviceThatIsReplacedGetsADisconnectAndIsNotReportedAgain) {
  Joined old = join("alice");
  frontend->close(old.ref, presence::CloseReason::replaced);
  host.turn();
  EXPECT_THAT(old.socket.take(), ElementsAre("41"));
  EXPECT_EQ(nsp->find(old.socket_id), nullptr);
  old.socket.end(1000);
  host.turn();
  EXPECT_THAT(hub.requests, IsEmpty());
}

TEST_F(FrontendTest, WhatIsSaidToADeviceThatIsGoneReachesNobodyElse) {
  Joined first = join("alice");
  first.socket.text("41");
  hub.requests.clear();
  Joined second = join("bob");
  ASSERT_EQ(second.ref.index, first.ref.index);  // the slot is used again
  ASSERT_NE(second.ref, first.ref);
  const std::vector<presence::DeviceRef> gone{first.ref, {77, 1}};
  frontend->send(R"(2["x",{}])", {&first.ref, 1});
  frontend->send(R"(2["x",{}])", gone);
  frontend->close(first.ref, presence::CloseReason::requested);
  frontend->accept(first.ref);
  frontend->refuse(first.ref, {});
  host.turn();
  EXPECT_THAT(second.socket.take(), IsEmpty());
  const std::vector<presence::DeviceRef> both{first.ref, second.ref};
  frontend->send(R"(2["x",{}])", both);
  frontend->send(R"(2["y",{}])", {&second.ref, 1});
  host.turn();
  EXPECT_THAT(second.socket.take(), ElementsAre(R"(42["x",{}])", R"(42["y",{}])"));
}

TEST_F(FrontendTest, OnShutDownTheHubIsToldNothingAndTheSlotIsNotUsedAgain) {
  // The directory still has the device: another one in its slot would be taken for it.
  Joined client = join("alice");
  server->shut_down();
  host.turn();
  EXPECT_THAT(client.socket.take(), testing::Not(testing::Contains("41")));
  EXPECT_THAT(hub.requests, IsEmpty());
  auto& late = open();
  late.text("40" + with_token(token("alice")));
  EXPECT_NE(hub.take<presence::Connect>().device.index, client.ref.index);
}

TEST_F(FrontendTest, ThreadsShareOneNumberingOfDevices) {
  options.thread = 2;
  options.threads = 3;
  start(auth::Authenticator(*auth::TokenVerifier::create({.secret = kSecret})));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(thread_of(join("alice").ref, 3), 2U);
}

// --- Events (contract, section 3)

TEST_F(FrontendTest, EventsBecomeRequests) {
  Joined client = join("alice");
  client.socket.text(R"(427["user_heartbeat",{"idleMs":5,"deviceInfo":{"type":"desktop"}}])");
  const auto heartbeat = hub.take<HeartbeatRequest>();
  EXPECT_EQ(heartbeat.asker.device, client.ref);
  EXPECT_EQ(heartbeat.asker.ack_id, 7U);
  EXPECT_EQ(heartbeat.heartbeat.device, client.ref);
  EXPECT_EQ(heartbeat.heartbeat.idle_ms, 5);
  EXPECT_EQ(heartbeat.heartbeat.info->type, presence::DeviceType::desktop);

  client.socket.text(R"(42["user_heartbeat"])");
  EXPECT_FALSE(hub.take<HeartbeatRequest>().asker.ack_id);

  client.socket.text(R"(42["check_users_presence",{"userIds":["b","c"],"requestId":"r"}])");
  const auto bulk = hub.take<BulkRequest>();
  EXPECT_THAT(bulk.user_ids, ElementsAre("b", "c"));
  EXPECT_EQ(bulk.request_id, "r");

  client.socket.text(R"(420["get_user_presence",{"userId":"b"}])");
  const auto user = hub.take<UserRequest>();
  EXPECT_EQ(user.user_id, "b");
  EXPECT_EQ(user.asker.ack_id, 0U);

  client.socket.text(R"(42["set_user_status",{"status":"busy","customMessage":"m"}])");
  EXPECT_EQ(hub.take<StatusRequest>().choice.message, "m");

  client.socket.text(R"(42["get_contacts",{"requestId":"r"}])");
  EXPECT_EQ(hub.take<ContactsRequest>().request_id, "r");
}

TEST_F(FrontendTest, ARefusedEventIsAnsweredAndTheConnectionStays) {
  Joined client = join("alice");
  EXPECT_THAT(say(client, R"(423["get_user_presence",{"userId":7,"requestId":"r"}])"),
              ElementsAre(R"(433[{"error":{"code":"invalid_argument",)"
                          R"("message":"userId must be a string"}}])"));
  EXPECT_THAT(say(client, R"(42["get_user_presence",{"userId":7,"requestId":"r"}])"),
              ElementsAre(R"(42["presence_error",{"code":"invalid_argument",)"
                          R"("message":"userId must be a string","event":"get_user_presence",)"
                          R"("requestId":"r"}])"));
  EXPECT_THAT(say(client, R"(42["set_user_status",{"status":"busy","expiresAt":1700000000000}])"),
              ElementsAre(HasSubstr("expiresAt must be in the future")));
  EXPECT_THAT(hub.requests, IsEmpty());
  EXPECT_TRUE(say(client, R"(42["get_contacts"])").empty());
  EXPECT_EQ(hub.requests.size(), 1U);
}

TEST_F(FrontendTest, AnUnknownEventIsNamed) {
  Joined client = join("alice");
  EXPECT_THAT(say(client, R"(42["typing",{"requestId":"r"}])"),
              ElementsAre(R"(42["presence_error",{"code":"unknown_event",)"
                          R"("message":"unknown event `typing`","event":"typing",)"
                          R"("requestId":"r"}])"));
  EXPECT_THAT(say(client, R"(425["ty\"ping"])"),
              ElementsAre(R"(435[{"error":{"code":"unknown_event",)"
                          R"("message":"unknown event `ty\"ping`"}}])"));
  EXPECT_THAT(say(client, R"(42[12])").at(0), HasSubstr("unknown event `12`"));
  EXPECT_THAT(hub.requests, IsEmpty());
}

TEST_F(FrontendTest, TheNameOfALongUnknownEventIsCutBetweenCharacters) {
  Joined client = join("alice");
  // A three-byte character lies across the limit of 64 bytes.
  const std::string name = std::string(63, 'x') + "\xe2\x82\xac";
  const Sent sent = say(client, "421[\"" + name + "\"]");
  EXPECT_THAT(sent,
              ElementsAre(R"(431[{"error":{"code":"unknown_event","message":"unknown event `)" +
                          std::string(63, 'x') + R"(`"}}])"));
  // The answer to an event of 100 kB is not as large itself.
  EXPECT_THAT(
      say(client, "42[\"" + std::string(100'000, 'x') + "\"]"),
      ElementsAre(R"(42["presence_error",{"code":"unknown_event",)"
                  R"("message":"unknown event `)" +
                  std::string(64, 'x') + R"(`","event":")" + std::string(64, 'x') + R"("}])"));
}

TEST_F(FrontendTest, EventsBeyondTheRateAreRefusedAndHaveNoEffect) {
  options.events_per_second = 2;
  start(auth::Authenticator(*auth::TokenVerifier::create({.secret = kSecret})));
  Joined client = join("alice");
  for (int i = 0; i < 8; ++i) EXPECT_THAT(say(client, R"(42["get_contacts"])"), IsEmpty());
  EXPECT_EQ(hub.requests.size(), 8U);
  EXPECT_THAT(say(client, R"(426["get_contacts"])").at(0),
              StartsWith(R"(436[{"error":{"code":"rate_limited",)"));
  EXPECT_THAT(say(client, R"(42["get_contacts",{"requestId":"r"}])").at(0),
              HasSubstr(R"("event":"get_contacts","requestId":"r")"));
  EXPECT_EQ(hub.requests.size(), 8U);
  pass(base::Duration(500));
  EXPECT_THAT(say(client, R"(42["get_contacts"])"), IsEmpty());
  EXPECT_EQ(hub.requests.size(), 9U);
}

TEST_F(FrontendTest, BeyondTheRateAcknowledgementsAreAllGivenAndTheRestIsToldOnceASecond) {
  options.events_per_second = 1;
  start(auth::Authenticator(*auth::TokenVerifier::create({.secret = kSecret})));
  Joined client = join("alice");
  Joined other = join("bob");
  const auto flood = [&](int from) {
    for (int i = from; i < from + 100; ++i) {
      client.socket.text(R"(42["get_contacts"])");
      client.socket.text("42" + std::to_string(i) + R"(["get_contacts"])");
    }
    host.turn();
    return client.socket.take();
  };
  // What is answered to events without one, and the acknowledgements of [from, from + 100).
  const auto check = [](const Sent& sent, int from, std::size_t errors, int served) {
    EXPECT_EQ(std::count_if(sent.begin(), sent.end(),
                            [](const auto& p) { return p.starts_with(R"(42["presence_error")"); }),
              errors);
    for (int i = from; i < from + 100; ++i) {
      const std::string ack = "43" + std::to_string(i) + "[";
      EXPECT_EQ(std::count_if(sent.begin(), sent.end(),
                              [&](const auto& p) { return p.starts_with(ack); }),
                i < from + served ? 0 : 1)
          << ack;
    }
  };
  // The burst of 4 goes to the hub: two with an acknowledgement, and two without.
  check(flood(0), 0, 1, 2);
  pass(base::Duration(950));
  check(flood(100), 100, 0, 0);
  pass(base::Duration(50));
  // One more is served by now, the first; a second has passed since the last refusal.
  check(flood(200), 200, 1, 0);
  // Each connection for itself; within the limit every refusal is told.
  for (int i = 0; i < 3; ++i)
    EXPECT_THAT(say(other, R"(42["typing"])"), ElementsAre(HasSubstr("unknown_event")));
}

TEST_F(FrontendTest, OtherPacketsCountAsBeingHeardOnlyWhenTheTransportIsTheSource) {
  Joined quiet = join("alice");
  quiet.socket.text("433[]");
  EXPECT_THAT(hub.requests, IsEmpty());

  options.heartbeat_source = HeartbeatSource::transport;
  start(auth::Authenticator(*auth::TokenVerifier::create({.secret = kSecret})));
  Joined client = join("alice");
  for (int i = 0; i < 100; ++i) client.socket.text("433[]");
  // A flood of packets is no flood of requests.
  EXPECT_EQ(hub.requests.size(), 1U);
  EXPECT_EQ(hub.take<presence::Heard>().device, client.ref);
  // But a steady stream is heard all the time: each may be the last.
  for (int i = 0; i < 100; ++i) {
    pass(base::Duration(10));
    client.socket.text("433[]");
    EXPECT_EQ(hub.take<presence::Heard>().device, client.ref);
  }
}

// --- Slow readers

TEST_F(FrontendTest, AClientThatDoesNotReadIsReportedOnceAndAgainWhenItHasRead) {
  Joined client = join("alice");
  const std::string packet = R"(2["presence_status_response",")" + std::string(10'000, 'x') + "\"]";
  const std::vector<presence::DeviceRef> to{client.ref, {99, 1}};
  // Whoever reads may be sent any amount.
  for (int i = 0; i < 40; ++i) frontend->send(packet, to);
  EXPECT_THAT(hub.requests, IsEmpty());
  client.socket.stalled = true;
  for (int i = 0; i < 26; ++i) frontend->send(packet, to);
  EXPECT_THAT(hub.requests, IsEmpty());
  frontend->send(packet, {&client.ref, 1});
  EXPECT_EQ(hub.take<presence::FellBehind>().device, client.ref);
  EXPECT_TRUE(client.socket.drained_wanted);
  frontend->send(packet, {&client.ref, 1});
  frontend->send(packet, to);
  EXPECT_THAT(hub.requests, IsEmpty());
  client.socket.drain();
  EXPECT_EQ(hub.take<presence::CaughtUp>().device, client.ref);
  client.socket.drain();
  EXPECT_THAT(hub.requests, IsEmpty());
  for (int i = 0; i < 27; ++i) frontend->send(packet, to);
  EXPECT_EQ(hub.take<presence::FellBehind>().device, client.ref);
}

TEST_F(FrontendTest, MoreIsAskedForWhenWhatWasSentHasBeenTaken) {
  Joined client = join("alice");
  frontend->await_drained({99, 1});
  EXPECT_THAT(hub.requests, IsEmpty());
  frontend->await_drained(client.ref);
  EXPECT_EQ(hub.take<presence::CaughtUp>().device, client.ref);
  client.socket.stalled = true;
  frontend->send("2[\"user_online\"]", {&client.ref, 1});
  frontend->await_drained(client.ref);
  EXPECT_THAT(hub.requests, IsEmpty());
  EXPECT_TRUE(client.socket.drained_wanted);
  client.socket.drain();
  EXPECT_EQ(hub.take<presence::CaughtUp>().device, client.ref);
}

TEST_F(FrontendTest, AClientThatDoesNotPollIsASlowReaderToo) {
  engineio::FakeExchange& opened = host.get("EIO=4&transport=polling");
  const std::string sid = opened.body().substr(9, opened.body().find('"', 9) - 9);
  const std::string query = "EIO=4&transport=polling&sid=" + sid;
  host.post(query, "40" + with_token(token("alice")));
  const presence::DeviceRef device = hub.take<presence::Connect>().device;
  frontend->accept(device);
  host.get(query);
  const std::string packet = R"(2["presence_status_response",")" + std::string(40'000, 'x') + "\"]";
  for (int i = 0; i < 7; ++i) frontend->send(packet, {&device, 1});
  EXPECT_EQ(hub.take<presence::FellBehind>().device, device);
  host.get(query);
  EXPECT_EQ(hub.take<presence::CaughtUp>().device, device);
  // A poll that waits takes all of it with this turn; it is told of all the same.
  engineio::FakeExchange& waiting = host.get(query);
  for (int i = 0; i < 7; ++i) frontend->send(packet, {&device, 1});
  EXPECT_EQ(hub.take<presence::FellBehind>().device, device);
  host.turn();
  EXPECT_EQ(waiting.status(), 200);
  EXPECT_EQ(hub.take<presence::CaughtUp>().device, device);
}

}  // namespace
}  // namespace gateway

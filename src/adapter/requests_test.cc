// The bytes are what @socket.io/redis-emitter 5.1.0 and @socket.io/redis-adapter 8.3.0 publish.
#include "adapter/requests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "adapter/test_hex.h"

namespace adapter {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

template <class Kind>
Kind parsed(std::string_view channel, std::string_view payload) {
  const auto request = parse(channel, payload);
  if (!request) throw std::runtime_error(request.error().message);
  if (!*request) throw std::runtime_error("not for this server");
  return std::get<Kind>(**request);
}
bool passed_over(std::string_view channel, std::string_view payload) {
  const auto request = parse(channel, payload);
  return request && !*request;
}
std::string refusal(std::string_view channel, std::string_view payload) {
  const auto request = parse(channel, payload);
  return request ? "not refused" : request.error().message;
}

const std::string kToUser = from_hex(
    "93a7656d697474657283a47479706502a46461746192ac696e766f6963655f7061696485a2696407a5746f74616c"
    "cb4029000000000000a26174d7ff1d5353006553f100a3626967cf0000018bcfe56800a36e6567fda36e7370a12f"
    "83a5726f6f6d7391aa757365723a616c696365a5666c61677380a665786365707490");
const std::string kBinary = from_hex(
    "93a7656d697474657283a47479706502a46461746194a466696c65a178c4030102ff81a5696e6e6572c40109a36e"
    "7370a12f83a5726f6f6d7392aa757365723a616c696365a161a5666c61677382a8766f6c6174696c65c3a8636f6d"
    "7072657373c2a665786365707491a8757365723a626f62");
const std::string kToAll = from_hex(
    "93a7656d697474657283a47479706502a46461746191a568656c6c6fa36e7370a12f83a5726f6f6d7390a5666c61"
    "677380a665786365707490");
const std::string kOtherNamespace = from_hex(
    "93a7656d697474657283a47479706502a46461746192a17801a36e7370a72f637573746f6d83a5726f6f6d7390a5"
    "666c61677380a665786365707490");
const std::string kWithAck = from_hex(
    "85a3756964a66d434d6b4256a9726571756573744964a6506851574f74a47479706507a67061636b657483a47479"
    "706502a46461746193a361736b81a17101c40105a36e7370a12fa46f70747383a5726f6f6d7391aa757365723a61"
    "6c696365a665786365707490a5666c61677381a774696d656f7574cd05dc");

TEST(Requests, AnEventForAUser) {
  const auto broadcast = parsed<Broadcast>("socket.io#/#user:alice#", kToUser);
  EXPECT_THAT(broadcast.to.rooms, ElementsAre("user:alice"));
  EXPECT_THAT(broadcast.to.except, IsEmpty());
  EXPECT_EQ(broadcast.event.name, "invoice_paid");
  EXPECT_EQ(
      broadcast.event.args_json,
      R"({"id":7,"total":12.5,"at":"2023-11-14T22:13:20.123Z","big":1700000000000,"neg":-3})");
  EXPECT_THAT(broadcast.event.attachments, IsEmpty());
  EXPECT_EQ(broadcast.event.droppable, socketio::Volatile::kNo);
}

TEST(Requests, BinaryArgumentsFlagsAndExcept) {
  const auto broadcast = parsed<Broadcast>("socket.io#/#", kBinary);
  EXPECT_THAT(broadcast.to.rooms, ElementsAre("user:alice", "a"));
  EXPECT_THAT(broadcast.to.except, ElementsAre("user:bob"));
  EXPECT_EQ(broadcast.event.args_json,
            R"("x",{"_placeholder":true,"num":0},{"inner":{"_placeholder":true,"num":1}})");
  EXPECT_THAT(broadcast.event.attachments, ElementsAre("\x01\x02\xff", "\x09"));
  EXPECT_EQ(broadcast.event.droppable, socketio::Volatile::kYes);
}

TEST(Requests, AnEventForAll) {
  const auto broadcast = parsed<Broadcast>("socket.io#/#", kToAll);
  EXPECT_THAT(broadcast.to.rooms, IsEmpty());
  EXPECT_EQ(broadcast.event.name, "hello");
  EXPECT_EQ(broadcast.event.args_json, "");
}

TEST(Requests, JoinLeaveDisconnect) {
  const auto join =
      parsed<Join>(kRequestChannel,
                   R"({"type":2,"opts":{"rooms":["user:alice"],"except":[]},"rooms":["vip","b"]})");
  EXPECT_THAT(join.who.rooms, ElementsAre("user:alice"));
  EXPECT_THAT(join.rooms, ElementsAre("vip", "b"));
  const auto leave =
      parsed<Leave>(kRequestChannel,
                    R"({"type":3,"opts":{"rooms":["user:alice"],"except":["c"]},"rooms":["vip"]})");
  EXPECT_THAT(leave.who.except, ElementsAre("c"));
  EXPECT_THAT(leave.rooms, ElementsAre("vip"));
  using Scope = socketio::Socket::Scope;
  const auto all = parsed<Disconnect>(
      kRequestChannel, R"({"type":4,"opts":{"rooms":["user:alice"],"except":[]},"close":true})");
  EXPECT_EQ(all.scope, Scope::kConnection);
  const auto one = parsed<Disconnect>(
      kRequestChannel,
      R"({"uid":"mCMkBV","type":4,"opts":{"rooms":["a"],"except":[]},"close":false})");
  EXPECT_EQ(one.scope, Scope::kNamespace);
  EXPECT_EQ(parsed<Disconnect>(kRequestChannel, R"({"type":4,"opts":{}})").scope,
            Scope::kNamespace);
}

TEST(Requests, QuestionsNameTheirRequest) {
  EXPECT_EQ(
      parsed<ListRooms>(kRequestChannel, R"({"uid":"a","requestId":"r1","type":1})").request_id,
      "r1");
  const auto fetch = parsed<FetchSockets>(
      kRequestChannel,
      R"({"uid":"a","requestId":"r2","type":5,"opts":{"rooms":["x",7],"except":["z"]}})");
  EXPECT_EQ(fetch.request_id, "r2");
  EXPECT_THAT(fetch.who.rooms, ElementsAre("x", "7"));
  EXPECT_THAT(fetch.who.except, ElementsAre("z"));
  const auto list = parsed<ListSockets>(kRequestChannel,
                                        R"({"uid":"a","requestId":"r3","type":0,"rooms":["x"]})");
  EXPECT_EQ(list.request_id, "r3");
  EXPECT_THAT(list.who.rooms, ElementsAre("x"));
  EXPECT_EQ(parsed<ServerSideEmit>(kRequestChannel,
                                   R"({"uid":"a","requestId":"r4","type":6,"data":["hi"]})")
                .request_id,
            "r4");
}

TEST(Requests, AnEventThatWantsAcknowledgements) {
  const auto broadcast = parsed<BroadcastWithAck>(kRequestChannel, kWithAck);
  EXPECT_EQ(broadcast.request_id, "PhQWOt");
  EXPECT_THAT(broadcast.to.rooms, ElementsAre("user:alice"));
  EXPECT_EQ(broadcast.event.name, "ask");
  EXPECT_EQ(broadcast.event.args_json, R"({"q":1},{"_placeholder":true,"num":0})");
  EXPECT_THAT(broadcast.event.attachments, ElementsAre("\x05"));
  EXPECT_EQ(broadcast.timeout, base::Duration(1500));
}

std::string ask_with_timeout(std::string_view timeout) {
  return R"({"requestId":"r","type":7,"packet":{"type":2,"data":["e"]},"opts":{"flags":{"timeout":)" +
         std::string(timeout) + "}}}";
}

TEST(Requests, TheTimeToAnswerIsBounded) {
  const auto timeout = [](std::string_view text) {
    return parsed<BroadcastWithAck>(kRequestChannel, ask_with_timeout(text)).timeout;
  };
  EXPECT_EQ(timeout("20.7"), base::Duration(20));
  EXPECT_EQ(timeout("-1"), base::Duration(0));
  EXPECT_EQ(timeout("null"), base::Duration(0));
  EXPECT_EQ(timeout("1e300"), base::Duration(3'600'000));
}

TEST(Requests, WhatConcernsOthersIsPassedOver) {
  EXPECT_TRUE(passed_over("socket.io#/custom#", kOtherNamespace));
  // The name of a namespace may continue as a room would.
  EXPECT_TRUE(passed_over("socket.io#/#", kOtherNamespace));
  EXPECT_TRUE(passed_over(kRequestChannel, R"({"uid":"emitter","type":6,"data":["hi",1]})"));
  EXPECT_TRUE(passed_over(kRequestChannel, R"({"type":2,"sid":"s","room":"r","requestId":"x"})"));
  EXPECT_TRUE(passed_over(kRequestChannel, R"({"type":9})"));
  EXPECT_TRUE(passed_over(kRequestChannel, R"({"type":-1})"));
  EXPECT_TRUE(passed_over(kRequestChannel, R"({"type":1000})"));
  EXPECT_TRUE(passed_over("something", "{"));
}

TEST(Requests, WithoutANamespaceItIsTheMainOne) {
  EXPECT_EQ(parsed<Broadcast>("socket.io#/#", from_hex("93a16182a47479706502a46461746191a165"
                                                       "81a5726f6f6d7390"))
                .event.name,
            "e");
}

std::string ask(std::string_view data, std::string_view options) {
  return R"({"requestId":"r","type":7,"packet":{"type":2,"data":)" + std::string(data) +
         R"(},"opts":)" + std::string(options) + "}";
}

TEST(Requests, BrokenOnesAreRefused) {
  const auto refused = [](std::string_view request) { return refusal(kRequestChannel, request); };
  EXPECT_EQ(refused("{"), "broken JSON");
  EXPECT_EQ(refused(from_hex("90")), "a request that is no object");
  EXPECT_EQ(refused("{}"), "a request without type");
  EXPECT_EQ(refused(R"({"type":"2"})"), "a request without type");
  EXPECT_EQ(refused(R"({"type":1})"), "requestId is no string");
  EXPECT_EQ(refused(R"({"type":5,"requestId":"r"})"), "opts is no object");
  EXPECT_EQ(refused(R"({"type":4,"opts":7})"), "opts is no object");
  EXPECT_EQ(refused(R"({"type":7,"requestId":"r","opts":{}})"), "packet is no object");
  // Whoever is meant, it is not everybody.
  EXPECT_EQ(refused(R"({"type":4,"opts":{"rooms":"alice"}})"), "rooms is no array");
  EXPECT_EQ(refused(R"({"type":4,"opts":{"rooms":[{}]}})"), "rooms has an element that is no name");
  EXPECT_EQ(refused(R"({"type":4,"opts":{"except":"alice"}})"), "except is no array");
  EXPECT_EQ(refused(R"({"type":2,"opts":{},"rooms":"alice"})"), "rooms is no array");
  EXPECT_EQ(refused(ask(R"(["e"])", R"({"rooms":1})")), "rooms is no array");
}

TEST(Requests, NoEventMayEndItsReceivers) {
  for (const char* data :
       {"[]", "{}", "null", "[1]", "[{}]", R"(["disconnect"])", R"(["connect"])"})
    EXPECT_EQ(refusal(kRequestChannel, ask(data, "{}")), "data is no event") << data;
  EXPECT_EQ(
      refusal("socket.io#/#", from_hex("93a16182a47479706502a46461746191aa646973636f6e6e656374"
                                       "81a5726f6f6d7390")),
      "data is no event");
  EXPECT_EQ(refusal("socket.io#/#", from_hex("92a161c0")), "not [uid, packet, options]");
  EXPECT_EQ(refusal("socket.io#/#", "{}"), "not [uid, packet, options]");
  EXPECT_EQ(refusal("socket.io#/#", from_hex("93a161c0c0")), "not [uid, packet, options]");
  // ["e", <bytes>, {"_placeholder": true, "num": 1}]
  EXPECT_THAT(refusal("socket.io#/#",
                      from_hex("93a16181a46461746193a165c4010182ac5f706c616365686f6c646572c3"
                               "a36e756d0180")),
              HasSubstr("placeholder"));
}

}  // namespace
}  // namespace adapter

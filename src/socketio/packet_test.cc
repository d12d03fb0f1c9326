#include "socketio/packet.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>

namespace socketio {
namespace {

constexpr std::size_t kMost = 10;

TEST(PacketHead, HasTypeCountNamespaceIdAndJson) {
  const auto head = parse_packet_head(R"(52-/admin,13["baz"])", kMost);
  ASSERT_TRUE(head);
  EXPECT_EQ(head->type, PacketType::kBinaryEvent);
  EXPECT_EQ(head->attachments, 2U);
  EXPECT_EQ(head->nsp, "/admin");
  EXPECT_EQ(head->id, 13U);
  EXPECT_EQ(head->json, R"(["baz"])");
}

TEST(PacketHead, EverythingButTheTypeIsOptional) {
  const auto head = parse_packet_head("0", kMost);
  ASSERT_TRUE(head);
  EXPECT_EQ(head->nsp, "/");
  EXPECT_FALSE(head->id);
  EXPECT_EQ(head->json, "");
}

TEST(PacketHead, TheNamespaceEndsAtACommaOrWithTheText) {
  EXPECT_EQ(parse_packet_head("0/custom", kMost)->nsp, "/custom");
  EXPECT_EQ(parse_packet_head("0/custom,", kMost)->nsp, "/custom");
  EXPECT_EQ(parse_packet_head("0/custom?a=1,{}", kMost)->nsp, "/custom?a=1");
}

TEST(PacketHead, AckIdsStartAt0AndEndWhereJavaScriptLosesCount) {
  EXPECT_EQ(parse_packet_head("20[\"a\"]", kMost)->id, 0U);
  EXPECT_EQ(parse_packet_head("29007199254740991[\"a\"]", kMost)->id, kMaxAckId);
  EXPECT_FALSE(parse_packet_head("29007199254740992[\"a\"]", kMost));
  EXPECT_FALSE(parse_packet_head("299999999999999999999999[\"a\"]", kMost));
}

TEST(PacketHead, UnknownTypesAreRefused) {
  for (const char* text : {"", "7", "9[]", "a", "-1", " 2"}) {
    EXPECT_FALSE(parse_packet_head(text, kMost)) << text;
  }
}

TEST(PacketHead, AMissingNegativeFractionalOrTooLargeCountIsRefused) {
  for (const char* text : {"5[\"a\"]", "5-[\"a\"]", "5-1-[\"a\"]", "51.5-[\"a\"]", "511-[\"a\"]",
                           "51", "5", "6x-[]", "5+1-[\"a\"]", "599999999999999999999-[\"a\"]"}) {
    EXPECT_FALSE(parse_packet_head(text, kMost)) << text;
  }
  EXPECT_EQ(parse_packet_head("510-[\"a\"]", kMost)->attachments, 10U);
}

TEST(PacketHead, OnlyBinaryTypesHaveACount) {
  EXPECT_EQ(parse_packet_head("21-[\"a\"]", kMost)->json, "-[\"a\"]");
}

TEST(PacketEncoding, MatchesTheExamplesOfTheProtocolText) {
  EXPECT_EQ(encode_event("/", "foo", ""), R"(2["foo"])");
  EXPECT_EQ(encode_event("/admin", "bar", ""), R"(2/admin,["bar"])");
  EXPECT_EQ(encode_event("/", "foo", "", 12), R"(212["foo"])");
  EXPECT_EQ(encode_event("/", "baz", R"({"_placeholder":true,"num":0})", std::nullopt, 1),
            R"(51-["baz",{"_placeholder":true,"num":0}])");
  EXPECT_EQ(encode_ack("/admin", 13, R"("bar")"), R"(3/admin,13["bar"])");
  EXPECT_EQ(encode_ack("/", 15, R"("bar",{"_placeholder":true,"num":0})", 1),
            R"(61-15["bar",{"_placeholder":true,"num":0}])");
  EXPECT_EQ(encode_ack("/", 0, ""), "30[]");
  EXPECT_EQ(encode_connect_error("/", "Not authorized", ""), R"(4{"message":"Not authorized"})");
  EXPECT_EQ(encode_connect_error("/a", "no", R"({"code":1})"),
            R"(4/a,{"message":"no","data":{"code":1}})");
}

RC_GTEST_PROP(PacketHeadProperty, WhatIsWrittenIsRead, ()) {
  const auto type = static_cast<PacketType>(*rc::gen::inRange(0, 7));
  const bool binary = type == PacketType::kBinaryEvent || type == PacketType::kBinaryAck;
  const auto attachments = *rc::gen::inRange<std::size_t>(0, kMost + 1);
  const std::string nsp =
      "/" + *rc::gen::container<std::string>(rc::gen::element('a', '/', '?', '-', '7', '\xc3'));
  const auto id = *rc::gen::maybe(rc::gen::inRange<uint64_t>(0, kMaxAckId + 1));
  const std::string json = *rc::gen::element<std::string>("", "[]", "{}", "[\"a\",1]");
  std::string text;
  append_packet_head(text, type, nsp, id ? std::optional<uint64_t>(*id) : std::nullopt,
                     attachments);
  text += json;
  const auto head = parse_packet_head(text, kMost);
  RC_ASSERT(head.has_value());
  RC_ASSERT(head->type == type);
  RC_ASSERT(head->attachments == (binary ? attachments : 0));
  RC_ASSERT(head->nsp == nsp);
  RC_ASSERT(head->id.has_value() == static_cast<bool>(id));
  if (id) RC_ASSERT(*head->id == *id);
  RC_ASSERT(head->json == json);
}

}  // namespace
}  // namespace socketio

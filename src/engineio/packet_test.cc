#include "engineio/packet.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <vector>

namespace engineio {
namespace {

std::optional<Packet> decode(std::string_view text) {
  static std::string scratch;
  return decode_packet(text, scratch);
}

TEST(Packet, AMessageIsItsTypeAndItsText) {
  const auto packet = decode("4hello");
  ASSERT_TRUE(packet);
  EXPECT_EQ(packet->type, PacketType::kMessage);
  EXPECT_EQ(packet->data, "hello");
  EXPECT_FALSE(packet->binary);
}

TEST(Packet, BinaryInTextIsBase64WithoutAType) {
  const auto packet = decode("bAQIDBA==");
  ASSERT_TRUE(packet);
  EXPECT_TRUE(packet->binary);
  EXPECT_EQ(packet->data, std::string("\x01\x02\x03\x04"));
}

TEST(Packet, EmptyMessagesAreLegal) {
  EXPECT_EQ(decode("4")->data, "");
  EXPECT_EQ(decode("b")->data, "");
  EXPECT_TRUE(decode("b")->binary);
}

TEST(Packet, EmptyTextUnknownTypesAndBrokenBase64AreRefused) {
  for (const char* text : {"", "7", "abc", "x", "b!", "bA", "bAQID=", "-4", " 4"}) {
    EXPECT_FALSE(decode(text)) << text;
  }
}

TEST(Packet, TheSeparatorIsDataInAFrameOfItsOwn) {
  EXPECT_EQ(decode("4a\x1e"
                   "4b")
                ->data,
            "a\x1e"
            "4b");
}

TEST(PayloadReader, GivesThePacketsBeforeABrokenOne) {
  PayloadReader reader(
      "4a\x1e"
      "xx\x1e"
      "4b");
  EXPECT_EQ(reader.next()->data, "a");
  ASSERT_TRUE(reader.more());
  EXPECT_FALSE(reader.next());
  EXPECT_FALSE(reader.more());
}

TEST(PayloadReader, ATrailingSeparatorIsAnEmptyPacketAndSoBroken) {
  PayloadReader reader("4a\x1e");
  EXPECT_TRUE(reader.next());
  ASSERT_TRUE(reader.more());
  EXPECT_FALSE(reader.next());
}

TEST(PayloadReader, AnEmptyPayloadIsBroken) {
  PayloadReader reader("");
  ASSERT_TRUE(reader.more());
  EXPECT_FALSE(reader.next());
}

RC_GTEST_PROP(PayloadProperty, WhatIsWrittenIsRead,
              (std::vector<std::pair<bool, std::string>> in)) {
  std::string payload;
  for (auto& [binary, bytes] : in) {
    if (!binary) std::erase(bytes, kSeparator);
    if (!payload.empty()) payload += kSeparator;
    OutgoingPacket packet;
    packet.kind = binary ? OutgoingPacket::Kind::kBinary : OutgoingPacket::Kind::kText;
    packet.bytes = binary ? bytes : "4" + bytes;
    append_to_payload(payload, packet);
  }
  RC_PRE(!in.empty());
  PayloadReader reader(payload);
  for (const auto& [binary, bytes] : in) {
    RC_ASSERT(reader.more());
    const auto packet = reader.next();
    RC_ASSERT(packet.has_value());
    RC_ASSERT(packet->binary == binary);
    RC_ASSERT(packet->data == bytes);
  }
  RC_ASSERT(!reader.more());
}

RC_GTEST_PROP(PayloadProperty, AnyBytesEndTheReader, (const std::string& bytes)) {
  PayloadReader reader(bytes);
  std::size_t packets = 0;
  while (reader.more()) {
    if (reader.next()) ++packets;
  }
  RC_ASSERT(packets <= bytes.size() + 1);
}

TEST(PreparedMessage, ItsPayloadIsASliceOfTheFrame) {
  for (const std::size_t size : {0U, 5U, 124U, 125U, 126U, 65'534U, 65'535U, 70'000U}) {
    const std::string text(size, 'x');
    const PreparedMessage message = PreparedMessage::text(text);
    EXPECT_EQ(message.payload(), "4" + text);
    EXPECT_FALSE(message.is_binary());
    EXPECT_GE(message.payload().data(), message.frame().view().data());
  }
  const PreparedMessage binary = PreparedMessage::binary("\x01\x02");
  EXPECT_TRUE(binary.is_binary());
  EXPECT_EQ(binary.payload(), "\x01\x02");
}

}  // namespace
}  // namespace engineio

#include "adapter/message.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cmath>

#include "adapter/test_hex.h"
#include "socketio/payload.h"

namespace adapter {
namespace {

// The JSON of a message, then its attachments in brackets; or why it was refused.
std::string read(std::string_view payload) {
  const auto message = read_message(payload);
  if (!message) return message.error().message;
  std::string text;
  socketio::append_json(text, message->value);
  for (const std::string& attachment : message->attachments) text += " <" + attachment + ">";
  return text;
}
std::string read_hex(std::string_view digits) { return read(from_hex(digits)); }

TEST(Message, NumbersTextAndContainers) {
  EXPECT_EQ(read_hex("9b"
                     "c0"
                     "c2"
                     "c3"
                     "7f"
                     "ff"
                     "d1ff00"
                     "ce00010000"
                     "cf0000018bcfe56800"
                     "cb4029000000000000"
                     "a2c3bc"
                     "81a16b90"),
            R"([null,false,true,127,-1,-256,65536,1700000000000,12.5,"ü",{"k":[]}])");
  EXPECT_EQ(read_hex("93"
                     "ca3fc00000"
                     "cfffffffffffffffff"
                     "d38000000000000000"),
            "[1.5,18446744073709551615,-9223372036854775808]");
}

TEST(Message, WhatJsonHasNoWordForIsNull) {
  EXPECT_EQ(read_hex("93"
                     "cb7ff0000000000000"
                     "cb7ff8000000000000"
                     "d40000"),
            "[null,null,null]");
}

TEST(Message, BinaryValuesAreAttachments) {
  EXPECT_EQ(read_hex("92"
                     "c40161"
                     "81a178c50002"
                     "6263"),
            R"([{"_placeholder":true,"num":0},{"x":{"_placeholder":true,"num":1}}] <a> <bc>)");
  std::string many(1, '\x9a');
  for (int i = 0; i < 10; ++i) many += from_hex("c40161");
  EXPECT_EQ(read_message(many)->attachments.size(), kMaxAttachments);
  many[0] = '\x9b';
  EXPECT_EQ(read(many + from_hex("c40161")), "too many binary values");
}

TEST(Message, TimesAreTextAsInJavaScript) {
  EXPECT_EQ(read_hex("91d6ff6553f100"), R"(["2023-11-14T22:13:20.000Z"])");
  EXPECT_EQ(read_hex("91d7ff1d5353006553f100"), R"(["2023-11-14T22:13:20.123Z"])");
  EXPECT_EQ(read_hex("91c70cff0754d4c00000000000000000"), R"(["1970-01-01T00:00:00.123Z"])");
  EXPECT_EQ(read_hex("91c70cff00000000fffffff1868b8400"), R"(["0000-01-01T00:00:00.000Z"])");
  EXPECT_EQ(read_hex("91c70cff00000000fffffff1868b83ff"), "[null]");
  EXPECT_EQ(read_hex("91c70cff0000000000000"
                     "03afff44180"),
            "[null]");
  EXPECT_EQ(read_hex("91c70cff0000000000000"
                     "03afff4417f"),
            R"(["9999-12-31T23:59:59.000Z"])");
  EXPECT_EQ(read_hex("91c70cffffffffff0000000000000000"), "[null]");
  EXPECT_EQ(read_hex("91c70cff000000007fffffffffffffff"), "[null]");
  EXPECT_EQ(read_hex("91d7000000018bcfe5687b"), R"(["2023-11-14T22:13:20.123Z"])");
  EXPECT_EQ(read_hex("91d700ffffffffffffffff"), R"(["1969-12-31T23:59:59.999Z"])");
  EXPECT_EQ(read_hex("91d7007fffffffffffffff"), "[null]");
  EXPECT_EQ(read_hex("91d6056553f100"), "an extension type");
  EXPECT_EQ(read_hex("91d5ff6553"), "an extension type");
}

TEST(Message, BrokenBytesAreRefused) {
  EXPECT_EQ(read(""), "broken msgpack");
  EXPECT_EQ(read_hex("c1"), "broken msgpack");
  EXPECT_EQ(read_hex("c0c0"), "broken msgpack");
  EXPECT_EQ(read_hex("8101c0"), "broken msgpack");  // a number as key
  EXPECT_EQ(read_hex("91a1ff"), "text that is not UTF-8");
  EXPECT_EQ(read_hex("81a1ffc0"), "text that is not UTF-8");
  EXPECT_EQ(read_hex("ddffffffff"), "broken msgpack");
  EXPECT_EQ(read("{\"a\":"), "broken JSON");
  EXPECT_EQ(read(R"({"a":[1,2.5]})"), R"({"a":[1,2.5]})");
}

TEST(Message, SizeDepthAndCountAreBounded) {
  const std::string zero(1, '\0');
  std::string nested(kMaxDepth - 1, '\x91');
  EXPECT_EQ(read(nested + '\x90').front(), '[');
  EXPECT_EQ(read(nested + "\x91\x90"), "nested too deeply");
  EXPECT_EQ(read(std::string(kMaxMessageBytes - 1, '\x91')), "nested too deeply");
  std::string values = from_hex("dd0003ffff") + std::string(kMaxValues - 1, '\x01');
  EXPECT_TRUE(read_message(values));
  values = from_hex("dd00040000") + std::string(kMaxValues, '\x01');
  EXPECT_EQ(read(values), "too many values");
  const std::string text = from_hex("db003ffffb") + std::string(kMaxMessageBytes - 5, 'x');
  EXPECT_TRUE(read_message(text));
  EXPECT_EQ(read(text + "x"), "larger than 4 MiB");
}

TEST(Message, EachCutIsRefused) {
  const std::string whole = from_hex(
      "93a7656d697474657282a47479706502a464617461"
      "92a165c4020102"
      "81a5726f6f6d7390");
  ASSERT_TRUE(read_message(whole));
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_EQ(read(std::string_view(whole).substr(0, size)), "broken msgpack") << size;
}

TEST(Message, IsWrittenAsMsgpack) {
  const std::vector<std::string> attachments{"bytes"};
  const auto value = boost::json::parse(
      R"({"a":[null,true,-5,1700000000000,"ü"],"b":{"_placeholder":true,"num":0},)"
      R"("c":{"_placeholder":true,"num":1},"d":{"_placeholder":false,"num":0}})");
  EXPECT_EQ(read(to_msgpack(value, attachments)), boost::json::serialize(value) + " <bytes>");
  // Without attachments it is an object like any other.
  const auto message = read_message(to_msgpack(value, {}));
  EXPECT_EQ(message->value, value);
  EXPECT_TRUE(message->attachments.empty());
}

RC_GTEST_PROP(Message, AnyBytesAreReadOrRefused, (const std::vector<uint8_t>& bytes)) {
  const std::string payload(bytes.begin(), bytes.end());
  const auto message = read_message(payload);
  if (!message) {
    RC_ASSERT(!message.error().message.empty());
  } else {
    RC_ASSERT(message->attachments.size() <= kMaxAttachments);
  }
}

}  // namespace
}  // namespace adapter

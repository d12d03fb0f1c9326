#include "bench/frames.h"

#include <gtest/gtest.h>

namespace bench {
namespace {

std::string server_frame(std::string_view payload) {
  std::string out = "\x81";
  if (payload.size() < 126) {
    out.push_back(static_cast<char>(payload.size()));
  } else {
    out.push_back(126);
    out.push_back(static_cast<char>(payload.size() >> 8));
    out.push_back(static_cast<char>(payload.size()));
  }
  return out.append(payload);
}

TEST(CutFrame, cuts_one_after_the_other) {
  const std::string bytes = server_frame("one") + server_frame(std::string(300, 'x')) + "\x89\x01p";
  std::string_view rest = bytes;
  Frame frame;
  ASSERT_EQ(cut_frame(rest, frame), Cut::complete);
  EXPECT_EQ(frame.payload, "one");
  EXPECT_EQ(frame.opcode, Opcode::text);
  ASSERT_EQ(cut_frame(rest, frame), Cut::complete);
  EXPECT_EQ(frame.payload.size(), 300U);
  ASSERT_EQ(cut_frame(rest, frame), Cut::complete);
  EXPECT_EQ(frame.opcode, Opcode::ping);
  EXPECT_EQ(frame.payload, "p");
  EXPECT_EQ(cut_frame(rest, frame), Cut::incomplete);
}

TEST(CutFrame, waits_for_the_rest_at_every_place) {
  const std::string bytes = server_frame(std::string(200, 'x'));
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    std::string_view part(bytes.data(), size);
    Frame frame;
    EXPECT_EQ(cut_frame(part, frame), Cut::incomplete) << size;
    EXPECT_EQ(part.size(), size);
  }
}

TEST(CutFrame, knows_what_a_server_must_not_send) {
  using std::string_literals::operator""s;
  for (const std::string& bytes :
       {"\x81\x81\x00\x00\x00\x00x"s, "\x01\x01x"s, "\xC1\x01x"s, "\x83\x01x"s, "\x80\x01x"s,
        "\x81\x7E\x00\x05hello"s, "\x81\x7F\x00\x00\x00\x00\x00\x00\x00\x05hello"s,
        "\x89\x7E\x00\x80"s, "\x81\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"s}) {
    std::string_view rest = bytes;
    Frame frame;
    EXPECT_EQ(cut_frame(rest, frame), Cut::broken);
  }
}

TEST(ClientFrame, is_masked_and_of_minimal_length) {
  for (const std::size_t size : {0U, 1U, 7U, 125U, 126U, 300U, 65535U, 65536U}) {
    const std::string payload(size, 'p');
    std::string bytes;
    append_client_frame(bytes, Opcode::text, payload, 0xA1B2C3D4U);
    const std::size_t width = size < 126 ? 0 : size < 65536 ? 2 : 8;
    ASSERT_EQ(bytes.size(), 2 + width + 4 + size);
    EXPECT_EQ(static_cast<uint8_t>(bytes[0]), 0x81);
    EXPECT_EQ(static_cast<uint8_t>(bytes[1]), 0x80 | (width == 0 ? size : width == 2 ? 126 : 127));
    std::string unmasked;
    for (std::size_t i = 0; i < size; ++i) {
      unmasked.push_back(static_cast<char>(bytes[2 + width + 4 + i] ^ bytes[2 + width + i % 4]));
    }
    EXPECT_EQ(unmasked, payload);
  }
}

TEST(ClientFrame, writes_lengths_in_network_order) {
  std::string bytes;
  append_client_frame(bytes, Opcode::text, std::string(0x1234, 'x'), 0);
  EXPECT_EQ(bytes.substr(2, 2), "\x12\x34");
}

}  // namespace
}  // namespace bench

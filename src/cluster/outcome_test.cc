#include "cluster/outcome.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace cluster {
namespace {

std::string encode(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += std::to_string(part.size()) + ':' + part;
  return text;
}

const std::string kPhone = "phone---------------";
const std::string kLaptop = "laptop--------------";

std::vector<std::string> parts() {
  return {"changed",
          "alice",
          "n1:7",
          "4",
          "1700000000000123",
          "busy",
          "0",
          "in: a call",
          "1700000000000",
          "manual",
          "5",
          "6",
          "busy",
          "in: a call",
          "1800000000000",
          "1",
          kLaptop,
          "1",
          kPhone,
          "lingering",
          "1",
          "mobile",
          "1699999999999",
          "n2:3"};
}

TEST(Outcome, IsReadAsTheScriptWritesIt) {
  const std::string text = encode(parts());
  const std::optional<Outcome> outcome = parse_outcome(text, "n2:3");
  ASSERT_TRUE(outcome);
  const presence::Truth& truth = outcome->truth;
  EXPECT_EQ(truth.user, "alice");
  EXPECT_EQ(truth.version, 1'700'000'000'000'123U);
  EXPECT_EQ(outcome->reporter, "n1:7");
  EXPECT_EQ(outcome->attachment, 4U);
  EXPECT_FALSE(outcome->refused);
  EXPECT_EQ(truth.status, presence::Status::busy);
  EXPECT_EQ(truth.message, "in: a call");
  EXPECT_EQ(truth.reason, presence::OfflineReason::manual);
  EXPECT_EQ(truth.last_seen, base::wall_from_millis(1'700'000'000'000));
  EXPECT_EQ(truth.own_last_seen, base::wall_from_millis(5));
  EXPECT_EQ(truth.visible_since, base::wall_from_millis(6));
  EXPECT_EQ(truth.choice.expires_at, base::wall_from_millis(1'800'000'000'000));
  ASSERT_EQ(truth.replaced.size(), 1U);
  EXPECT_EQ(truth.replaced.front().view(), kLaptop);
  ASSERT_EQ(truth.devices.size(), 1U);
  const presence::Truth::Device& device = truth.devices.front();
  EXPECT_EQ(device.socket_id.view(), kPhone);
  EXPECT_TRUE(device.lingering && device.idle && device.here);
  EXPECT_EQ(device.type, presence::DeviceType::mobile);
  EXPECT_EQ(outcome->nodes.front(), "n2:3");
  const std::optional<OutcomeHead> head = parse_outcome_head(text);
  ASSERT_TRUE(head);
  EXPECT_EQ(head->user, "alice");
  EXPECT_EQ(head->reporter, "n1:7");
  EXPECT_EQ(head->attachment, 4U);
}

TEST(Outcome, ADeviceOfAnotherNodeIsNotHere) {
  const std::string text = encode(parts());
  EXPECT_FALSE(parse_outcome(text, "n1:7")->truth.devices.front().here);
}

TEST(Outcome, WhatIsCutOffOrGoesOnIsRefused) {
  const std::string text = encode(parts());
  for (std::size_t length = 0; length < text.size(); ++length)
    EXPECT_FALSE(parse_outcome(std::string_view(text).substr(0, length), "n1:7")) << length;
  EXPECT_FALSE(parse_outcome(text + "0:", "n1:7"));
}

TEST(Outcome, EveryPartIsChecked) {
  const auto with = [](std::size_t at, const std::string& part) {
    std::vector<std::string> changed = parts();
    changed[at] = part;
    return parse_outcome(encode(changed), "n1:7").has_value();
  };
  EXPECT_TRUE(with(0, "too_many"));
  EXPECT_FALSE(with(0, "perhaps"));
  EXPECT_FALSE(with(1, ""));
  EXPECT_FALSE(with(3, "x"));
  EXPECT_FALSE(with(4, "-1"));
  EXPECT_FALSE(with(4, "9007199254740992"));
  EXPECT_FALSE(with(5, "asleep"));
  EXPECT_FALSE(with(6, "2"));
  EXPECT_FALSE(with(9, "unknown"));
  EXPECT_FALSE(with(15, "2"));
  EXPECT_FALSE(with(15, "1000000000000"));
  EXPECT_FALSE(with(16, "short"));
  EXPECT_FALSE(with(19, "stale"));
  EXPECT_FALSE(with(21, "fridge"));
}

}  // namespace
}  // namespace cluster

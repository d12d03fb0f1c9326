#include "bench/notification.h"

#include <gtest/gtest.h>

#include <array>

namespace bench {
namespace {

TEST(ScanNotification, finds_the_fields_in_any_order) {
  const auto online = scan_notification(
      R"(["user_online",{"userId":"user-000007","status":"busy","lastSeen":1,"deviceCount":1,)"
      R"("devices":[{"socketId":"x","deviceType":"web","connectedAt":1}],"version":12}])");
  ASSERT_TRUE(online);
  EXPECT_EQ(online->event, Event::user_online);
  EXPECT_EQ(online->subject, 7U);
  EXPECT_EQ(online->status, Status::busy);
  EXPECT_EQ(online->version, 12U);

  const auto changed = scan_notification(
      R"(["user_status_changed",{"version":9007199254740991,"status":"away","userId":"user-000001"}])");
  ASSERT_TRUE(changed);
  EXPECT_EQ(changed->event, Event::user_status_changed);
  EXPECT_EQ(changed->version, 9007199254740991U);
}

TEST(ScanNotification, refuses_what_lacks_a_field) {
  for (const char* packet :
       {R"(["user_offline",{"userId":"user-000001","status":"offline"}])",
        R"(["user_offline",{"userId":"user-000001","version":1}])",
        R"(["user_offline",{"status":"offline","version":1}])",
        R"(["user_offline",{"userId":"bob","status":"offline","version":1}])",
        R"(["user_offline",{"userId":"user-000001","status":"x","version":1}])",
        R"(["user_offline"])"}) {
    EXPECT_FALSE(scan_notification(packet)) << packet;
  }
}

TEST(ScanNotification, knows_no_other_events) {
  const auto other = scan_notification(R"(["contacts_changed",{}])");
  ASSERT_TRUE(other);
  EXPECT_EQ(other->event, Event::other);
}

TEST(ScanAck, reads_id_and_arguments) {
  const auto ack = scan_ack(R"(120[{"serverTime":1}])");
  ASSERT_TRUE(ack);
  EXPECT_EQ(ack->id, 120U);
  EXPECT_EQ(ack->arguments, R"([{"serverTime":1}])");
  EXPECT_FALSE(is_refusal(*ack));
  EXPECT_TRUE(is_refusal(*scan_ack(R"(0[{"error":{"code":"invalid_argument"}}])")));
  EXPECT_FALSE(scan_ack("[1]"));
  EXPECT_FALSE(scan_ack("12"));
}

TEST(ScanPresences, reads_all_users_in_order) {
  const auto all = scan_presences(
      R"([{"users":[{"userId":"user-000001","status":"online","version":7},{"userId":"user-000002","status":"offline"}],"timestamp":1}])");
  ASSERT_TRUE(all);
  EXPECT_EQ(*all, (std::vector<Presence>{{1, Status::online, 7}, {2, Status::offline, 0}}));
  EXPECT_TRUE(scan_presences(R"([{"users":[]}])")->empty());
  EXPECT_FALSE(scan_presences(R"([{"users":[{"userId":"bob","status":"online"}]}])"));
  EXPECT_FALSE(scan_presences(R"([{"users":[{"userId":"user-000001"}]}])"));
}

TEST(ScanNotification, names_a_snapshot) {
  const auto snapshot = scan_notification(R"(["presence_snapshot",{"users":[]}])");
  ASSERT_TRUE(snapshot);
  EXPECT_EQ(snapshot->event, Event::snapshot);
}

}  // namespace
}  // namespace bench

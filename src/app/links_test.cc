#include "app/links.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <vector>

#include "app/loop_threads.h"
#include "gateway/hub_fixture.h"

namespace app {
namespace {

using presence::DeviceRef;
using testing::ElementsAre;
using testing::IsEmpty;

using Lines = std::vector<std::string>;

// An outlet in the loop's thread that writes down what it is told, in order.
class LinksTest : public gateway::HubTest {
 protected:
  LinksTest() {
    outlet.on_said = [this](DeviceRef device, const std::string& line) {
      said_.push_back(std::to_string(device.index) + " " + line);
    };
  }
  void start(std::size_t mailbox_limit) {
    loops.emplace(1, mailbox_limit);
    loops->start([](unsigned) {}, [](unsigned) {});
    link.emplace((*loops)[0], [this]() -> gateway::Outlet& {
      EXPECT_TRUE((*loops)[0].in_loop_thread());
      ++deliveries;
      return outlet;
    });
    to_hub.emplace((*loops)[0], hub);
  }
  // What has arrived.
  Lines said() {
    return loops->in(0, [this] { return std::exchange(said_, {}); });
  }
  gateway::HeartbeatRequest heartbeat(DeviceRef device, uint64_t ack) {
    return {{device, ack}, {device, std::nullopt, std::nullopt}};
  }

  std::optional<LoopThreads> loops;
  std::optional<RemoteOutlet> link;
  std::optional<RemoteHub> to_hub;
  std::atomic<int> deliveries = 0;

 private:
  Lines said_;
};

TEST_F(LinksTest, WhatIsSaidWithinATurnArrivesInOrderAndAsOneTask) {
  start(1);
  const DeviceRef first{0, 1};
  const DeviceRef second{1, 1};
  {
    // Nothing of what is lent for a call is there any more when it arrives.
    std::string packet = "hello";
    std::vector<DeviceRef> to{first, second};
    link->accept(first);
    link->send(packet, to);
    link->refuse(second, {base::ErrorCode::kTooManyDevices, "too many"});
    link->send(packet, {&to[1], 1});
    link->close(first, presence::CloseReason::replaced);
    link->accept(second);
    link->await_drained(second);
    packet.assign(packet.size(), 'x');
    to.assign(2, DeviceRef{7, 7});
  }
  EXPECT_THAT(said(), IsEmpty());  // before the end of the turn
  EXPECT_EQ(deliveries, 0);
  EXPECT_TRUE(link->flush());
  EXPECT_THAT(said(), ElementsAre("0 accept", "0 hello", "1 hello", "1 refuse too_many_devices",
                                  "1 hello", "0 close", "1 accept", "1 await_drained"));
  EXPECT_EQ(deliveries, 1);
}

TEST_F(LinksTest, ATurnInWhichNothingIsSaidCostsNothing) {
  start(1);
  const Held held((*loops)[0]);
  ASSERT_TRUE((*loops)[0].post([] {}));  // full
  EXPECT_TRUE(link->flush());
  EXPECT_TRUE(to_hub->flush());
}

TEST_F(LinksTest, AFullMailboxLosesNothingAndKeepsTheOrder) {
  start(1);
  const DeviceRef device{0, 1};
  Held held((*loops)[0]);
  ASSERT_TRUE((*loops)[0].post([] {}));
  Lines expected;
  for (int i = 0; i < 50; ++i) {
    const std::string packet = std::to_string(i);
    link->send(packet, {&device, 1});
    EXPECT_FALSE(link->flush());
    expected.push_back("0 " + packet);
  }
  held.let_go();
  EXPECT_TRUE(store::eventually([this] { return link->flush(); }));
  link->close(device, presence::CloseReason::requested);
  EXPECT_TRUE(store::eventually([this] { return link->flush(); }));
  expected.emplace_back("0 close");
  EXPECT_EQ(said(), expected);
}

TEST_F(LinksTest, RequestsThatDoNotFitWaitAndKeepTheirOrder) {
  start(1);
  presence::Connect connect;
  connect.device = {0, 1};
  connect.user = "alice";
  connect.socket_id = presence::SocketId(std::string(20, 'a'));
  Held held((*loops)[0]);
  ASSERT_TRUE((*loops)[0].post([] {}));
  to_hub->submit(connect);
  EXPECT_FALSE(to_hub->flush());
  for (uint64_t i = 0; i < 50; ++i) {
    to_hub->submit(heartbeat(connect.device, i));
    EXPECT_FALSE(to_hub->flush());
  }
  held.let_go();
  EXPECT_TRUE(store::eventually([this] { return to_hub->flush(); }));
  to_hub->submit(presence::Left{connect.device});
  EXPECT_TRUE(store::eventually([this] { return to_hub->flush(); }));
  const Lines lines = said();
  ASSERT_EQ(lines.size(), 51U);
  EXPECT_EQ(lines[0], "0 accept");
  for (std::size_t i = 0; i < 50; ++i)
    EXPECT_TRUE(lines[i + 1].starts_with("0 3" + std::to_string(i) + "[{\"serverTime\""))
        << lines[i + 1];
  EXPECT_TRUE(loops->in(0, [this] { return directory.find("alice")->view.offline(); }));
}

TEST_F(LinksTest, WhatIsOnItsWayToALoopThatHasEndedIsDropped) {
  start(10);
  loops->stop();
  const DeviceRef device{0, 1};
  link->accept(device);
  EXPECT_TRUE(link->flush());
  to_hub->submit(presence::Left{device});
  EXPECT_TRUE(to_hub->flush());
  EXPECT_EQ(deliveries, 0);
}

TEST(LocalLinks, CallAtOnce) {
  gateway::RecordingOutlet outlet;
  LocalOutlet link;
  link.set_target(outlet);
  const DeviceRef device{0, 1};
  link.accept(device);
  link.send("x", {&device, 1});
  link.close(device, presence::CloseReason::requested);
  link.refuse(device, {base::ErrorCode::kUnauthorized, ""});
  EXPECT_THAT(outlet.take(device), ElementsAre("accept", "x", "close", "refuse unauthorized"));
}

}  // namespace
}  // namespace app

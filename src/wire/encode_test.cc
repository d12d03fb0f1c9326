#include "wire/encode.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <initializer_list>
#include <memory>
#include <string>

#include "presence/cursor.h"
#include "presence/test_world.h"

namespace wire {
namespace {

namespace json = boost::json;
using presence::DeviceState;
using presence::DeviceType;
using presence::OwnEvent;
using presence::Status;
using presence::TestWorld;
using presence::WatcherEvent;

constexpr int64_t kNow = 1'700'000'000'000;
constexpr std::string_view kPhone = "phone_______________";
constexpr std::string_view kLaptop = "laptop______________";

base::Instant now() {
  return {base::SteadyTime(base::Duration(5'000'000)), base::wall_from_millis(kNow)};
}

presence::View visible_view() {
  presence::View view;
  view.version = 9'007'199'254'740'991;
  view.status = Status::busy;
  view.message = base::CompactText("in a \"call\"\n");
  view.devices = {
      {presence::SocketId(kPhone), DeviceType::mobile, base::wall_from_millis(kNow - 60'000)},
      {presence::SocketId(kLaptop), DeviceType::web, base::wall_from_millis(kNow - 1)}};
  return view;
}

presence::View offline_view() {
  presence::View view;
  view.version = 8;
  view.last_seen = base::wall_from_millis(kNow - 5'000);
  view.reason = presence::OfflineReason::inactive;
  return view;
}

std::string status_of(const presence::View& view, Devices devices, std::string_view request = {}) {
  std::string out;
  append_status(out, "alice", view, now().wall, devices, request);
  return out;
}

// A user with devices of all states, as its own devices see it.
class OwnView : public testing::Test {
 protected:
  OwnView() {
    user.id = "alice";
    user.own_version = 42;
    user.last_seen = base::wall_from_millis(kNow - 7'000);
    user.here = std::make_unique<presence::ConnectedUser>();
    user.here->told.decision = {Status::away, true};
    presence::Device& phone = add(kPhone, DeviceState::live);
    phone.type = DeviceType::mobile;
    phone.os = strings.intern("iOS 18");
    phone.browser = strings.intern("Safari");
    phone.user_agent = strings.intern("Mozilla/5.0");
    phone.address = base::CompactText("2001:db8::1");
    add("gone________________", DeviceState::stale);
    add(kLaptop, DeviceState::lingering);
  }

  presence::Device& add(std::string_view socket_id, DeviceState state) {
    auto device = std::make_unique<presence::Device>(presence::UserHandle{0});
    device->socket_id = presence::SocketId(socket_id);
    device->state = state;
    device->connected_at = base::wall_from_millis(kNow - 60'000);
    device->last_heard = now().steady - base::Duration(2'000);
    user.here->devices.push_back(std::move(device));
    return *user.here->devices.back();
  }
  std::string status(Devices devices, std::string_view request = {}) {
    std::string out;
    append_own_status(out, user, now(), devices, request);
    return out;
  }

  static constexpr std::string_view kDevices =
      R"("devices":[{"socketId":"phone_______________","deviceType":"mobile","os":"iOS 18",)"
      R"("browser":"Safari","connectedAt":1699999940000,"lastHeartbeat":1699999998000,)"
      R"("ipAddress":"2001:db8::1","userAgent":"Mozilla/5.0"},)"
      R"({"socketId":"laptop______________","deviceType":"web","connectedAt":1699999940000,)"
      R"("lastHeartbeat":1699999998000}])";

  presence::StringPool strings;
  presence::User user;
};

TEST(Status, OfAVisibleUserListsWhatWatchersMaySeeOfItsDevices) {
  EXPECT_EQ(
      status_of(visible_view(), Devices::listed),
      R"({"userId":"alice","status":"busy","lastSeen":1700000000000,"deviceCount":2,"devices":[)"
      R"({"socketId":"phone_______________","deviceType":"mobile","connectedAt":1699999940000},)"
      R"({"socketId":"laptop______________","deviceType":"web","connectedAt":1699999999999}],)"
      R"("customMessage":"in a \"call\"\n","version":9007199254740991})");
}

TEST(Status, InAListHasNoDevicesButTheirNumber) {
  EXPECT_EQ(status_of(visible_view(), Devices::omitted),
            R"({"userId":"alice","status":"busy","lastSeen":1700000000000,"deviceCount":2,)"
            R"("customMessage":"in a \"call\"\n","version":9007199254740991})");
}

TEST(Status, OfAnOfflineUserSaysWhenItWasLastSeenAndNothingAbsent) {
  EXPECT_EQ(status_of(offline_view(), Devices::listed),
            R"({"userId":"alice","status":"offline","lastSeen":1699999995000,"deviceCount":0,)"
            R"("version":8})");
}

TEST(Status, SaysAutoAwayOnlyWhenItIsTrueAndRepeatsTheRequest) {
  presence::View view = visible_view();
  view.status = Status::away;
  view.auto_away = true;
  view.message = {};
  EXPECT_EQ(status_of(view, Devices::omitted, "r\\1"),
            R"({"userId":"alice","status":"away","lastSeen":1700000000000,"deviceCount":2,)"
            R"("autoAway":true,"version":9007199254740991,"requestId":"r\\1"})");
}

TEST(Stranger, HasNoVersionAndWasNeverSeen) {
  std::string out;
  append_stranger(out, "eve");
  EXPECT_EQ(out, R"({"userId":"eve","status":"offline","lastSeen":0,"deviceCount":0})");
  out.clear();
  append_stranger(out, "eve", "7");
  EXPECT_EQ(out,
            R"({"userId":"eve","status":"offline","lastSeen":0,"deviceCount":0,"requestId":"7"})");
}

TEST_F(OwnView, TellsAllOfTheDevicesThatCount) {
  EXPECT_EQ(status(Devices::listed),
            R"({"userId":"alice","status":"away","lastSeen":1700000000000,"deviceCount":2,)" +
                std::string(kDevices) + R"(,"autoAway":true,"version":42})");
  EXPECT_EQ(status(Devices::omitted, "r1"),
            R"({"userId":"alice","status":"away","lastSeen":1700000000000,"deviceCount":2,)"
            R"("autoAway":true,"version":42,"requestId":"r1"})");
}

TEST_F(OwnView, ShowsTheMessageOfAnInvisibleUserAndItsDevices) {
  user.here->told.decision = {Status::offline, false};
  user.chosen = std::make_unique<presence::ChosenStatus>(
      presence::Choice{Status::offline, "ghost", std::nullopt}, presence::UserHandle{0});
  EXPECT_EQ(status(Devices::listed),
            R"({"userId":"alice","status":"offline","lastSeen":1700000000000,"deviceCount":2,)" +
                std::string(kDevices) + R"(,"customMessage":"ghost","version":42})");
}

TEST_F(OwnView, OfAUserWhoIsGoneSaysWhenItWasLastSeen) {
  user.here.reset();
  EXPECT_EQ(status(Devices::listed),
            R"({"userId":"alice","status":"offline","lastSeen":1699999993000,"deviceCount":0,)"
            R"("devices":[],"version":42})");
}

TEST_F(OwnView, NeverHeardADeviceBeforeItConnected) {
  user.here->devices[0]->connected_at = now().wall;
  EXPECT_NE(status(Devices::listed).find(R"("lastHeartbeat":1700000000000)"), std::string::npos);
}

TEST_F(OwnView, EventsOfTheOwnDevices) {
  EXPECT_EQ(own_event(OwnEvent::user_status_changed, user, now()),
            R"(2["user_status_changed",{"userId":"alice","status":"away",)"
            R"("timestamp":1700000000000,"autoAway":true,"version":42}])");
  EXPECT_EQ(own_event(OwnEvent::user_devices_changed, user, now()),
            R"(2["user_devices_changed",{"userId":"alice","deviceCount":2,)" +
                std::string(kDevices) + R"(,"lastSeen":1700000000000,"version":42}])");
}

TEST(WatcherEvents, HaveTheFieldsOfTheContract) {
  presence::User user;
  user.id = "al\"ice";
  EXPECT_EQ(
      watcher_event(WatcherEvent::user_online, user, visible_view(), now().wall),
      R"(2["user_online",{"userId":"al\"ice","status":"busy","lastSeen":1700000000000,)"
      R"("deviceCount":2,"devices":[)"
      R"({"socketId":"phone_______________","deviceType":"mobile","connectedAt":1699999940000},)"
      R"({"socketId":"laptop______________","deviceType":"web","connectedAt":1699999999999}],)"
      R"("customMessage":"in a \"call\"\n","version":9007199254740991}])");
  EXPECT_EQ(watcher_event(WatcherEvent::user_offline, user, offline_view(), now().wall),
            R"(2["user_offline",{"userId":"al\"ice","status":"offline","lastSeen":1699999995000,)"
            R"("offlineReason":"inactive","version":8}])");
  EXPECT_EQ(watcher_event(WatcherEvent::user_status_changed, user, visible_view(), now().wall),
            R"(2["user_status_changed",{"userId":"al\"ice","status":"busy",)"
            R"("customMessage":"in a \"call\"\n","timestamp":1700000000000,"autoAway":false,)"
            R"("version":9007199254740991}])");
  EXPECT_EQ(
      watcher_event(WatcherEvent::user_devices_changed, user, visible_view(), now().wall),
      R"(2["user_devices_changed",{"userId":"al\"ice","deviceCount":2,"devices":[)"
      R"({"socketId":"phone_______________","deviceType":"mobile","connectedAt":1699999940000},)"
      R"({"socketId":"laptop______________","deviceType":"web","connectedAt":1699999999999}],)"
      R"("lastSeen":1700000000000,"version":9007199254740991}])");
}

TEST(WatcherEvents, NameEachReasonOfGoingOffline) {
  const presence::User user;
  presence::View view = offline_view();
  for (const auto& [reason, name] :
       std::initializer_list<std::pair<presence::OfflineReason, std::string_view>>{
           {presence::OfflineReason::disconnected, R"("disconnected")"},
           {presence::OfflineReason::inactive, R"("inactive")"},
           {presence::OfflineReason::manual, R"("manual")"}}) {
    view.reason = reason;
    const std::string event = watcher_event(WatcherEvent::user_offline, user, view, now().wall);
    EXPECT_NE(event.find("\"offlineReason\":" + std::string(name)), std::string::npos) << event;
  }
}

TEST(ContactsChanged, ShowsWhoWasAddedAndNamesWhoWasRemoved) {
  presence::User bob;
  bob.id = "bob";
  bob.view = offline_view();
  presence::User eve;
  eve.id = "eve";
  eve.view = visible_view();
  const std::vector<presence::AddedContact> added{{&bob, false}, {&eve, true}};
  const std::vector<presence::UserId> removed{"c\\arl", "dave"};
  EXPECT_EQ(contacts_changed(added, removed, now().wall),
            R"(2["contacts_changed",{"added":[{"userId":"bob","status":"offline",)"
            R"("lastSeen":1699999995000,"deviceCount":0,"version":8},)"
            R"({"userId":"eve","status":"offline","lastSeen":0,"deviceCount":0}],)"
            R"("removed":["c\\arl","dave"]}])");
  EXPECT_EQ(contacts_changed({}, {}, now().wall),
            R"(2["contacts_changed",{"added":[],"removed":[]}])");
}

TEST(Errors, CarryCodeMessageAndWhatTheyAnswer) {
  const base::Error error{base::ErrorCode::kInvalidArgument, "userId is \"missing\""};
  std::string out;
  append_error(out, error);
  EXPECT_EQ(out, R"({"code":"invalid_argument","message":"userId is \"missing\""})");
  EXPECT_EQ(presence_error(error, "a\"b", {}),
            R"({"code":"invalid_argument","message":"userId is \"missing\"","event":"a\"b"})");
  EXPECT_EQ(presence_error(error, "get_contacts", "r1"),
            R"({"code":"invalid_argument","message":"userId is \"missing\"",)"
            R"("event":"get_contacts","requestId":"r1"})");
  EXPECT_EQ(event_packet("presence_error", "{}"), R"(2["presence_error",{}])");
}

// --- What is read from the directory

struct Answers {
  Answers() {
    world.befriend("alice", "bob");
    world.befriend("alice", "carol");
    world.befriend("alice", "eve");
    world.block("eve", "alice");
    alice = world.connect("alice");
    world.connect("bob", {.key = {}, .type = DeviceType::mobile, .snapshot = false, .cursor = {}});
    world.connect("eve");
    world.connect("mallory");
  }

  json::value parsed(const std::string& text) const { return json::parse(text); }
  std::string one(std::string_view user) const {
    std::string out;
    append_answer(out, user, world.directory().look_up(alice, user), world.now(), Devices::listed);
    return out;
  }

  TestWorld world;
  presence::DeviceRef alice;
};

std::string text_of(const json::value& value, std::string_view field) {
  return std::string(value.as_object().at(field).as_string());
}

TEST(Answer, OfTheOwnUserOfAContactAndOfAStranger) {
  const Answers answers;
  const json::value own = answers.parsed(answers.one("alice"));
  EXPECT_TRUE(own.at("devices").as_array().at(0).as_object().contains("lastHeartbeat"));
  const json::value contact = answers.parsed(answers.one("bob"));
  EXPECT_EQ(text_of(contact, "status"), "online");
  for (const auto& [name, value] : contact.at("devices").as_array().at(0).as_object())
    EXPECT_TRUE(name == "socketId" || name == "deviceType" || name == "connectedAt") << name;
  // Blocking, connected but no contact, and not existing look the same.
  for (const char* stranger : {"eve", "mallory", "nobody"}) {
    EXPECT_EQ(answers.one(stranger), R"({"userId":")" + std::string(stranger) +
                                         R"(","status":"offline","lastSeen":0,"deviceCount":0})");
  }
}

TEST(BulkResponse, HasEachIdOnceInTheOrderAskedForWithoutDevices) {
  const Answers answers;
  const std::vector<std::string> ids{"nobody", "bob", "alice", "bob", "nobody"};
  const json::value response = answers.parsed(
      bulk_response(answers.world.directory(), answers.alice, ids, answers.world.now(), "r1"));
  std::vector<std::string> order;
  for (const json::value& entry : response.at("users").as_array()) {
    order.push_back(text_of(entry, "userId"));
    EXPECT_FALSE(entry.as_object().contains("devices"));
  }
  EXPECT_EQ(order, (std::vector<std::string>{"nobody", "bob", "alice"}));
  EXPECT_EQ(text_of(response, "requestId"), "r1");
  EXPECT_EQ(response.at("timestamp").as_int64(), TestWorld::kWallStart);
}

TEST(BulkResponse, OfNobodyIsEmpty) {
  const Answers answers;
  EXPECT_EQ(bulk_response(answers.world.directory(), answers.alice, {}, answers.world.now()),
            R"({"users":[],"timestamp":1700000000000})");
}

TEST(Snapshot, HasOneEntryPerContactAndACursorForTheNextOne) {
  Answers answers;
  const json::value full = answers.parsed(
      snapshot(answers.world.directory(), answers.alice, std::nullopt, answers.world.now(), "r2"));
  std::map<std::string, std::string> users;
  for (const json::value& entry : full.at("users").as_array())
    users[text_of(entry, "userId")] = text_of(entry, "status");
  EXPECT_EQ(users, (std::map<std::string, std::string>{
                       {"bob", "online"}, {"carol", "offline"}, {"eve", "offline"}}));
  EXPECT_TRUE(full.at("full").as_bool());
  EXPECT_EQ(text_of(full, "requestId"), "r2");
  EXPECT_EQ(full.at("timestamp").as_int64(), TestWorld::kWallStart);

  const auto cursor = presence::parse_cursor(text_of(full, "cursor"));
  ASSERT_TRUE(cursor);
  answers.world.choose("bob", Status::busy);
  const json::value changes = answers.parsed(
      snapshot(answers.world.directory(), answers.alice, cursor->sequence, answers.world.now()));
  ASSERT_EQ(changes.at("users").as_array().size(), 1U);
  EXPECT_EQ(text_of(changes.at("users").as_array().at(0), "status"), "busy");
  EXPECT_FALSE(changes.at("full").as_bool());
  EXPECT_FALSE(changes.as_object().contains("requestId"));
}

TEST(Snapshot, ForADeviceThatIsGoneIsEmpty) {
  const Answers answers;
  EXPECT_EQ(snapshot(answers.world.directory(), {77, 1}, std::nullopt, answers.world.now()),
            R"({"users":[],"full":true,"cursor":"","timestamp":1700000000000})");
}

}  // namespace
}  // namespace wire

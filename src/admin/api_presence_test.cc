// The presence routes, statuses and devices, and the statistics.

#include <gtest/gtest.h>

#include "admin/api_fixture.h"

namespace admin {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

class Presence : public ApiTest {};

std::string status_body(const std::string& status) { return R"({"status":")" + status + "\"}"; }

TEST_F(Presence, IsTheOwnViewWithFullDevices) {
  const auto device = connect("alice");
  hub.apply(presence::Choose{"alice", {presence::Status::offline, "shh", std::nullopt}});
  const auto user = json_of(call("GET", "/v1/users/alice/presence"));
  EXPECT_EQ(user.at("userId"), "alice");
  EXPECT_EQ(user.at("status"), "offline");
  EXPECT_EQ(user.at("customMessage"), "shh");
  EXPECT_EQ(user.at("deviceCount"), 1);
  const auto& devices = user.at("devices").as_array();
  ASSERT_EQ(devices.size(), 1U);
  EXPECT_EQ(devices[0].at("socketId").as_string(), directory.device(device)->socket_id.view());
  for (const char* field : {"connectedAt", "lastHeartbeat", "deviceType"})
    EXPECT_TRUE(devices[0].as_object().contains(field)) << field;
}

TEST_F(Presence, OfSomebodyWhoNeverCameIsAStrangers) {
  EXPECT_EQ(call("GET", "/v1/users/nobody/presence").body(),
            R"({"userId":"nobody","status":"offline","lastSeen":0,"deviceCount":0})");
}

TEST_F(Presence, AQueryAnswersInItsOrderAndEachIdOnce) {
  connect("bob");
  const auto answer = json_of(call("POST", "/v1/presence/query",
                                   R"({"userIds":["nobody","bob","nobody","alice","bob"],)"
                                   R"("requestId":"r7","else":1})"));
  std::vector<std::string> ids;
  for (const auto& user : answer.at("users").as_array()) {
    ids.emplace_back(user.at("userId").as_string());
    EXPECT_FALSE(user.as_object().contains("devices"));
  }
  EXPECT_THAT(ids, ElementsAre("nobody", "bob", "alice"));
  EXPECT_EQ(answer.at("users").at(1).at("status"), "online");
  EXPECT_EQ(answer.at("timestamp"), kStart);
  EXPECT_EQ(answer.at("requestId"), "r7");
  EXPECT_EQ(call("POST", "/v1/presence/query", R"({"userIds":[]})").body(),
            R"({"users":[],"timestamp":)" + std::to_string(kStart) + "}");
}

TEST_F(Presence, AQueryIsOfAThousandIdsAtMost) {
  const auto ask = [this](int count) -> FakeExchange& {
    std::string body = R"({"userIds":[)";
    for (int i = 0; i < count; ++i) body += (i == 0 ? "\"u" : ",\"u") + std::to_string(i) + "\"";
    return call("POST", "/v1/presence/query", body + "]}");
  };
  EXPECT_EQ(json_of(ask(1000)).at("users").as_array().size(), 1000U);
  expect_problem(ask(1001), 400, "invalid_argument", "userIds");
}

TEST_F(Presence, ABadBodyIs400AndSaysWhatIsWrong) {
  const auto refused = [this](const std::string& body, const std::string& detail) {
    expect_problem(call("POST", "/v1/presence/query", body), 400, "invalid_argument", detail);
  };
  for (const char* text :
       {"", "{", "nonsense", "{}{}", R"({"userIds":["a"])", "{\"userIds\":[\"\xff\"]}"})
    refused(text, "must be JSON");
  refused(R"({"userIds":)" + std::string(40, '[') + std::string(40, ']') + "}", "must be JSON");
  refused("[]", "object");
  refused("{}", "userIds is missing");
  refused(R"({"userIds":"a"})", "userIds");
  refused(R"({"userIds":["a",5]})", "userIds[1]");
  refused(R"({"userIds":["a",""]})", "userIds[1]");
  refused(R"({"userIds":[],"requestId":5})", "requestId");
}

// --- Choosing for a user

TEST_F(Presence, AChosenStatusIsAnsweredOnceItIsKept) {
  const auto watcher = connect("bob");
  connect("alice");
  outlet.forget();
  FakeExchange& exchange = open("PUT", "/v1/users/alice/status");
  exchange.send(R"({"status":"busy","customMessage":"In a meeting"})");
  exchange.end_body();
  // It is true at once; the answer waits.
  EXPECT_THAT(kinds(watcher), ElementsAre(R"(2["user_status_changed",)"));
  EXPECT_FALSE(exchange.over());
  ASSERT_EQ(ports.keeping.size(), 1U);
  EXPECT_EQ(ports.keeping.front().record.choice.message, "In a meeting");
  ports.keep();
  const auto user = json_of(exchange);
  EXPECT_EQ(user.at("status"), "busy");
  EXPECT_EQ(user.at("customMessage"), "In a meeting");
  EXPECT_TRUE(user.contains("devices"));
}

TEST_F(Presence, AChosenStatusThatCannotBeKeptIs503AndTakenBack) {
  connect("alice");
  FakeExchange& exchange = open("PUT", "/v1/users/alice/status");
  exchange.send(status_body("away"));
  exchange.end_body();
  EXPECT_EQ(status_of("alice"), presence::Status::away);
  ports.fail();
  expect_problem(exchange, 503, "store_unavailable", "the disk is full");
  EXPECT_EQ(status_of("alice"), presence::Status::online);
}

TEST_F(Presence, AStatusOfSomebodyWhoIsAwayIsChosenToo) {
  FakeExchange& exchange = open("PUT", "/v1/users/carol/status");
  exchange.send(R"({"status":"busy","expiresAt":)" + std::to_string(kStart + 60'000) + "}");
  exchange.end_body();
  ports.keep();
  EXPECT_EQ(json_of(exchange).at("status"), "offline");
  connect("carol");
  EXPECT_EQ(status_of("carol"), presence::Status::busy);
  pass(base::Duration(60'100));
  EXPECT_EQ(status_of("carol"), presence::Status::online);
}

TEST_F(Presence, ABadChoiceIs400NamesTheFieldAndChangesNothing) {
  connect("alice");
  const auto refused = [this](const std::string& body, const std::string& field) {
    expect_problem(call("PUT", "/v1/users/alice/status", body), 400, "invalid_argument", field);
  };
  refused("", "JSON");
  refused("{}", "status");
  refused(status_body("lunch"), "status");
  refused(R"({"status":5})", "status");
  refused(R"({"status":"busy","customMessage":")" + std::string(257, 'x') + "\"}", "customMessage");
  refused(R"({"status":"busy","expiresAt":)" + std::to_string(kStart) + "}", "expiresAt");
  EXPECT_THAT(ports.keeping, IsEmpty());
  EXPECT_EQ(status_of("alice"), presence::Status::online);
}

TEST_F(Presence, WhoeverIsGoneWhenTheStatusIsKeptIsNotAnswered) {
  connect("alice");
  FakeExchange& exchange = open("PUT", "/v1/users/alice/status");
  exchange.send(status_body("busy"));
  exchange.end_body();
  exchange.go_away();
  ports.keep();
  EXPECT_FALSE(exchange.response);
  EXPECT_EQ(status_of("alice"), presence::Status::busy);
}

// --- Disconnecting a device

TEST_F(Presence, ADeviceIsDisconnected) {
  const auto first = connect("alice");
  const auto second = connect("alice");
  const std::string id(directory.device(first)->socket_id.view());
  outlet.forget();
  const FakeExchange& answer = call("DELETE", "/v1/users/alice/devices/" + id);
  EXPECT_EQ(answer.status(), 204);
  EXPECT_EQ(answer.body(), "");
  EXPECT_THAT(outlet.take(first), ElementsAre("close"));
  EXPECT_THAT(kinds(second), ElementsAre(R"(2["user_devices_changed",)"));
  expect_problem(call("DELETE", "/v1/users/alice/devices/" + id), 404, "not_found", "device");
}

TEST_F(Presence, ADeviceOfNobodyOfAnotherUserOrThatLingersIs404) {
  const auto device = connect("alice");
  const std::string id(directory.device(device)->socket_id.view());
  expect_problem(call("DELETE", "/v1/users/alice/devices/nothing"), 404, "not_found", "device");
  expect_problem(call("DELETE", "/v1/users/nobody/devices/" + id), 404, "not_found", "device");
  connect("bob");
  expect_problem(call("DELETE", "/v1/users/bob/devices/" + id), 404, "not_found", "device");
  hub.handle(presence::Lost{device});
  expect_problem(call("DELETE", "/v1/users/alice/devices/" + id), 404, "not_found", "device");
  EXPECT_THAT(outlet.take(device), testing::Not(testing::Contains("close")));
}

// --- Statistics

TEST_F(Presence, StatisticsCountUsersDevicesAndConnections) {
  connect("alice");
  connect("alice");
  connect("carol");
  pass(base::Duration(5000));
  EXPECT_EQ(call("GET", "/v1/stats").body(),
            R"({"node":"n1","nodes":1,"connections":7,"users":2,"devices":3,"knownUsers":3,)"
            R"("uptimeMs":5000})");
}

// --- Limits

TEST_F(Presence, BodiesAreOneMebibyteAtMost) {
  for (const auto& [method, target] :
       {std::pair{"POST", "/v1/presence/query"}, std::pair{"PUT", "/v1/users/alice/status"}}) {
    FakeExchange& fits = open(method, target);
    fits.announce(1U << 20);
    EXPECT_FALSE(fits.over());
    FakeExchange& announced = open(method, target);
    announced.announce((1U << 20) + 1);
    expect_problem(announced, 413, "invalid_argument", "too large");
    FakeExchange& chunked = open(method, target);
    chunked.send(std::string(1U << 20, ' '));
    EXPECT_FALSE(chunked.over());
    chunked.send(" ");
    expect_problem(chunked, 413, "invalid_argument", "too large");
    EXPECT_THAT(chunked.body(), HasSubstr("Content Too Large"));
  }
}

TEST_F(Presence, ABodyIsReadInPiecesOfAnySize) {
  const std::string body = "  {\"userIds\":[\"\xc3\xbc\",\"b\"]}\r\n";
  for (std::size_t size = 1; size <= body.size(); ++size) {
    FakeExchange& exchange = open("POST", "/v1/presence/query");
    for (std::size_t at = 0; at < body.size(); at += size) {
      exchange.send(body.substr(at, size));
      EXPECT_FALSE(exchange.over());
    }
    exchange.end_body();
    EXPECT_THAT(exchange.body(), StartsWith("{\"users\":[{\"userId\":\"\xc3\xbc\","));
  }
}

TEST_F(Presence, WhoGoesAwayWhileSendingTheBodyChangesNothing) {
  connect("alice");
  FakeExchange& exchange = open("PUT", "/v1/users/alice/status");
  exchange.send(R"({"status":"busy"})");
  exchange.go_away();
  exchange.end_body();
  EXPECT_FALSE(exchange.response);
  EXPECT_THAT(ports.keeping, IsEmpty());
}

}  // namespace
}  // namespace admin

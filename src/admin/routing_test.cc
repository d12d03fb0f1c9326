// Which requests are answered at all: paths, methods, the key, health.

#include <gtest/gtest.h>

#include "admin/api_fixture.h"
#include "admin/problem.h"

namespace admin {
namespace {

struct Route {
  std::string target;
  std::string methods;  // as the Allow header has them
};
const std::vector<Route> kRoutes{
    {"/v1/users/alice/presence", "GET, HEAD"},
    {"/v1/presence/query", "POST"},
    {"/v1/users/alice/status", "PUT"},
    {"/v1/users/alice/devices/x", "DELETE"},
    {"/v1/users/alice/contacts", "GET, HEAD, PUT"},
    {"/v1/users/alice/contacts/bob", "PUT, DELETE"},
    {"/v1/users/alice/blocks/bob", "PUT, DELETE"},
    {"/v1/contacts", "GET, HEAD, POST"},
    {"/v1/users/alice", "DELETE"},
    {"/v1/users/alice/export", "GET, HEAD"},
    {"/v1/stats", "GET, HEAD"},
};

class Routing : public ApiTest {};

TEST_F(Routing, PathsThatAreOurs) {
  for (const char* path : {"/v1", "/v1/", "/v1/anything", "/healthz", "/readyz"})
    EXPECT_TRUE(Api::matches(path)) << path;
  for (const char* path :
       {"/", "", "*", "/v10", "/v2/users", "/healthz/", "/readyz2", "/socket.io/"})
    EXPECT_FALSE(Api::matches(path)) << path;
}

TEST_F(Routing, AnotherMethodIs405AndNamesThoseThatAre) {
  for (const Route& route : kRoutes) {
    for (const char* method : {"GET", "PUT", "POST", "DELETE", "PATCH", "HEAD", "get"}) {
      if ((", " + route.methods + ",").find(std::string(" ") + method + ",") != std::string::npos)
        continue;
      const FakeExchange& answer = open(method, route.target);
      expect_problem(answer, 405, "invalid_argument", "method");
      EXPECT_EQ(answer.header("Allow"), route.methods) << route.target;
    }
  }
}

TEST_F(Routing, WhatIsNoResourceIs404) {
  for (const char* target :
       {"/v1", "/v1/", "/v1/nothing", "/v1/users", "/v1/users/alice/nothing",
        "/v1/users/alice/presence/", "/v1/users/alice/contacts/bob/c", "/v1/users/alice/nothing/x",
        "/v1/presence", "/v1/presence/query/", "/v1/stats/", "/v1/contacts/x", "/v1//users/alice"})
    for (const char* method : {"GET", "PUT", "DELETE"})
      expect_problem(open(method, target), 404, "not_found", "no such resource");
}

TEST_F(Routing, OnTheOperatorsOwnAddressEverythingElseIs404) {
  // Every request comes here then, whether matches() knows its path or not.
  for (const char* target : {"/", "*", "", "/metrics", "/index.html", "/healthz/", "/socket.io/"})
    expect_problem(open("GET", target, ""), 404, "not_found", "no such resource");
}

TEST_F(Routing, SegmentsArePercentDecodedOneByOne) {
  const auto user_of = [this](const std::string& segment) {
    return std::string(
        json_of(open("GET", "/v1/users/" + segment + "/presence")).at("userId").as_string());
  };
  EXPECT_EQ(user_of("a%2Fb"), "a/b");
  EXPECT_EQ(user_of("a+b"), "a+b");
  EXPECT_EQ(user_of("%c3%BC"), "\xc3\xbc");
  EXPECT_EQ(user_of(".."), "..");
  EXPECT_EQ(user_of("50%25"), "50%");
  // What follows a question mark is no path.
  expect_problem(open("DELETE", "/v1/stats?a/b"), 405, "invalid_argument", "method");
}

TEST_F(Routing, BrokenEscapesAndIdsAre400AndNameThem) {
  for (const char* target : {"/v1/users/%zz/presence", "/v1/users/%4/presence", "/v1/%"})
    expect_problem(open("GET", target), 400, "invalid_argument", "percent escape");
  for (const std::string& id : {std::string(129, 'x'), std::string(), std::string("%00"),
                                std::string("%0a"), std::string("%ff"), std::string("%c2%80")}) {
    expect_problem(open("GET", "/v1/users/" + id + "/presence"), 400, "invalid_argument",
                   "user id");
    for (const char* list : {"/contacts/", "/blocks/"})
      expect_problem(open("PUT", "/v1/users/alice" + (list + id)), 400, "invalid_argument",
                     "other user id");
  }
  EXPECT_EQ(open("GET", "/v1/users/" + std::string(128, 'x') + "/presence").status(), 200);
}

// --- The key

TEST_F(Routing, WithoutTheKeyEverythingBelowV1Is401) {
  for (const char* authorization :
       {"", "Bearer", "Bearer ", "Bearer  ", "Bearer wrong", "Bearer operator-ke",
        "Bearer operator-keyy", "Bearer OPERATOR-KEY", "Basic operator-key", "operator-key",
        "Beareroperator-key"}) {
    for (const Route& route : kRoutes) {
      const FakeExchange& answer = open("GET", route.target, authorization);
      expect_problem(answer, 401, "unauthorized", "API key");
      EXPECT_EQ(answer.header("WWW-Authenticate"), "Bearer");
    }
    // Not even whether there is such a resource, or such an id.
    for (const char* target : {"/v1", "/v1/nothing", "/v1/users/%00/presence"})
      expect_problem(open("GET", target, authorization), 401, "unauthorized", "API key");
  }
}

TEST_F(Routing, TheSchemeMayBeSpelledInAnyCase) {
  for (const char* authorization :
       {"Bearer operator-key", "bearer operator-key", "BEARER  operator-key "})
    EXPECT_EQ(open("GET", "/v1/stats", authorization).status(), 200) << authorization;
}

TEST_F(Routing, WithoutAKeyConfiguredThereIsNoInterface) {
  start({});
  for (const char* authorization : {"", "Bearer", "Bearer ", "Bearer x"}) {
    for (const Route& route : kRoutes)
      expect_problem(open("GET", route.target, authorization), 404, "not_found", "api_key");
  }
  EXPECT_EQ(open("GET", "/healthz", "").status(), 200);
}

// --- Health

TEST_F(Routing, HealthNeedsNoKeyAndSaysNothingOfReadiness) {
  unready = "the store is unavailable: disk full";
  EXPECT_EQ(json_of(open("GET", "/healthz", "")).at("status"), "ok");
  EXPECT_EQ(open("HEAD", "/healthz", "").status(), 200);
}

TEST_F(Routing, ReadinessSaysWhyNot) {
  EXPECT_EQ(json_of(open("GET", "/readyz", "")).at("status"), "ready");
  EXPECT_EQ(open("HEAD", "/readyz", "").status(), 200);
  unready = "the store is unavailable: disk full";
  expect_problem(open("GET", "/readyz", ""), 503, "store_unavailable", unready);
  EXPECT_EQ(open("HEAD", "/readyz", "").status(), 503);
}

TEST_F(Routing, HealthIsOnlyAskedFor) {
  for (const char* target : {"/healthz", "/readyz"}) {
    const FakeExchange& answer = open("POST", target, "");
    expect_problem(answer, 405, "invalid_argument", "method");
    EXPECT_EQ(answer.header("Allow"), "GET, HEAD");
  }
}

// --- Problems

TEST(Problem, HasTheStatusOfItsCode) {
  const auto status_of = [](base::ErrorCode code) { return problem({code, "why"}).status; };
  EXPECT_EQ(status_of(base::ErrorCode::kInvalidArgument), 400);
  EXPECT_EQ(status_of(base::ErrorCode::kUnauthorized), 401);
  EXPECT_EQ(status_of(base::ErrorCode::kNotFound), 404);
  EXPECT_EQ(status_of(base::ErrorCode::kConflict), 409);
  EXPECT_EQ(status_of(base::ErrorCode::kStoreUnavailable), 503);
  EXPECT_EQ(status_of(base::ErrorCode::kInternal), 500);
}

TEST(Problem, QuotesWhatItSays) {
  EXPECT_EQ(problem(409, "conflict", "a \"b\"\n").body,
            R"({"type":"about:blank","title":"Conflict","status":409,)"
            R"("detail":"a \"b\"\n","code":"conflict"})");
}

}  // namespace
}  // namespace admin

// Contacts, blocks, all edges, and forgetting a user: against a real store.

#include <gtest/gtest.h>

#include <algorithm>
#include <tuple>

#include "admin/api_fixture.h"

namespace admin {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Contacts : public ApiTest {
 protected:
  static std::string list(const std::string& ids) { return "{\"contacts\":[" + ids + "]}"; }
  // A stream as far as it has come: the head has been sent, one page is there.
  FakeExchange& begin_export(std::size_t high_mark) {
    FakeExchange& exchange = open("GET", "/v1/contacts");
    exchange.high_mark = high_mark;
    wait_for_store();
    run_posted();
    EXPECT_EQ(exchange.chunks, 1U);
    return exchange;
  }
  void import(int edges) {
    std::string lines;
    for (int i = 0; i < edges; ++i)
      lines += R"({"user":"u)" + std::to_string(i) + R"(","contact":"c"})" + "\n";
    EXPECT_EQ(call("POST", "/v1/contacts?mutual=false", lines).status(), 200);
  }
};

// --- Lists

TEST_F(Contacts, AreAddedInBothDirectionsUnlessToldOtherwise) {
  const FakeExchange& added = call("PUT", "/v1/users/alice/contacts/carol");
  EXPECT_EQ(added.status(), 204);
  EXPECT_EQ(added.body(), "");
  EXPECT_EQ(contacts_of("alice"), list("\"carol\""));
  EXPECT_EQ(contacts_of("carol"), list("\"alice\""));
  EXPECT_EQ(call("PUT", "/v1/users/alice/contacts/dave?mutual=false").status(), 204);
  EXPECT_EQ(contacts_of("alice"), list("\"carol\",\"dave\""));
  EXPECT_EQ(contacts_of("dave"), list(""));
  EXPECT_EQ(call("DELETE", "/v1/users/alice/contacts/carol?mutual=false").status(), 204);
  EXPECT_EQ(contacts_of("alice"), list("\"dave\""));
  EXPECT_EQ(contacts_of("carol"), list("\"alice\""));
  EXPECT_EQ(call("DELETE", "/v1/users/alice/contacts/carol?mutual=true").status(), 204);
  EXPECT_EQ(contacts_of("carol"), list(""));
  // What is there already, or gone already, is as it should be.
  EXPECT_EQ(call("PUT", "/v1/users/alice/contacts/dave?mutual=false").status(), 204);
  EXPECT_EQ(call("DELETE", "/v1/users/alice/contacts/nobody").status(), 204);
}

TEST_F(Contacts, AListIsReplaced) {
  call("PUT", "/v1/users/alice/contacts", list(R"("carol","dave","carol")"));
  EXPECT_EQ(contacts_of("alice"), list(R"("carol","dave")"));
  EXPECT_EQ(contacts_of("dave"), list("\"alice\""));
  call("PUT", "/v1/users/alice/contacts?mutual=false", list("\"erin\""));
  EXPECT_EQ(contacts_of("alice"), list("\"erin\""));
  EXPECT_EQ(contacts_of("dave"), list("\"alice\""));
  EXPECT_EQ(contacts_of("erin"), list(""));
  EXPECT_EQ(call("PUT", "/v1/users/alice/contacts", list("")).status(), 204);
  EXPECT_EQ(contacts_of("alice"), list(""));
}

TEST_F(Contacts, AChangeIsAnsweredAfterItIsKeptAndTold) {
  const auto device = connect("alice");
  connect("carol");
  outlet.forget();
  FakeExchange& exchange = open("PUT", "/v1/users/alice/contacts/carol");
  wait_for_store();
  EXPECT_FALSE(exchange.over());
  EXPECT_THAT(outlet.take(device), IsEmpty());
  let_in(exchange);
  EXPECT_EQ(exchange.status(), 204);
  EXPECT_THAT(kinds(device), ElementsAre(R"(2["contacts_changed",)"));
}

TEST_F(Contacts, AChangeTakesEffectThoughItsAskerHasGone) {
  const auto device = connect("alice");
  outlet.forget();
  FakeExchange& exchange = open("PUT", "/v1/users/alice/contacts/carol");
  wait_for_store();
  exchange.go_away();
  EXPECT_EQ(run_posted(), 1U);
  EXPECT_FALSE(exchange.response);
  EXPECT_THAT(kinds(device), ElementsAre(R"(2["contacts_changed",)"));
}

TEST_F(Contacts, BlocksHideAndUnblocksShow) {
  call("PUT", "/v1/users/alice/contacts/bob");
  connect("alice");
  const auto bob = connect("bob");
  outlet.forget();
  EXPECT_EQ(call("PUT", "/v1/users/alice/blocks/bob").status(), 204);
  EXPECT_THAT(kinds(bob), ElementsAre(R"(2["user_offline",)"));
  EXPECT_EQ(contacts_of("bob"), list("\"alice\""));
  EXPECT_EQ(call("DELETE", "/v1/users/alice/blocks/bob").status(), 204);
  EXPECT_THAT(kinds(bob), ElementsAre(R"(2["user_online",)"));
}

TEST_F(Contacts, BadListsAre400AndNameWhatIsWrong) {
  const auto refused = [this](const std::string& body, const std::string& detail) {
    expect_problem(call("PUT", "/v1/users/alice/contacts", body), 400, "invalid_argument", detail);
  };
  refused("", "JSON");
  refused("[]", "object");
  refused("{}", "contacts is missing");
  refused(R"({"contacts":"x"})", "contacts must be an array");
  refused(list("\"ok\",5"), "contacts[1] must be a string");
  refused(list("\"ok\",\"\""), "contacts[1]");
  refused(list("\"" + std::string(129, 'x') + "\""), "contacts[0]");
  refused(list("\"alice\""), "own contact");
  EXPECT_EQ(contacts_of("alice"), list(""));
}

TEST_F(Contacts, NobodyIsTheirOwnContactOrBlocksThemselves) {
  expect_problem(call("PUT", "/v1/users/alice/contacts/alice"), 400, "invalid_argument", "own");
  expect_problem(call("PUT", "/v1/users/alice/blocks/alice"), 400, "invalid_argument", "block");
}

TEST_F(Contacts, MutualIsTrueOrFalse) {
  for (const auto& [method, target] :
       {std::pair{"PUT", "/v1/users/alice/contacts/bob"},
        std::pair{"DELETE", "/v1/users/alice/contacts/bob"},
        std::pair{"PUT", "/v1/users/alice/contacts"}, std::pair{"POST", "/v1/contacts"}}) {
    for (const char* text : {"maybe", "1", "TRUE", "False"}) {
      const FakeExchange& answer = open(method, std::string(target) + "?mutual=" + text);
      expect_problem(answer, 400, "invalid_argument", "mutual");
    }
  }
}

TEST_F(Contacts, AStoreThatIsAwayIs503EverywhereAndNothingHappened) {
  const auto device = connect("alice");
  outlet.forget();
  kept->stop();
  for (const auto& [method, target, body] :
       {std::tuple{"GET", "/v1/users/alice/contacts", ""},
        std::tuple{"PUT", "/v1/users/alice/contacts", R"({"contacts":["x"]})"},
        std::tuple{"PUT", "/v1/users/alice/contacts/x", ""},
        std::tuple{"DELETE", "/v1/users/alice/contacts/bob", ""},
        std::tuple{"PUT", "/v1/users/alice/blocks/bob", ""},
        std::tuple{"DELETE", "/v1/users/alice/blocks/bob", ""},
        std::tuple{"GET", "/v1/contacts", ""},
        std::tuple{"POST", "/v1/contacts", R"({"user":"a","contact":"b"})"},
        std::tuple{"GET", "/v1/users/alice/export", ""}})
    expect_problem(call(method, target, body), 503, "store_unavailable", "the store");
  EXPECT_THAT(outlet.take(device), IsEmpty());
}

TEST_F(Contacts, ListsAre16MebibytesAndImports64AtMost) {
  for (const auto& [method, target, limit] :
       {std::tuple{"PUT", "/v1/users/alice/contacts", 16U << 20},
        std::tuple{"POST", "/v1/contacts", 64U << 20}}) {
    FakeExchange& fits = open(method, target);
    fits.announce(limit);
    EXPECT_FALSE(fits.over());
    FakeExchange& larger = open(method, target);
    larger.announce(limit + 1);
    expect_problem(larger, 413, "invalid_argument", "too large");
  }
}

// --- All edges

TEST_F(Contacts, AnImportIsAnsweredWithWhatWasNew) {
  const std::string lines =
      "{\"user\":\"a\",\"contact\":\"b\"}\n{\"user\":\"a\",\"contact\":\"c\"}";
  EXPECT_EQ(call("POST", "/v1/contacts", lines).body(), R"({"added":4})");
  EXPECT_EQ(call("POST", "/v1/contacts", lines).body(), R"({"added":0})");
  EXPECT_EQ(call("POST", "/v1/contacts", "").body(), R"({"added":0})");
  EXPECT_EQ(call("POST", "/v1/contacts?mutual=false", R"({"user":"a","contact":"d"})").body(),
            R"({"added":1})");
  EXPECT_EQ(contacts_of("a"), list(R"("b","c","d")"));
  EXPECT_EQ(contacts_of("d"), list(""));
}

TEST_F(Contacts, AnImportIsToldToWhoIsConnected) {
  const auto device = connect("alice");
  outlet.forget();
  call("POST", "/v1/contacts", R"({"user":"alice","contact":"carol"})");
  EXPECT_THAT(kinds(device), ElementsAre(R"(2["contacts_changed",)"));
}

TEST_F(Contacts, ABadLineIsNamedAndNothingIsImported) {
  for (const char* bad : {"nonsense", R"({"user":"a"})", R"({"user":"a","contact":5})", "[]"}) {
    const FakeExchange& answer =
        call("POST", "/v1/contacts", "{\"user\":\"p\",\"contact\":\"q\"}\n" + std::string(bad));
    expect_problem(answer, 400, "invalid_argument", "body:2");
  }
  EXPECT_EQ(contacts_of("p"), list(""));
}

TEST_F(Contacts, TheExportIsNdjsonInOrder) {
  EXPECT_EQ(call("GET", "/v1/contacts").body(), "");
  call("PUT", "/v1/users/b/contacts/a");
  call("PUT", "/v1/users/a/contacts/%22%0bx");  // refused: a control character
  call("PUT", "/v1/users/a/contacts/%22c?mutual=false");
  const FakeExchange& exchange = call("GET", "/v1/contacts");
  EXPECT_EQ(exchange.status(), 200);
  EXPECT_EQ(exchange.header("Content-Type"), "application/x-ndjson");
  EXPECT_EQ(exchange.body(), R"({"user": "a", "contact": "\"c"})"
                             "\n"
                             R"({"user": "a", "contact": "b"})"
                             "\n"
                             R"({"user": "b", "contact": "a"})"
                             "\n");
  EXPECT_TRUE(exchange.ended);
}

TEST_F(Contacts, TheExportWaitsForAPeerThatDoesNotRead) {
  import(4500);
  FakeExchange& exchange = begin_export(1000);
  // Its output is full: the next page is not even asked for.
  store::Hold(*kept).let_go();
  EXPECT_EQ(run_posted(), 0U);
  EXPECT_EQ(exchange.chunks, 1U);
  exchange.drain();
  wait_for_store();
  run_posted();
  EXPECT_EQ(exchange.chunks, 2U);
  exchange.drain();
  wait_for_store();
  run_posted();
  EXPECT_EQ(exchange.chunks, 3U);
  exchange.drain();
  let_in(exchange);
  EXPECT_TRUE(exchange.ended);
  EXPECT_EQ(std::count(exchange.response->body.begin(), exchange.response->body.end(), '\n'), 4500);
}

TEST_F(Contacts, TheExportIsGivenUpWhenThePeerGoes) {
  import(4500);
  FakeExchange& full = begin_export(1000);
  full.go_away();
  full.drain();
  FakeExchange& reading = begin_export(1U << 30);
  wait_for_store();
  reading.go_away();
  EXPECT_EQ(run_posted(), 1U);
  EXPECT_EQ(reading.chunks, 1U);
  FakeExchange& early = open("GET", "/v1/contacts");
  early.go_away();
  wait_for_store();
  EXPECT_EQ(run_posted(), 1U);
  EXPECT_FALSE(early.response);
  // Nobody asks for more.
  store::Hold(*kept).let_go();
  EXPECT_EQ(run_posted(), 0U);
}

TEST_F(Contacts, AnExportThatCannotGoOnIsCutAndDoesNotEnd) {
  import(4500);
  FakeExchange& exchange = begin_export(1000);
  kept->stop();
  exchange.drain();
  let_in(exchange);
  EXPECT_TRUE(exchange.cut);
  EXPECT_FALSE(exchange.ended);
  EXPECT_EQ(exchange.status(), 200);
}

// --- What is kept of a user

TEST_F(Contacts, TheExportOfAUserIsEverythingThatIsKept) {
  EXPECT_EQ(call("GET", "/v1/users/alice/export").body(),
            R"({"userId":"alice","contacts":[],"viewers":[],"blocks":[],"blockedBy":[]})");
  presence::UserRecord record = store::seen_at("alice", 1000);
  record.visible_last_seen = base::wall_from_millis(500);
  record.choice = {presence::Status::busy, "a \"b\"", base::wall_from_millis(9000)};
  store::Waiting waiting(*kept);
  waiting.save(record);
  waiting.add("alice", "bob", store::Mutual::kNo);
  waiting.add("carol", "alice", store::Mutual::kNo);
  waiting.block("alice", "dave");
  waiting.block("erin", "alice");
  EXPECT_EQ(call("GET", "/v1/users/alice/export").body(),
            R"({"userId":"alice","lastSeen":1000,"visibleLastSeen":500,"chosenStatus":"busy",)"
            R"("customMessage":"a \"b\"","expiresAt":9000,"contacts":["bob"],"viewers":["carol"],)"
            R"("blocks":["dave"],"blockedBy":["erin"]})");
}

TEST_F(Contacts, AUserIsForgottenEverywhere) {
  call("PUT", "/v1/users/alice/contacts/bob");
  store::Waiting(*kept).save(store::seen_at("alice", 1000));
  const auto device = connect("alice");
  const auto bob = connect("bob");
  outlet.forget();
  ports.saved.clear();
  EXPECT_EQ(call("DELETE", "/v1/users/alice").status(), 204);
  EXPECT_THAT(outlet.take(device), ElementsAre("close"));
  EXPECT_THAT(kinds(bob), ElementsAre(R"(2["user_offline",)", R"(2["contacts_changed",)"));
  EXPECT_EQ(contacts_of("bob"), list(""));
  EXPECT_THAT(call("GET", "/v1/users/alice/export").body(), testing::Not(HasSubstr("lastSeen")));
  EXPECT_THAT(call("GET", "/v1/users/alice/presence").body(), HasSubstr(R"("lastSeen":0)"));
  EXPECT_THAT(ports.saved,
              testing::Each(testing::Field(&presence::UserRecord::user, testing::Ne("alice"))));
  EXPECT_EQ(call("DELETE", "/v1/users/nobody").status(), 204);
}

}  // namespace
}  // namespace admin

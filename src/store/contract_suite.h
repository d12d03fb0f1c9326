// The contract of store/store.h as tests, for every implementation: include this in one test file
// of the module and instantiate StoreContract with a function that makes an empty store. What a
// store that keeps records has to pass as well is in store/record_suite.h.
#pragma once

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "store/store.h"
#include "store/test_support.h"

namespace store {

inline EdgeChange change(EdgeChange::Kind kind, UserId viewer, UserId subject,
                         bool blocked = false) {
  return {kind, std::move(viewer), std::move(subject), blocked};
}

// What a store is, in the simplest words.
struct ModelStore {
  std::set<Edge> edges;
  std::set<Edge> blocks;  // viewer: who is blocked, subject: who blocks

  void add(const UserId& viewer, const UserId& subject, EdgeChanges& changes) {
    if (viewer == subject || !edges.insert({viewer, subject}).second) return;
    changes.push_back(
        change(EdgeChange::Kind::added, viewer, subject, blocks.contains({viewer, subject})));
  }
  void remove(const UserId& viewer, const UserId& subject, EdgeChanges& changes) {
    if (edges.erase({viewer, subject}) == 0) return;
    changes.push_back(change(EdgeChange::Kind::removed, viewer, subject));
  }
  // `users` are all there are, in order.
  void replace(const UserId& viewer, const std::vector<UserId>& list, Mutual mutual,
               const std::vector<UserId>& users, EdgeChanges& changes) {
    const auto listed = [&](const UserId& id) {
      return std::find(list.begin(), list.end(), id) != list.end();
    };
    for (const UserId& id : users) {
      if (listed(id) || !edges.contains({viewer, id})) continue;
      remove(viewer, id, changes);
      if (mutual == Mutual::kYes) remove(id, viewer, changes);
    }
    for (const UserId& id : users) {
      if (!listed(id) || edges.contains({viewer, id})) continue;
      add(viewer, id, changes);
      if (mutual == Mutual::kYes) add(id, viewer, changes);
    }
  }
  void forget(const UserId& user, const std::vector<UserId>& users, EdgeChanges& changes) {
    for (const UserId& id : users) remove(user, id, changes);
    for (const UserId& id : users) remove(id, user, changes);
    std::erase_if(blocks, [&](const Edge& b) { return b.viewer == user || b.subject == user; });
  }
  void set_block(const UserId& blocker, const UserId& blocked, bool wanted, EdgeChanges& changes) {
    const Edge key{blocked, blocker};
    const bool changed = wanted ? blocks.insert(key).second : blocks.erase(key) > 0;
    if (!changed || !edges.contains(key)) return;
    changes.push_back(change(wanted ? EdgeChange::Kind::blocked : EdgeChange::Kind::unblocked,
                             blocked, blocker, wanted));
  }
  [[nodiscard]] std::vector<ContactEntry> contacts(const UserId& viewer) const {
    std::vector<ContactEntry> entries;
    for (const Edge& edge : edges)
      if (edge.viewer == viewer) entries.push_back({edge.subject, blocks.contains(edge)});
    return entries;
  }
};

// The pointer may share what has to outlive the store, such as its directory.
using StoreFactory = std::function<std::shared_ptr<Store>()>;

class StoreContract : public testing::TestWithParam<StoreFactory> {
 protected:
  using Kind = EdgeChange::Kind;

  void SetUp() override { store_ = GetParam()(); }

  std::shared_ptr<Store> store_;
  Waiting waiting() { return Waiting(*store_); }
};

TEST_P(StoreContract, AnUnknownUserHasNothing) {
  EXPECT_TRUE(waiting().contacts("nobody").empty());
  EXPECT_EQ(waiting().exported("nobody"), UserExport{});
  EXPECT_TRUE(waiting().forget("nobody").empty());
  EXPECT_TRUE(waiting().edges(10).empty());
}

TEST_P(StoreContract, AddingIsMutualUnlessSaidOtherwise) {
  EXPECT_EQ(waiting().add("a", "b"),
            (EdgeChanges{change(Kind::added, "a", "b"), change(Kind::added, "b", "a")}));
  EXPECT_EQ(waiting().add("a", "c", Mutual::kNo), (EdgeChanges{change(Kind::added, "a", "c")}));
  EXPECT_EQ(waiting().contacts("a"), (std::vector<ContactEntry>{{"b"}, {"c"}}));
  EXPECT_EQ(waiting().contacts("b"), (std::vector<ContactEntry>{{"a"}}));
  EXPECT_TRUE(waiting().contacts("c").empty());
}

TEST_P(StoreContract, OnlyRealChangesAreReported) {
  waiting().add("a", "b", Mutual::kNo);
  EXPECT_EQ(waiting().add("a", "b"), (EdgeChanges{change(Kind::added, "b", "a")}));
  EXPECT_TRUE(waiting().add("b", "a").empty());
  EXPECT_EQ(waiting().remove("a", "b", Mutual::kNo),
            (EdgeChanges{change(Kind::removed, "a", "b")}));
  EXPECT_EQ(waiting().remove("a", "b"), (EdgeChanges{change(Kind::removed, "b", "a")}));
  EXPECT_TRUE(waiting().remove("a", "b").empty());
}

TEST_P(StoreContract, NobodyIsTheirOwnContact) {
  const auto added =
      wait_for<EdgeChanges>([&](auto done) { store_->add_contact("a", "a", Mutual::kYes, done); });
  ASSERT_FALSE(added);
  EXPECT_EQ(added.error().code, base::ErrorCode::kInvalidArgument);
  const auto replaced = wait_for<EdgeChanges>([&](auto done) {
    store_->replace_contacts("a", {"b", "a"}, Mutual::kYes, done);
  });
  ASSERT_FALSE(replaced);
  EXPECT_EQ(replaced.error().code, base::ErrorCode::kInvalidArgument);
  const auto blocked = wait_for<EdgeChanges>([&](auto done) { store_->block("a", "a", done); });
  ASSERT_FALSE(blocked);
  EXPECT_EQ(blocked.error().code, base::ErrorCode::kInvalidArgument);
  EXPECT_EQ(waiting().import({{"a", "a"}, {"a", "b"}}),
            (EdgeChanges{change(Kind::added, "a", "b")}));
  EXPECT_EQ(waiting().contacts("a"), (std::vector<ContactEntry>{{"b"}}));
}

TEST_P(StoreContract, ReplacingReportsTheDifference) {
  waiting().replace("a", {"b", "c"});
  EXPECT_EQ(waiting().replace("a", {"d", "c", "d"}),
            (EdgeChanges{change(Kind::removed, "a", "b"), change(Kind::removed, "b", "a"),
                         change(Kind::added, "a", "d"), change(Kind::added, "d", "a")}));
  EXPECT_EQ(waiting().contacts("a"), (std::vector<ContactEntry>{{"c"}, {"d"}}));
  EXPECT_TRUE(waiting().replace("a", {"c", "d"}).empty());
}

TEST_P(StoreContract, ReplacingLeavesTheOtherDirectionOfWhoStays) {
  waiting().add("a", "b", Mutual::kNo);
  EXPECT_EQ(waiting().replace("a", {"b", "c"}),
            (EdgeChanges{change(Kind::added, "a", "c"), change(Kind::added, "c", "a")}));
  EXPECT_TRUE(waiting().contacts("b").empty());
  EXPECT_EQ(waiting().replace("a", {}, Mutual::kNo),
            (EdgeChanges{change(Kind::removed, "a", "b"), change(Kind::removed, "a", "c")}));
  EXPECT_EQ(waiting().contacts("c"), (std::vector<ContactEntry>{{"a"}}));
}

TEST_P(StoreContract, ABlockIsSeenByWhoIsBlocked) {
  waiting().add("a", "b");
  EXPECT_EQ(waiting().block("b", "a"), (EdgeChanges{change(Kind::blocked, "a", "b", true)}));
  EXPECT_TRUE(waiting().block("b", "a").empty());
  EXPECT_EQ(waiting().contacts("a"), (std::vector<ContactEntry>{{"b", true}}));
  EXPECT_EQ(waiting().contacts("b"), (std::vector<ContactEntry>{{"a", false}}));
  EXPECT_EQ(waiting().unblock("b", "a"), (EdgeChanges{change(Kind::unblocked, "a", "b")}));
  EXPECT_TRUE(waiting().unblock("b", "a").empty());
  EXPECT_EQ(waiting().contacts("a"), (std::vector<ContactEntry>{{"b", false}}));
}

TEST_P(StoreContract, ABlockIsKeptWithoutAnEdge) {
  EXPECT_TRUE(waiting().block("b", "a").empty());
  EXPECT_EQ(waiting().add("a", "b"), (EdgeChanges{change(Kind::added, "a", "b", true),
                                                  change(Kind::added, "b", "a", false)}));
  EXPECT_EQ(waiting().remove("a", "b", Mutual::kNo), (EdgeChanges{change(Kind::removed, "a", "b")}))
      << "removing a blocked contact is just that";
  EXPECT_EQ(waiting().import({{"a", "b"}}), (EdgeChanges{change(Kind::added, "a", "b", true)}));
}

TEST_P(StoreContract, ForgettingLeavesNoTrace) {
  waiting().save(seen_at("a", 1));
  waiting().add("a", "b");
  waiting().add("c", "a", Mutual::kNo);
  waiting().block("a", "c");
  waiting().block("d", "a");
  EXPECT_EQ(waiting().forget("a"),
            (EdgeChanges{change(Kind::removed, "a", "b"), change(Kind::removed, "b", "a"),
                         change(Kind::removed, "c", "a")}));
  EXPECT_EQ(waiting().exported("a"), UserExport{});
  EXPECT_EQ(waiting().exported("d"), UserExport{});
  EXPECT_TRUE(waiting().edges(10).empty());
}

TEST_P(StoreContract, ExportHoldsEveryEdgeAndBlock) {
  waiting().add("a", "c", Mutual::kNo);
  waiting().add("a", "b", Mutual::kNo);
  waiting().add("d", "a", Mutual::kNo);
  waiting().block("a", "e");
  waiting().block("f", "a");
  EXPECT_EQ(waiting().exported("a"), (UserExport{std::nullopt, {"b", "c"}, {"d"}, {"e"}, {"f"}}));
}

TEST_P(StoreContract, EdgesComeInPagesAndInOrder) {
  std::vector<Edge> edges;
  for (int i = 0; i < 7; ++i)
    for (int k = 0; k < 3; ++k) edges.push_back({"u" + std::to_string(i), "c" + std::to_string(k)});
  auto shuffled = edges;
  std::reverse(shuffled.begin(), shuffled.end());
  EXPECT_EQ(waiting().import(shuffled).size(), edges.size());
  for (const std::size_t page : {1U, 2U, 3U, 20U, 21U, 100U})
    EXPECT_EQ(waiting().edges(page), edges) << page;
}

TEST_P(StoreContract, ReadsSeeWhatWasCalledBeforeAndAnswersKeepTheOrder) {
  std::mutex mutex;
  std::vector<std::string> answers;
  const auto note = [&](std::string what) {
    const std::lock_guard lock(mutex);
    answers.push_back(std::move(what));
  };
  std::vector<std::string> expected;
  for (int i = 0; i < 20; ++i) {
    const std::string name = "c" + std::to_string(i + 10);
    store_->add_contact("a", name, Mutual::kNo, [&note, name](auto changes) {
      note(name + (changes && changes->size() == 1 ? " added" : " failed"));
    });
    store_->load_contacts("a", [&note, i](auto contacts) {
      note(std::to_string(contacts ? static_cast<int>(contacts->size()) : -i) + " seen");
    });
    expected.push_back(name + " added");
    expected.push_back(std::to_string(i + 1) + " seen");
  }
  EXPECT_EQ(waiting().contacts("a").size(), 20U);
  const std::lock_guard lock(mutex);
  EXPECT_EQ(answers, expected);
}

// One change, drawn at random, made of the store and of the model.
inline void change_both(Waiting& store, ModelStore& model, const std::vector<UserId>& users) {
  const auto any_user = rc::gen::elementOf(users);
  const UserId user = *any_user;
  const UserId other = *rc::gen::suchThat(any_user, [&](const auto& id) { return id != user; });
  const Mutual mutual = *rc::gen::element(Mutual::kYes, Mutual::kNo);
  EdgeChanges expected;
  EdgeChanges actual;
  switch (*rc::gen::inRange(0, 7)) {
    case 0:
      model.add(user, other, expected);
      if (mutual == Mutual::kYes) model.add(other, user, expected);
      actual = store.add(user, other, mutual);
      break;
    case 1:
      model.remove(user, other, expected);
      if (mutual == Mutual::kYes) model.remove(other, user, expected);
      actual = store.remove(user, other, mutual);
      break;
    case 2: {
      auto list = *rc::gen::container<std::vector<UserId>>(any_user);
      std::erase(list, user);
      model.replace(user, list, mutual, users, expected);
      actual = store.replace(user, list, mutual);
      break;
    }
    case 3:
      model.set_block(user, other, true, expected);
      actual = store.block(user, other);
      break;
    case 4:
      model.set_block(user, other, false, expected);
      actual = store.unblock(user, other);
      break;
    case 5:
      model.add(user, other, expected);
      actual = store.import({{user, other}, {user, other}, {user, user}});
      break;
    default: model.forget(user, users, expected); actual = store.forget(user);
  }
  RC_ASSERT(actual == expected);
}

TEST_P(StoreContract, AgreesWithTheModel) {
  EXPECT_TRUE(rc::check([&] {
    const std::vector<UserId> users = {"a", "b", "c", "e\"", "f", "đ"};  // in byte order
    ModelStore model;
    const auto fresh = GetParam()();
    Waiting store(*fresh);
    const auto steps = *rc::gen::inRange(1, 40);
    for (int step = 0; step < steps; ++step) {
      change_both(store, model, users);
      for (const UserId& id : users) RC_ASSERT(store.contacts(id) == model.contacts(id));
    }
    RC_ASSERT(store.edges(3) == std::vector<Edge>(model.edges.begin(), model.edges.end()));
  }));
}

}  // namespace store

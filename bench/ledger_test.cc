#include "bench/ledger.h"

#include <gtest/gtest.h>

#include <rapidcheck.h>
#include <deque>

namespace bench {
namespace {

// Ten users in a circle, each knowing two others.
class LedgerTest : public testing::Test {
 protected:
  void connect(UserIndex user) {
    ledger.connect_sent(user);
    ledger.connected(user);
  }
  // Connects `user` alone first, then its contacts, telling what is due.
  void connect_around(UserIndex user) {
    connect(user);
    for (uint32_t slot = 0; slot < graph.contacts(); ++slot) {
      connect(graph.contact(user, slot));
      tell(user, Event::user_online, graph.contact(user, slot), Status::online);
    }
    ASSERT_EQ(ledger.outstanding(), 0U);
  }
  bool tell(UserIndex watcher, Event event, UserIndex subject, Status status) {
    return ledger.notified(watcher, {event, subject, status, ++version});
  }

  ContactGraph graph{10, 2, 1};
  Ledger ledger{graph, Order::single};
  UserIndex a = 0;
  UserIndex b = graph.contact(a, 0);
  UserIndex c = graph.contact(a, 1);
  uint64_t version = 0;
};

TEST_F(LedgerTest, a_connected_watcher_must_be_told) {
  connect(a);
  connect(b);
  EXPECT_EQ(ledger.outstanding(), 1U);
  tell(a, Event::user_online, b, Status::online);
  EXPECT_EQ(ledger.outstanding(), 0U);
  EXPECT_EQ(ledger.delivered(), 1U);
  ledger.settle();
  EXPECT_EQ(ledger.faults().total(), 0U);
}

TEST_F(LedgerTest, what_does_not_come_is_missing) {
  connect(a);
  connect(b);
  ledger.settle();
  EXPECT_EQ(ledger.faults().missing, 1U);
  EXPECT_EQ(ledger.faults().total(), 1U);
  EXPECT_EQ(ledger.examples().size(), 1U);
  ledger.settle();
  EXPECT_EQ(ledger.faults().missing, 1U);
}

TEST_F(LedgerTest, the_second_to_connect_is_not_told_of_the_first) {
  connect(a);
  connect(b);
  tell(b, Event::user_online, a, Status::online);
  EXPECT_EQ(ledger.faults().unexpected, 1U);
}

TEST_F(LedgerTest, between_nodes_those_who_connect_at_once_may_both_be_told_or_none) {
  for (const int told : {0, 1, 2}) {
    Ledger fresh(graph, Order::per_node);
    fresh.set_node(b, 1);
    fresh.connect_sent(a);
    fresh.connect_sent(b);
    fresh.connected(a);
    fresh.connected(b);
    if (told > 0) fresh.notified(a, {Event::user_online, b, Status::online, 1});
    if (told > 1) fresh.notified(b, {Event::user_online, a, Status::online, 1});
    EXPECT_EQ(fresh.outstanding(), 0U);
    fresh.settle();
    EXPECT_EQ(fresh.faults().total(), 0U);
  }
}

TEST_F(LedgerTest, on_one_node_of_several_exactly_one_is_told) {
  Ledger fresh(graph, Order::per_node);
  fresh.connect_sent(a);
  fresh.connect_sent(b);
  EXPECT_EQ(fresh.outstanding(), 1U);
  fresh.settle();
  EXPECT_EQ(fresh.faults().missing, 1U);
}

TEST_F(LedgerTest, what_a_snapshot_says_need_not_be_told) {
  connect(a);
  ledger.connect_sent(b);
  ledger.snapshot(a, {{b, Status::online, 1}, {c, Status::offline, 0}});
  EXPECT_EQ(ledger.outstanding(), 0U);
  ledger.connected(b);
  ledger.compare();
  EXPECT_EQ(ledger.faults().total(), 0U);
  ledger.notified(a, {Event::user_online, b, Status::online, 2});
  EXPECT_EQ(ledger.faults().duplicate, 1U);
}

TEST_F(LedgerTest, who_was_there_when_a_snapshot_was_made_is_told_of_its_watcher) {
  ledger.connect_sent(a);
  ledger.connect_sent(b);
  ledger.connected(b);
  ledger.snapshot(b, {{a, Status::offline, 0}});
  ledger.connected(a);
  ledger.snapshot(a, {{b, Status::online, 1}});
  EXPECT_EQ(ledger.outstanding(), 1U);
  tell(b, Event::user_online, a, Status::online);
  EXPECT_EQ(ledger.outstanding(), 0U);
  ledger.compare();
  EXPECT_EQ(ledger.faults().total(), 0U);
}

TEST_F(LedgerTest, a_snapshot_is_not_older_than_what_was_told) {
  connect(a);
  connect(b);
  ledger.notified(a, {Event::user_online, b, Status::online, 5});
  ledger.snapshot(a, {{b, Status::online, 4}});
  EXPECT_EQ(ledger.faults().out_of_order, 1U);
}

TEST_F(LedgerTest, who_believes_what_is_not_so_is_found) {
  connect(a);
  ledger.snapshot(a, {{b, Status::online, 1}, {c, Status::offline, 0}});
  ledger.compare();
  EXPECT_EQ(ledger.faults().wrong, 1U);  // b
}

TEST_F(LedgerTest, of_two_who_connect_at_once_exactly_one_is_told) {
  for (const bool first : {true, false}) {
    Ledger fresh(graph, Order::single);
    fresh.connect_sent(a);
    fresh.connect_sent(b);
    fresh.connected(a);
    fresh.connected(b);
    EXPECT_EQ(fresh.outstanding(), 1U);
    fresh.notified(first ? a : b, {Event::user_online, first ? b : a, Status::online, 1});
    EXPECT_EQ(fresh.outstanding(), 0U);
    EXPECT_EQ(fresh.faults().total(), 0U);
    fresh.notified(first ? b : a, {Event::user_online, first ? a : b, Status::online, 1});
    EXPECT_EQ(fresh.faults().unexpected, 1U);
  }
}

TEST_F(LedgerTest, neither_being_told_is_one_missing) {
  ledger.connect_sent(a);
  ledger.connect_sent(b);
  ledger.settle();
  EXPECT_EQ(ledger.faults().missing, 1U);
}

TEST_F(LedgerTest, without_a_single_order_either_both_or_none_may_be_told) {
  Ledger relaxed(graph, Order::none);
  relaxed.connect_sent(a);
  relaxed.connect_sent(b);
  relaxed.connect_sent(c);
  EXPECT_EQ(relaxed.outstanding(), 0U);
  relaxed.notified(a, {Event::user_online, b, Status::online, 1});
  relaxed.notified(b, {Event::user_online, a, Status::online, 1});
  relaxed.settle();
  EXPECT_EQ(relaxed.faults().total(), 0U);
}

TEST_F(LedgerTest, the_same_version_twice_is_a_duplicate) {
  connect(a);
  connect(b);
  ledger.notified(a, {Event::user_online, b, Status::online, 5});
  ledger.notified(a, {Event::user_online, b, Status::online, 5});
  EXPECT_EQ(ledger.faults().duplicate, 1U);
  EXPECT_EQ(ledger.faults().total(), 1U);
}

TEST_F(LedgerTest, online_twice_is_a_duplicate_whatever_the_version) {
  connect(a);
  connect(b);
  tell(a, Event::user_online, b, Status::online);
  tell(a, Event::user_online, b, Status::busy);
  EXPECT_EQ(ledger.faults().duplicate, 1U);
}

TEST_F(LedgerTest, an_older_version_is_out_of_order_and_not_missing_too) {
  connect_around(a);
  ledger.status_sent(a, Status::busy);
  ledger.status_sent(a, Status::online);
  EXPECT_EQ(ledger.outstanding(), 6U);
  ledger.notified(b, {Event::user_status_changed, a, Status::online, 101});
  ledger.notified(b, {Event::user_status_changed, a, Status::busy, 100});
  EXPECT_EQ(ledger.faults().out_of_order, 1U);
  EXPECT_EQ(ledger.outstanding(), 4U);
}

TEST_F(LedgerTest, of_several_changes_only_the_one_that_came_too_late_is_at_fault) {
  connect_around(a);
  for (const Status status : {Status::busy, Status::online, Status::busy, Status::online}) {
    ledger.status_sent(a, status);
  }
  ledger.notified(b, {Event::user_status_changed, a, Status::busy, 100});
  ledger.notified(b, {Event::user_status_changed, a, Status::busy, 102});
  ledger.notified(b, {Event::user_status_changed, a, Status::online, 101});
  ledger.notified(b, {Event::user_status_changed, a, Status::online, 103});
  EXPECT_EQ(ledger.faults().out_of_order, 1U);
  EXPECT_EQ(ledger.faults().total(), 1U);
  EXPECT_EQ(ledger.outstanding(), 8U);
}

TEST_F(LedgerTest, the_same_status_with_a_new_version_is_a_duplicate) {
  connect_around(a);
  ledger.status_sent(a, Status::busy);
  tell(b, Event::user_status_changed, a, Status::busy);
  tell(b, Event::user_status_changed, a, Status::busy);
  EXPECT_EQ(ledger.faults().duplicate, 1U);
}

TEST_F(LedgerTest, a_status_change_is_complete_with_the_last_of_the_watchers_and_the_own_device) {
  connect_around(a);
  EXPECT_EQ(ledger.status_sent(a, Status::busy), 3U);
  EXPECT_FALSE(tell(b, Event::user_status_changed, a, Status::busy));
  EXPECT_FALSE(tell(a, Event::user_status_changed, a, Status::busy));
  EXPECT_TRUE(tell(c, Event::user_status_changed, a, Status::busy));
  ledger.settle();
  EXPECT_EQ(ledger.faults().total(), 0U);
}

TEST_F(LedgerTest, versions_of_the_own_view_are_a_series_of_their_own) {
  connect_around(a);
  ledger.status_sent(a, Status::busy);
  ledger.notified(a, {Event::user_status_changed, a, Status::busy, 2});
  ledger.notified(b, {Event::user_status_changed, a, Status::busy, 99});
  ledger.notified(c, {Event::user_status_changed, a, Status::busy, 99});
  EXPECT_EQ(ledger.faults().total(), 0U);
}

TEST_F(LedgerTest, the_last_told_status_must_be_the_chosen_one) {
  connect_around(a);
  ledger.status_sent(a, Status::busy);
  tell(b, Event::user_status_changed, a, Status::away);
  EXPECT_EQ(ledger.faults().wrong, 1U);
}

TEST_F(LedgerTest, strangers_and_other_events_are_unexpected) {
  connect(a);
  UserIndex stranger = 0;
  while (stranger == a || stranger == b || stranger == c) ++stranger;
  tell(a, Event::user_online, stranger, Status::online);
  tell(a, Event::user_online, 1'000'000, Status::online);
  tell(a, Event::other, 0, Status::unknown);
  EXPECT_EQ(ledger.faults().unexpected, 3U);
}

TEST_F(LedgerTest, who_stays_is_told_of_who_leaves) {
  connect_around(a);
  ledger.leave_sent(b);
  EXPECT_EQ(ledger.outstanding(), 1U);
  tell(a, Event::user_offline, b, Status::offline);
  ledger.leave_sent(a);
  EXPECT_EQ(ledger.outstanding(), 1U);  // c is to be told; b is known to have left first
  tell(c, Event::user_offline, a, Status::offline);
  ledger.settle();
  EXPECT_EQ(ledger.faults().total(), 0U);
}

TEST_F(LedgerTest, of_two_who_leave_at_once_exactly_one_is_told) {
  connect_around(a);
  ledger.leave_sent(b);
  ledger.leave_sent(a);
  EXPECT_EQ(ledger.outstanding(), 2U);  // c of a, and one of a and b
  tell(c, Event::user_offline, a, Status::offline);
  tell(b, Event::user_offline, a, Status::offline);
  EXPECT_EQ(ledger.outstanding(), 0U);
  tell(a, Event::user_offline, b, Status::offline);
  EXPECT_EQ(ledger.faults().unexpected, 1U);
}

TEST_F(LedgerTest, a_return_within_the_grace_tells_nobody) {
  connect_around(a);
  ledger.cut(b);
  ledger.connect_sent(b);
  ledger.connected(b);
  EXPECT_EQ(ledger.outstanding(), 0U);
  tell(a, Event::user_offline, b, Status::offline);
  EXPECT_EQ(ledger.faults().unexpected, 1U);
}

TEST_F(LedgerTest, a_lost_user_is_offline_for_those_who_stay) {
  connect_around(a);
  ledger.lost(a);
  ledger.lost(b);  // b is not there to be told of a any more; its other contact never came
  EXPECT_EQ(ledger.outstanding(), 1U);
  tell(c, Event::user_offline, a, Status::offline);
  ledger.gone(a);
  ledger.gone(b);
  connect(a);
  EXPECT_EQ(ledger.outstanding(), 1U);
  tell(c, Event::user_online, a, Status::online);
  ledger.settle();
  EXPECT_EQ(ledger.faults().total(), 0U);
}

TEST_F(LedgerTest, versions_grow_across_reconnects_of_the_watcher) {
  connect_around(a);  // versions 1 and 2
  ledger.cut(a);
  ledger.connect_sent(a);
  ledger.connected(a);
  ledger.status_sent(b, Status::busy);
  ledger.notified(a, {Event::user_status_changed, b, Status::busy, 1});
  EXPECT_EQ(ledger.faults().duplicate, 1U);
}

TEST_F(LedgerTest, other_faults_are_counted) {
  ledger.unreadable(a, "[");
  ledger.connection_lost(a, "closed");
  ledger.wrong_answer(a, "[]");
  ledger.unanswered(2);
  EXPECT_EQ(ledger.faults().unexpected, 1U);
  EXPECT_EQ(ledger.faults().lost, 3U);
  EXPECT_EQ(ledger.faults().wrong, 1U);
}

// A perfect server with one order: requests of different users are taken in any order, those of
// one user in their own. Whatever the order, the ledger finds nothing; with one delivery left out
// it finds exactly that one.
TEST(LedgerProperty, a_perfect_server_has_no_faults_and_a_lossy_one_exactly_its_losses) {
  rc::check([] {
    const ContactGraph graph(12, 6, *rc::gen::arbitrary<uint64_t>());
    Ledger ledger(graph, Order::single);
    std::vector<uint64_t> versions(graph.users(), 0);
    std::vector<bool> online(graph.users(), false);
    uint64_t lost = 0;
    const auto deliver = [&](UserIndex subject, Event event, Status status) {
      ++versions[subject];
      for (uint32_t slot = 0; slot < graph.contacts(); ++slot) {
        const UserIndex watcher = graph.contact(subject, slot);
        if (!online[watcher]) continue;
        if (*rc::gen::inRange(0, 20) == 0) {
          ++lost;
          continue;
        }
        ledger.notified(watcher, {event, subject, status, versions[subject]});
      }
    };
    // Each round starts some users' requests, then lets the server take them in a drawn order.
    const auto storm = [&](bool arriving) {
      std::deque<UserIndex> waiting;
      for (UserIndex next = 0; next < graph.users() || !waiting.empty();) {
        const bool start = next < graph.users() && (waiting.empty() || *rc::gen::arbitrary<bool>());
        if (start) {
          arriving ? ledger.connect_sent(next) : ledger.leave_sent(next);
          waiting.push_back(next++);
          continue;
        }
        const auto at =
            static_cast<std::size_t>(*rc::gen::inRange(0, static_cast<int>(waiting.size())));
        const UserIndex user = waiting[at];
        waiting.erase(waiting.begin() + static_cast<std::ptrdiff_t>(at));
        online[user] = arriving;
        deliver(user, arriving ? Event::user_online : Event::user_offline,
                arriving ? Status::online : Status::offline);
        if (arriving) ledger.connected(user);
      }
      ledger.settle();
      RC_ASSERT(ledger.outstanding() == 0U);
    };
    for (const bool arriving : {true, false}) {
      storm(arriving);
      RC_ASSERT(ledger.faults().missing == lost);
      RC_ASSERT(ledger.faults().total() == lost);
    }
  });
}

}  // namespace
}  // namespace bench

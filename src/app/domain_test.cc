#include "app/domain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <future>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include "app/loop_threads.h"
#include "app/test_store.h"
#include "config/setting_table.h"
#include "gateway/hub_fixture.h"
#include "runtime/clock.h"
#include "store/test_support.h"

namespace app {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr presence::Version kSecond = 1'000'000;  // in versions

class DomainTest : public testing::Test {
 protected:
  DomainTest() { settings.data_dir = (place.path() / "data").native(); }
  ~DomainTest() override { end(); }

  void seed(const std::function<void(store::EmbeddedStore&)>& fill) const {
    const auto kept = store::EmbeddedStore::open({.data_dir = settings.data_dir});
    ASSERT_TRUE(kept) << kept.error().message;
    fill(**kept);
  }
  // Opens the domain, and connects it to a loop that does not run yet.
  void open(std::size_t mailbox_limit = 1'000) {
    auto opened = Domain::open(settings);
    ASSERT_TRUE(opened) << opened.error().message;
    domain = *std::move(opened);
    loops.emplace(1, mailbox_limit);
    ASSERT_TRUE(domain->connect(loops->pointers(),
                                [this](unsigned) -> gateway::Outlet& { return outlet; }));
  }
  // As a server does: first the threads, then the domain.
  void end(base::Instant now = runtime::read_clocks()) {
    if (domain == nullptr) return;
    loops->stop();
    domain->stop(now);
    domain.reset();
    loops.reset();
  }
  // From here on everything happens in the hub's thread: in(0, ...).
  void run() {
    loops->start(
        [this](unsigned) {
          deadlines.emplace([this] { return time; });
          domain->start(*deadlines, outlet);
          deadlines->rearm();
          // What this thread has for itself waits in its mailbox, so the next turn comes at once.
          (*loops)[0].at_turn_end([this] { std::ignore = domain->flush(); });
        },
        [](unsigned) {});
  }
  // Moves the time of the deadlines, in the hub's thread.
  void pass(base::Duration by) {
    loops->in(0, [this, by] {
      time += by;
      deadlines->wheel().advance(time, [this](base::TimerNode& node) { deadlines->on_due(node); });
      deadlines->rearm();
    });
  }
  std::string refusal() {
    auto opened = Domain::open(settings);
    return opened ? "opened" : opened.error().message;
  }
  // The state of the disk at this moment, as a crash leaves it; later openings use it.
  void crash() {
    const auto copy = place.path() / ("crashed" + std::to_string(++crashes_));
    std::filesystem::copy(settings.data_dir, copy);
    end();
    settings.data_dir = copy.native();
  }
  [[nodiscard]] const presence::Directory& directory() const { return domain->hub().directory(); }
  [[nodiscard]] const presence::User& user(const std::string& id) const {
    const presence::User* found = directory().find(id);
    if (found == nullptr) throw std::logic_error(id + " is not known");
    return *found;
  }
  presence::DeviceRef connect(const std::string& name) {
    presence::Connect input;
    input.device = {next_++, 1};
    input.user = name;
    input.socket_id = presence::SocketId(std::string(20, 'a'));
    domain->hub().handle(input);
    return input.device;
  }

  store::TemporaryDirectory place;
  config::Settings settings = config::default_settings();
  gateway::RecordingOutlet outlet;
  std::unique_ptr<Domain> domain;
  std::optional<LoopThreads> loops;
  base::SteadyTime time{milliseconds(1'000'000)};
  std::optional<Deadlines> deadlines;

 private:
  uint32_t next_ = 0;
  int crashes_ = 0;
};

presence::Version clock_version() {
  return static_cast<presence::Version>(base::to_millis(runtime::read_clocks().wall)) * 1000;
}

// --- What cannot be opened

TEST_F(DomainTest, ADataDirInUseIsRefusedAndNamed) {
  open();
  EXPECT_THAT(refusal(), testing::AllOf(HasSubstr(settings.data_dir), HasSubstr("in use")));
}

TEST_F(DomainTest, AFileThatIsNoDatabaseIsRefusedAndNamed) {
  std::filesystem::create_directories(settings.data_dir);
  std::ofstream(settings.data_dir + "/presenced.db") << std::string(5000, 'x');
  EXPECT_THAT(refusal(), HasSubstr(settings.data_dir + "/presenced.db"));
}

TEST_F(DomainTest, ADataDirThatCannotBeMadeIsRefusedAndNamed) {
  std::ofstream(place.path() / "file") << "x";
  settings.data_dir = (place.path() / "file").native();
  EXPECT_THAT(refusal(), HasSubstr(settings.data_dir));
}

TEST_F(DomainTest, AContactsFileThatCannotBeReadIsRefusedAndNamedAndLeavesTheDataDirFree) {
  settings.contacts.file = (place.path() / "contacts.json").native();
  EXPECT_THAT(refusal(), HasSubstr(settings.contacts.file));
  std::ofstream(settings.contacts.file) << R"({"alice": [5]})";
  EXPECT_THAT(refusal(), HasSubstr(settings.contacts.file));
  std::ofstream(settings.contacts.file) << R"({"alice": ["bob"]})";
  EXPECT_EQ(refusal(), "opened");
}

TEST_F(DomainTest, TheContactsFileIsAddedAtEachStart) {
  settings.contacts.file = (place.path() / "contacts.json").native();
  std::ofstream(settings.contacts.file) << R"({"alice": ["bob"]})";
  for (int i = 0; i < 2; ++i) {
    open();
    store::Waiting waiting(store_of(*domain));
    EXPECT_EQ(waiting.edges(10), (std::vector<store::Edge>{{"alice", "bob"}, {"bob", "alice"}}));
    end();
  }
}

// --- What is read

TEST_F(DomainTest, ChoicesAndLastSeenTimesAreThereAgain) {
  const base::WallTime now = runtime::read_clocks().wall;
  seed([&](store::EmbeddedStore& kept) {
    presence::UserRecord record = store::seen_at("alice", 1000);
    record.visible_last_seen = base::wall_from_millis(500);
    record.choice = {presence::Status::busy, "later", std::nullopt};
    kept.save_user(record);
    record = store::seen_at("bob", 2000);
    record.choice = {presence::Status::away, "", now - milliseconds(1)};
    kept.save_user(record);
    record = store::seen_at("carol", 3000);
    record.choice = {presence::Status::away, "", now + hours(1)};
    kept.save_user(record);
  });
  open();
  EXPECT_EQ(base::to_millis(user("alice").last_seen), 1000);
  EXPECT_EQ(base::to_millis(user("alice").view.last_seen), 500);
  EXPECT_EQ(user("alice").chosen->choice.message, "later");
  EXPECT_EQ(user("bob").chosen, nullptr);  // it has ended meanwhile
  EXPECT_EQ(user("carol").chosen->choice.expires_at, now + hours(1));
  EXPECT_EQ(directory().connected_users(), 0U);
  EXPECT_EQ(directory().known_users(), 3U);
}

TEST_F(DomainTest, WhoWasConnectedWasSeenUntilTheLastRunWasLastAlive) {
  const base::WallTime alive = runtime::read_clocks().wall - hours(2);
  seed([&](store::EmbeddedStore& kept) {
    presence::UserRecord record = store::seen_at("alice", 1000);
    record.connected = record.visible = true;
    kept.save_user(record);
    record.user = "bob";  // invisible
    record.visible = false;
    kept.save_user(record);
    kept.save_sequence(static_cast<presence::Version>(base::to_millis(alive)) * 1000);
  });
  open();
  EXPECT_EQ(user("alice").last_seen, alive);
  EXPECT_EQ(user("alice").view.last_seen, alive);
  EXPECT_EQ(user("bob").last_seen, alive);
  EXPECT_EQ(base::to_millis(user("bob").view.last_seen), 1000);
  // After the next crash, too, be it at once or when what this run knows has been written: alice
  // was not there while it was alive.
  crash();
  open();
  EXPECT_EQ(user("alice").last_seen, alive);
  EXPECT_TRUE(
      store::eventually([&] { return store_of(*domain).counters().write_behind_entries == 0; }));
  crash();
  open();
  EXPECT_EQ(user("alice").last_seen, alive);
}

TEST_F(DomainTest, NobodyWasSeenInTheFuture) {
  seed([&](store::EmbeddedStore& kept) {
    presence::UserRecord record = store::seen_at("alice", 1000);
    record.connected = true;
    kept.save_user(record);
    kept.save_sequence(clock_version() + 3600 * kSecond);  // the clock was set back
  });
  open();
  EXPECT_LE(user("alice").last_seen, runtime::read_clocks().wall);
}

// --- The sequence

TEST_F(DomainTest, TheSequenceBeginsAtTheClock) {
  const presence::Version before = clock_version();
  open();
  EXPECT_GE(directory().sequence(), before);
  EXPECT_LE(directory().sequence(), clock_version());
}

TEST_F(DomainTest, TheSequenceBeginsWellAboveASavedOneThatTheClockHasNotReached) {
  const presence::Version saved = clock_version() + 3600 * kSecond;
  seed([&](store::EmbeddedStore& kept) { kept.save_sequence(saved); });
  open();
  EXPECT_EQ(directory().sequence(), saved + 10 * kSecond);
}

// A run gives out versions from its first moment on.
TEST_F(DomainTest, ARunThatCrashesBeforeItsFirstSaveIsNotRepeated) {
  seed([](store::EmbeddedStore& kept) { kept.save_sequence(clock_version() + 3600 * kSecond); });
  presence::Version given_out = 0;
  for (int i = 0; i < 3; ++i) {
    open();
    EXPECT_GT(directory().sequence(), given_out);
    connect("alice");
    run();
    EXPECT_TRUE(loops->eventually_in(0, [this] { return !user("alice").view.offline(); }));
    given_out = loops->in(0, [this] { return user("alice").view.version; });
    EXPECT_GT(given_out, 0U);
    crash();
  }
}

TEST_F(DomainTest, TheSequenceIsSavedTwiceASecond) {
  open();
  run();
  const auto saved = [this] { return *store_of(*domain).load_sequence(); };
  pass(milliseconds(499));
  const presence::Version before = clock_version();
  pass(milliseconds(1));
  EXPECT_TRUE(store::eventually([&] { return saved() >= before; }));
}

TEST_F(DomainTest, WhatWasGivenOutIsSavedWhenItStops) {
  open();
  connect("alice");
  run();
  EXPECT_TRUE(loops->eventually_in(0, [this] { return !user("alice").view.offline(); }));
  const presence::Version given_out = loops->in(0, [this] { return user("alice").view.version; });
  const base::Instant stopped = runtime::read_clocks();
  end(stopped);
  seed([&](store::EmbeddedStore& kept) { EXPECT_GE(*kept.load_sequence(), given_out); });
  open();
  // Whoever was still connected was seen at that moment.
  EXPECT_EQ(user("alice").last_seen, stopped.wall);
}

// --- At work

TEST_F(DomainTest, TheContactsOfAUserAreReadBeforeTheFirstDeviceJoins) {
  seed([](store::EmbeddedStore& kept) { store::Waiting(kept).add("alice", "bob"); });
  open();
  run();
  const auto bob = loops->in(0, [this] { return connect("bob"); });
  EXPECT_TRUE(loops->eventually_in(0, [&] { return !user("bob").view.offline(); }));
  loops->in(0, [this] { connect("alice"); });
  EXPECT_TRUE(loops->eventually_in(0, [&] { return !user("alice").view.offline(); }));
  const auto said = loops->in(0, [&] { return outlet.take(bob); });
  ASSERT_EQ(said.size(), 2U);
  EXPECT_EQ(said[0], "accept");
  EXPECT_THAT(said[1], testing::StartsWith(R"(2["user_online",{"userId":"alice")"));
}

TEST_F(DomainTest, WithoutTheStoreNobodyNewIsLetIn) {
  open();
  store_of(*domain).stop();
  run();
  const auto device = loops->in(0, [this] { return connect("alice"); });
  std::vector<std::string> said;
  EXPECT_TRUE(loops->eventually_in(0, [&] {
    said = outlet.take(device);
    return !said.empty();
  }));
  EXPECT_THAT(said, ElementsAre("refuse store_unavailable"));
}

TEST_F(DomainTest, AChoiceIsKeptWhenItIsAnswered) {
  open();
  run();
  std::promise<bool> kept;
  loops->in(0, [&] {
    domain->hub().choose("alice", {presence::Status::busy, "m", std::nullopt},
                         [&](const base::Result<std::string>& result) {
                           EXPECT_TRUE((*loops)[0].in_loop_thread());
                           kept.set_value(result.has_value());
                         });
  });
  EXPECT_TRUE(kept.get_future().get());
  crash();
  open();
  EXPECT_EQ(user("alice").chosen->choice.message, "m");
}

TEST_F(DomainTest, WhatIsDueInTheDirectoryIsDoneInTime) {
  settings.disconnect_grace = milliseconds(0);
  open();
  run();
  const auto device = loops->in(0, [this] { return connect("alice"); });
  EXPECT_TRUE(loops->eventually_in(0, [&] { return !user("alice").view.offline(); }));
  // The choice ends by the clock of the machine; the deadlines are asked at the end of each turn.
  loops->in(0, [this] {
    domain->hub().choose(
        "alice", {presence::Status::busy, "", runtime::read_clocks().wall + milliseconds(30)},
        [](const base::Result<std::string>&) {});
  });
  EXPECT_TRUE(store::eventually([this] {
    pass(milliseconds(0));
    return loops->in(0, [this] {
      time = (*loops)[0].now().steady;
      return user("alice").view.status == presence::Status::online;
    });
  }));
  const auto said = loops->in(0, [&] { return outlet.take(device); });
  ASSERT_EQ(said.size(), 3U);
  EXPECT_EQ(said[0], "accept");
  EXPECT_THAT(said[1], HasSubstr(R"("status":"busy")"));
  EXPECT_THAT(said[2], HasSubstr(R"("status":"online")"));
}

TEST_F(DomainTest, LastSeenTimesBeyondTheRetentionAreForgottenByTheCleanUp) {
  seed([](store::EmbeddedStore& kept) { kept.save_user(store::seen_at("alice", 1000)); });
  open();
  run();
  EXPECT_EQ(loops->in(0, [this] { return directory().known_users(); }), 1U);
  pass(settings.cleanup_interval - milliseconds(1));
  EXPECT_EQ(loops->in(0, [this] { return directory().known_users(); }), 1U);
  pass(milliseconds(1));
  EXPECT_EQ(loops->in(0, [this] { return directory().known_users(); }), 0U);
  EXPECT_TRUE(store::eventually(
      [this] { return !store::Waiting(store_of(*domain)).exported("alice").record; }));
}

// --- Posting to the hub's thread

TEST_F(DomainTest, WhatIsPostedToAFullMailboxWaitsItsTurn) {
  open(1);
  run();
  Held held((*loops)[0]);
  ASSERT_TRUE((*loops)[0].post([] {}));
  std::vector<int> ran;
  std::thread poster([&] {
    for (int i = 0; i < 10; ++i) domain->post([&ran, i] { ran.push_back(i); });
  });
  held.let_go();
  poster.join();
  EXPECT_TRUE(loops->eventually_in(0, [&] { return ran.size() == 10; }));
  for (int i = 0; i < 10; ++i) EXPECT_EQ(ran[static_cast<std::size_t>(i)], i);
}

// What the store refuses at once is answered in the thread that asked.
TEST_F(DomainTest, TheHubsThreadDoesNotWaitForItself) {
  open(1);
  run();
  std::vector<int> ran;
  loops->in(0, [&] {
    ASSERT_TRUE((*loops)[0].post([] {}));
    for (int i = 0; i < 10; ++i) {
      domain->post([&ran, i] { ran.push_back(i); });
      EXPECT_TRUE(ran.empty()) << "called from inside the call";
    }
  });
  EXPECT_TRUE(loops->eventually_in(0, [&] { return ran.size() == 10; }));
  for (int i = 0; i < 10; ++i) EXPECT_EQ(ran[static_cast<std::size_t>(i)], i);
}

TEST_F(DomainTest, StoppingDoesNotWaitForAHubThatHasEnded) {
  open(1);
  run();
  loops->stop();
  ASSERT_TRUE((*loops)[0].post([] {}));  // full for ever
  for (int i = 0; i < 3; ++i)
    domain->backend().save(store::seen_at("alice", i), [](const base::Result<void>&) { FAIL(); });
  domain->stop(runtime::read_clocks());
  domain.reset();
  seed([](store::EmbeddedStore& kept) {
    EXPECT_EQ(store::Waiting(kept).exported("alice").record, store::seen_at("alice", 2));
  });
}

}  // namespace
}  // namespace app

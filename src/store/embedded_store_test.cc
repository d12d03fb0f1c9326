#include "store/embedded_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <thread>

#include "store/bulk.h"
#include "store/schema.h"
#include "store/test_support.h"

#include <SQLiteCpp/SQLiteCpp.h>

namespace store {
namespace {

using testing::HasSubstr;

constexpr base::Duration kNever = std::chrono::hours(1);

class Embedded : public testing::Test {
 protected:
  Options options() {
    Options options;
    options.data_dir = directory_.path() / "data";
    options.write_behind_interval = kNever;
    return options;
  }
  void open(Options options) {
    store_.reset();
    auto opened = EmbeddedStore::open(std::move(options));
    ASSERT_TRUE(opened) << opened.error().message;
    store_ = std::move(*opened);
  }
  void reopen() { open(options()); }
  Waiting waiting() { return Waiting(*store_); }

  std::vector<UserRecord> users() {
    std::vector<UserRecord> all;
    EXPECT_TRUE(store_->load_users([&](UserRecord record) { all.push_back(std::move(record)); }));
    return all;
  }

  TemporaryDirectory directory_;
  std::unique_ptr<EmbeddedStore> store_;
};

TEST_F(Embedded, KeepsEverythingAcrossAReopening) {
  reopen();
  waiting().add("a", "b");
  waiting().block("b", "a");
  UserRecord record = seen_at("a", 5);
  record.choice.status = presence::Status::offline;
  waiting().save(record);
  store_->save_user(seen_at("đ", 7));
  store_->save_sequence(42);
  reopen();
  EXPECT_EQ(waiting().contacts("a"), (std::vector<ContactEntry>{{"b", true}}));
  EXPECT_EQ(users(), (std::vector{record, seen_at("đ", 7)}));
  EXPECT_EQ(store_->load_sequence(), 42U);
}

TEST_F(Embedded, DataDirIsMadeForItsOwnerOnly) {
  reopen();
  struct ::stat status {};
  ASSERT_EQ(::stat(options().data_dir.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0700U);
}

TEST_F(Embedded, ADataDirInUseIsRefusedNamingIt) {
  reopen();
  const auto second = EmbeddedStore::open(options());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, base::ErrorCode::kConflict);
  EXPECT_THAT(second.error().message, HasSubstr(options().data_dir.native()));
  EXPECT_THAT(second.error().message, HasSubstr("in use"));
  store_.reset();
  EXPECT_TRUE(EmbeddedStore::open(options()));
}

TEST_F(Embedded, ADirectoryThatCannotBeIsRefusedNamingIt) {
  std::ofstream(directory_.path() / "file") << "x";
  for (const char* path : {"file", "file/data", "/proc/presenced"}) {
    Options wrong = options();
    wrong.data_dir = directory_.path() / path;
    const auto opened = EmbeddedStore::open(wrong);
    ASSERT_FALSE(opened) << path;
    EXPECT_EQ(opened.error().code, base::ErrorCode::kStoreUnavailable);
    EXPECT_THAT(opened.error().message, HasSubstr(wrong.data_dir.native()));
  }
  Options empty;
  EXPECT_FALSE(EmbeddedStore::open(empty));
}

TEST_F(Embedded, AFileThatIsNoDatabaseIsRefused) {
  std::filesystem::create_directories(options().data_dir);
  std::ofstream(options().data_dir / "presenced.db") << std::string(5000, 'x');
  const auto opened = EmbeddedStore::open(options());
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().message, HasSubstr("presenced.db"));
}

TEST_F(Embedded, ANewerSchemaIsRefusedAndLeftAlone) {
  reopen();
  store_.reset();
  const auto file = options().data_dir / "presenced.db";
  SQLite::Database(file, SQLite::OPEN_READWRITE).exec("PRAGMA user_version = 999");
  const auto opened = EmbeddedStore::open(options());
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, base::ErrorCode::kConflict);
  EXPECT_THAT(opened.error().message, HasSubstr("version 999"));
  EXPECT_EQ(SQLite::Database(file).execAndGet("PRAGMA user_version").getInt(), 999);
}

TEST_F(Embedded, MigrationsRunFromWhereTheFileIs) {
  SQLite::Database database(":memory:", SQLite::OPEN_READWRITE);
  const char* const first[] = {"CREATE TABLE a (x)"};
  const char* const both[] = {"CREATE TABLE a (x)", "ALTER TABLE a ADD COLUMN y"};
  const char* const broken[] = {"CREATE TABLE a (x)", "ALTER TABLE a ADD COLUMN y",
                                "CREATE TABLE b (x); nonsense"};
  migrate(database, first);
  migrate(database, both);
  EXPECT_EQ(database.execAndGet("PRAGMA user_version").getInt(), 2);
  EXPECT_THROW(migrate(database, broken), SQLite::Exception);
  EXPECT_EQ(database.execAndGet("PRAGMA user_version").getInt(), 2);
  EXPECT_FALSE(database.tableExists("b")) << "a step happens as a whole or not at all";
  EXPECT_THROW(migrate(database, first), SchemaTooNew);
}

TEST_F(Embedded, RecordsAreHeldBackUntilTheInterval) {
  reopen();
  store_->save_user(seen_at("a", 1));
  store_->save_user(seen_at("a", 2));
  EXPECT_TRUE(users().empty());
  EXPECT_EQ(store_->counters().write_behind_entries, 1U);

  Options soon = options();
  soon.write_behind_interval = base::Duration(1);
  open(soon);
  store_->save_user(seen_at("b", 1));
  EXPECT_TRUE(eventually([&] { return users().size() == 2; }));
}

TEST_F(Embedded, AnAcknowledgedRecordGoesOverOneThatIsHeldBack) {
  reopen();
  store_->save_user(seen_at("a", 1));
  waiting().save(seen_at("a", 2));
  store_->save_user(seen_at("b", 1));
  waiting().forget("b");
  EXPECT_EQ(store_->stop(), 0U);
  reopen();
  EXPECT_EQ(users(), (std::vector{seen_at("a", 2)}));
}

TEST_F(Embedded, TheSequenceNeverFallsAndGoesWithTheNextTransaction) {
  reopen();
  EXPECT_EQ(store_->load_sequence(), 0U);
  store_->save_sequence(9);
  store_->save_sequence(7);
  EXPECT_EQ(store_->load_sequence(), 0U);
  waiting().add("a", "b");
  EXPECT_EQ(store_->load_sequence(), 9U);
  reopen();
  store_->save_sequence(8);
  reopen();
  EXPECT_EQ(store_->load_sequence(), 9U);
}

TEST_F(Embedded, TheBeginningIsKeptAtOnceAndApartFromTheSequence) {
  reopen();
  EXPECT_EQ(store_->load_begin(), 0U);
  const uint64_t commits = store_->counters().commits;
  EXPECT_TRUE(store_->keep_begin(9));
  EXPECT_EQ(store_->counters().commits, commits + 1);
  EXPECT_TRUE(store_->keep_begin(7));
  EXPECT_EQ(store_->load_begin(), 9U);
  EXPECT_EQ(store_->load_sequence(), 0U);
  reopen();
  EXPECT_EQ(store_->load_begin(), 9U);
  store_->stop();
  EXPECT_FALSE(store_->keep_begin(11));
}

TEST_F(Embedded, PurgeForgetsWhatIsOlderThanTheCutoff) {
  reopen();
  UserRecord chosen = seen_at("chosen", 10);
  chosen.choice.status = presence::Status::busy;
  UserRecord ended = seen_at("ended", 10);
  ended.choice = {presence::Status::away, "back soon", base::wall_from_millis(20)};
  UserRecord later = seen_at("later", 10);
  later.choice = {presence::Status::away, "", base::wall_from_millis(200)};
  UserRecord recent = seen_at("recent", 150);
  recent.visible_last_seen = base::wall_from_millis(50);
  for (const auto& record : {chosen, ended, later, recent, seen_at("old", 99)})
    waiting().save(record);
  waiting().add("old", "chosen");

  const auto purged =
      wait_for<uint64_t>([&](auto done) { store_->purge(base::wall_from_millis(100), done); });
  EXPECT_EQ(purged, 5U);
  chosen.last_seen = chosen.visible_last_seen = {};
  later.last_seen = later.visible_last_seen = {};
  recent.visible_last_seen = {};
  EXPECT_EQ(users(), (std::vector{chosen, later, recent}));
  EXPECT_EQ(waiting().contacts("old"), (std::vector<ContactEntry>{{"chosen"}}));
  EXPECT_EQ(
      wait_for<uint64_t>([&](auto done) { store_->purge(base::wall_from_millis(100), done); }), 0U);
}

TEST_F(Embedded, PurgeGoesThroughMoreRecordsThanOneStep) {
  reopen();
  for (int i = 0; i < 12'000; ++i)
    store_->save_user(seen_at("u" + std::to_string(i), i % 2 == 0 ? 10 : 200));
  reopen();
  ASSERT_EQ(users().size(), 12'000U);
  EXPECT_EQ(
      wait_for<uint64_t>([&](auto done) { store_->purge(base::wall_from_millis(100), done); }),
      6'000U);
  EXPECT_EQ(users().size(), 6'000U);
}

TEST_F(Embedded, WritesQueuedTogetherShareOneTransaction) {
  reopen();
  const uint64_t before = store_->counters().commits;
  std::atomic<int> answered = 0;
  {
    Hold hold(*store_);
    for (int i = 0; i < 50; ++i) {
      store_->add_contact("a", "b" + std::to_string(i), Mutual::kYes,
                          [&](const auto& changes) { answered += changes ? 1 : 0; });
    }
    EXPECT_EQ(store_->counters().queue_entries, 51U);
  }
  EXPECT_TRUE(eventually([&] { return answered == 50; }));
  // A transaction ends after some milliseconds of work, so a slow machine may need a few.
  EXPECT_LE(store_->counters().commits - before, 5U);
  EXPECT_TRUE(eventually([&] { return store_->counters().queue_entries == 0; }));
  EXPECT_EQ(store_->counters().queue_bytes, 0U);
}

TEST_F(Embedded, ChosenStatusesAloneWaitForEachOther) {
  Options patient = options();
  patient.commit_interval = base::Duration(100);
  open(patient);
  const auto began = std::chrono::steady_clock::now();
  for (int i = 0; i < 3; ++i) waiting().save(seen_at("a", i));
  // Two intervals; the store counts in whole milliseconds.
  EXPECT_GE(std::chrono::steady_clock::now() - began, std::chrono::milliseconds(190));
}

TEST_F(Embedded, WhateverElseIsCalledForTakesChosenStatusesAlong) {
  Options patient = options();
  patient.commit_interval = kNever;
  open(patient);
  waiting().save(seen_at("a", 1));
  std::atomic<int> saved = 0;
  const auto save = [&](const char* user) {
    store_->save_user(seen_at(user, 1), [&](const auto& kept) { saved += kept ? 1 : 0; });
  };
  save("b");
  waiting().contacts("a");
  EXPECT_TRUE(eventually([&] { return saved == 1; }));
  save("c");
  waiting().add("a", "b");
  EXPECT_TRUE(eventually([&] { return saved == 2; }));
  save("d");
  EXPECT_EQ(store_->stop(), 0U);
  EXPECT_EQ(saved, 3);
}

TEST_F(Embedded, AFullQueueRefusesAtOnceAndSaysSoOnce) {
  std::mutex mutex;
  std::vector<std::pair<Fault, bool>> notices;
  Options small = options();
  small.max_queue_entries = 4;
  small.on_fault = [&](const FaultNotice& notice) {
    const std::lock_guard lock(mutex);
    notices.emplace_back(notice.fault, notice.began);
  };
  open(small);
  std::atomic<int> accepted = 0;
  int refused = 0;
  {
    Hold hold(*store_);
    for (int i = 0; i < 6; ++i) {
      store_->add_contact("a", "b" + std::to_string(i), Mutual::kNo, [&](const auto& changes) {
        if (changes) {
          ++accepted;
        } else {
          EXPECT_EQ(changes.error().code, base::ErrorCode::kStoreUnavailable);
          ++refused;  // on this thread, before the call returns
        }
      });
    }
    EXPECT_EQ(refused, 3) << "one place is taken by what holds the thread";
    EXPECT_FALSE(store_->counters().available);
    EXPECT_EQ(store_->counters().refused, 3U);
  }
  EXPECT_TRUE(eventually([&] { return accepted == 3 && store_->counters().available; }));
  EXPECT_EQ(waiting().contacts("a").size(), 3U);
  const std::lock_guard lock(mutex);
  EXPECT_EQ(notices, (std::vector<std::pair<Fault, bool>>{{Fault::kQueueFull, true},
                                                          {Fault::kQueueFull, false}}));
}

TEST_F(Embedded, BytesBoundTheQueueButNotOneLargeOperation) {
  Options small = options();
  small.max_queue_bytes = 10'000;
  open(small);
  std::vector<Edge> large;
  for (int i = 0; i < 1'000; ++i) large.push_back({"a", "b" + std::to_string(i)});
  EXPECT_EQ(waiting().import(large).size(), 1'000U);
  const Hold hold(*store_);
  const auto refused = wait_for<EdgeChanges>([&](auto done) { store_->import_edges(large, done); });
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, base::ErrorCode::kStoreUnavailable);
}

TEST_F(Embedded, AListThatIsTooLongIsRefused) {
  Options small = options();
  small.max_contacts = 2;
  open(small);
  const auto refused = wait_for<EdgeChanges>([&](auto done) {
    store_->replace_contacts("a", {"b", "c", "d"}, Mutual::kYes, done);
  });
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, base::ErrorCode::kInvalidArgument);
  EXPECT_THAT(refused.error().message, HasSubstr("contacts"));
}

TEST_F(Embedded, StoppingAnswersWhatWaitsAndRefusesWhatComes) {
  reopen();
  std::atomic<int> answered = 0;
  {
    Hold hold(*store_);
    for (int i = 0; i < 10; ++i) {
      store_->add_contact("a", "b" + std::to_string(i), Mutual::kNo,
                          [&](const auto& changes) { answered += changes ? 1 : 0; });
    }
  }
  EXPECT_EQ(store_->stop(), 0U);
  EXPECT_EQ(answered, 10);
  EXPECT_EQ(store_->stop(), 0U);
  const auto refused =
      wait_for<std::vector<ContactEntry>>([&](auto done) { store_->load_contacts("a", done); });
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, base::ErrorCode::kStoreUnavailable);
  store_->save_user(seen_at("a", 1));
  EXPECT_EQ(store_->counters().dropped_records, 1U);
  EXPECT_FALSE(store_->load_users([](const UserRecord&) {}));
  reopen();
  EXPECT_EQ(waiting().contacts("a").size(), 10U);
}

TEST_F(Embedded, ManyThreadsMayCall) {
  reopen();
  std::atomic<int> added = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 200; ++i) {
        const std::string user = "u" + std::to_string(t);
        store_->add_contact(user, "c" + std::to_string(i), Mutual::kNo, [&](const auto& changes) {
          added += changes ? static_cast<int>(changes->size()) : 0;
        });
        store_->save_user(seen_at(user, i));
        store_->save_sequence(static_cast<uint64_t>(i));
        static_cast<void>(store_->counters());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(eventually([&] { return added == 800; }));
  EXPECT_EQ(waiting().contacts("u2").size(), 200U);
}

TEST_F(Embedded, BulkImportAndExportGoThroughAllEdges) {
  reopen();
  std::vector<Edge> edges;
  {
    BulkImport import(*store_);
    for (int batch = 0; batch < 20; ++batch) {
      std::vector<Edge> some;
      for (int i = 0; i < 600; ++i)
        some.push_back({"u" + std::to_string(batch), "c" + std::to_string(i)});
      edges.insert(edges.end(), some.begin(), some.end());
      ASSERT_TRUE(import.add(some));
    }
    ASSERT_TRUE(import.add({edges.front()}));
    EXPECT_EQ(import.finish(), edges.size());
  }
  std::sort(edges.begin(), edges.end());
  std::vector<Edge> seen;
  EXPECT_TRUE(for_each_page(*store_, [&](std::span<const Edge> page) -> base::Result<void> {
    seen.insert(seen.end(), page.begin(), page.end());
    return {};
  }));
  EXPECT_EQ(seen, edges);
  EXPECT_FALSE(for_each_page(*store_, [](std::span<const Edge>) -> base::Result<void> {
    return base::fail(base::ErrorCode::kInternal, "enough");
  }));
}

TEST_F(Embedded, ReleaseMemoryGivesBackWhatReadingHasCached) {
  reopen();
  fill_cache(*store_);
  const int64_t before = sqlite_memory();
  EXPECT_TRUE(wait_for<void>([&](auto done) { store_->release_memory(std::move(done)); }));
  EXPECT_LT(sqlite_memory(), before / 2);
}

TEST_F(Embedded, BulkImportReportsAFailure) {
  reopen();
  BulkImport import(*store_);
  store_->stop();
  EXPECT_TRUE(import.add({{"a", "b"}})) << "the outcome is not known yet";
  EXPECT_FALSE(import.finish());
  EXPECT_FALSE(import.finish()) << "a failure stays";
}

}  // namespace
}  // namespace store

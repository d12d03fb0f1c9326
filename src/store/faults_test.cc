// What the embedded store does when the disk fails, with a disk that fails when it is told to.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/bulk.h"
#include "store/embedded_store.h"
#include "store/faulty_disk.h"
#include "store/test_support.h"

namespace store {
namespace {

using testing::HasSubstr;

class DiskFault : public testing::Test {
 protected:
  void SetUp() override { open(base::Duration(5)); }

  void open(base::Duration retry_interval) {
    store_.reset();
    Options options;
    options.data_dir = directory_.path();
    options.write_behind_interval = base::Duration(1);
    options.retry_interval = retry_interval;
    options.on_fault = [this](const FaultNotice& notice) {
      const std::lock_guard lock(mutex_);
      notices_.push_back(notice);
    };
    auto opened = EmbeddedStore::open(std::move(options));
    ASSERT_TRUE(opened) << opened.error().message;
    store_ = std::move(*opened);
  }

  base::Result<EdgeChanges> add(const UserId& user, const UserId& other) {
    return wait_for<EdgeChanges>(
        [&](auto done) { store_->add_contact(user, other, Mutual::kYes, done); });
  }
  std::vector<FaultNotice> notices() {
    const std::lock_guard lock(mutex_);
    return notices_;
  }
  bool available() { return store_->counters().available; }

  FaultyDisk disk_;
  TemporaryDirectory directory_;
  std::mutex mutex_;
  std::vector<FaultNotice> notices_;
  std::unique_ptr<EmbeddedStore> store_;
};

TEST_F(DiskFault, AWriteThatFailsIsRefusedAndLeavesNothing) {
  ASSERT_TRUE(add("a", "b"));
  for (std::atomic<int>* fault : {&disk_.on_write, &disk_.on_sync}) {
    *fault = fault == &disk_.on_write ? SQLITE_FULL : SQLITE_IOERR_FSYNC;
    const auto refused = add("a", "c");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, base::ErrorCode::kStoreUnavailable);
    EXPECT_FALSE(available());
    EXPECT_NE(store_->counters().last_error, "");
    *fault = SQLITE_OK;
    EXPECT_TRUE(eventually([&] { return available(); }));
    EXPECT_EQ(Waiting(*store_).contacts("a"), (std::vector<ContactEntry>{{"b"}}));
  }
  EXPECT_EQ(add("a", "c")->size(), 2U);
}

TEST_F(DiskFault, IsReportedOncePerChangeAndEndsByItself) {
  disk_.on_write = SQLITE_FULL;
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(add("a", "b" + std::to_string(i)));
  EXPECT_TRUE(eventually([&] { return store_->counters().failed_commits >= 5; }));
  disk_.on_write = SQLITE_OK;
  EXPECT_TRUE(eventually([&] { return available(); }));
  const auto seen = notices();
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_TRUE(seen[0].began);
  EXPECT_EQ(seen[0].fault, Fault::kStorage);
  EXPECT_THAT(seen[0].message, HasSubstr("presenced.db"));
  EXPECT_THAT(seen[0].message, HasSubstr("full"));
  EXPECT_FALSE(seen[1].began);
}

TEST_F(DiskFault, ReadsGoOnWhileWritesFail) {
  ASSERT_TRUE(add("a", "b"));
  open(std::chrono::hours(1));
  disk_.on_write = SQLITE_FULL;
  ASSERT_FALSE(add("a", "c"));
  EXPECT_EQ(Waiting(*store_).contacts("a"), (std::vector<ContactEntry>{{"b"}}));
}

// A read that shared the transaction saw what was taken back, so it is run again.
TEST_F(DiskFault, AReadBehindAFailedWriteDoesNotSeeIt) {
  ASSERT_TRUE(add("a", "b"));
  Hold hold(*store_);
  disk_.on_sync = SQLITE_IOERR_FSYNC;
  std::vector<std::string> answers;  // the store's thread, until the read is answered
  store_->add_contact("a", "c", Mutual::kNo,
                      [&](const auto& changes) { answers.push_back(changes ? "yes" : "no"); });
  const auto read = wait_for<std::vector<ContactEntry>>([&](auto done) {
    store_->load_contacts("a", [&answers, done](auto contacts) {
      answers.push_back("read");
      done(std::move(contacts));
    });
    hold.let_go();
  });
  EXPECT_EQ(read, (std::vector<ContactEntry>{{"b"}}));
  EXPECT_EQ(answers, (std::vector<std::string>{"no", "read"}));
}

TEST_F(DiskFault, RecordsHeldBackAndTheSequenceOutliveIt) {
  disk_.on_sync = SQLITE_IOERR_FSYNC;
  store_->save_user(seen_at("a", 1));
  store_->save_sequence(5);
  EXPECT_TRUE(eventually([&] { return store_->counters().failed_commits > 0; }));
  store_->save_user(seen_at("a", 2));
  disk_.on_sync = SQLITE_OK;
  EXPECT_TRUE(eventually([&] { return Waiting(*store_).exported("a").record == seen_at("a", 2); }));
  EXPECT_TRUE(eventually([&] { return store_->load_sequence() == 5U; }));
  EXPECT_TRUE(eventually([&] { return store_->counters().write_behind_entries == 0; }));
}

TEST_F(DiskFault, StoppingGivesUpWhatCannotBeWrittenAndCountsIt) {
  open(std::chrono::hours(1));
  disk_.on_write = SQLITE_FULL;
  store_->save_user(seen_at("a", 1));
  store_->save_user(seen_at("b", 1));
  store_->save_sequence(5);
  EXPECT_EQ(store_->stop(), 2U);
  EXPECT_EQ(store_->counters().dropped_records, 2U);
}

TEST_F(DiskFault, AFileThatCannotBeOpenedAgainIsTriedUntilItCan) {
  ASSERT_TRUE(add("a", "b"));
  disk_.on_open = SQLITE_CANTOPEN;
  disk_.on_write = SQLITE_IOERR_WRITE;
  ASSERT_FALSE(add("a", "c"));
  // Behind the first retry the file is closed: neither writes nor reads have anything to work on.
  EXPECT_TRUE(eventually([&] {
    return !wait_for<std::vector<ContactEntry>>(
        [&](auto done) { store_->load_contacts("a", done); });
  }));
  EXPECT_FALSE(add("a", "d"));
  disk_.on_open = SQLITE_OK;
  disk_.on_write = SQLITE_OK;
  EXPECT_TRUE(eventually([&] { return available(); }));
  EXPECT_EQ(Waiting(*store_).contacts("a"), (std::vector<ContactEntry>{{"b"}}));
}

TEST_F(DiskFault, AReadThatFailsIsRefused) {
  std::vector<Edge> many;
  for (int i = 0; i < 2'000; ++i) many.push_back({"a", "b" + std::to_string(i)});
  Waiting(*store_).import(many);
  open(base::Duration(5));  // with nothing in the cache
  disk_.on_read = SQLITE_IOERR_READ;
  const auto refused =
      wait_for<std::vector<ContactEntry>>([&](auto done) { store_->load_contacts("a", done); });
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, base::ErrorCode::kStoreUnavailable);
  EXPECT_FALSE(
      for_each_page(*store_, [](std::span<const Edge>) -> base::Result<void> { return {}; }));
  disk_.on_read = SQLITE_OK;
  EXPECT_TRUE(eventually([&] { return available(); }));
  EXPECT_EQ(Waiting(*store_).contacts("a").size(), many.size());
}

}  // namespace
}  // namespace store

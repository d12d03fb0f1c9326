// The part of the contract of store/store.h that is about records, for stores that keep them:
// besides store/contract_suite.h, instantiate StoreRecords.
#pragma once

#include "store/contract_suite.h"

namespace store {

class StoreRecords : public StoreContract {};

TEST_P(StoreRecords, ExportHoldsTheRecord) {
  const UserRecord record{.user = "a",
                          .choice = {.status = presence::Status::busy,
                                     .message = "\"quoted\" 😀",
                                     .expires_at = base::wall_from_millis(1'700'000'000'000)},
                          .last_seen = base::wall_from_millis(1'600'000'000'123),
                          .visible_last_seen = base::wall_from_millis(1'600'000'000'000)};
  waiting().save(record);
  EXPECT_EQ(waiting().exported("a"), (UserExport{record, {}, {}, {}, {}}));
}

TEST_P(StoreRecords, ForgettingTakesTheRecord) {
  waiting().save(seen_at("a", 1));
  EXPECT_TRUE(waiting().exported("a").record);
  EXPECT_TRUE(waiting().forget("a").empty());
  EXPECT_EQ(waiting().exported("a"), UserExport{});
}

TEST_P(StoreRecords, TheNewestRecordStands) {
  UserRecord record = seen_at("a", 1);
  store_->save_user(record);
  EXPECT_EQ(waiting().exported("a").record, record) << "held back or not, it counts as written";
  record.choice.status = presence::Status::away;
  waiting().save(record);
  EXPECT_EQ(waiting().exported("a").record, record);
  record.last_seen = base::wall_from_millis(2);
  store_->save_user(record);
  EXPECT_EQ(waiting().exported("a").record, record);
}

}  // namespace store

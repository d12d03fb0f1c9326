// EdgeTable: who sees whom and who blocks whom. Each change is appended to `changes` when, and only
// when, the table really changed. Synchronous; throws SQLite::Exception. The store's thread.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <optional>
#include <vector>

#include "presence/ports.h"
#include "store/store.h"

namespace store {

class EdgeTable {
 public:
  explicit EdgeTable(SQLite::Database& database);

  std::vector<presence::ContactEntry> contacts_of(const presence::UserId& viewer);

  void add(const presence::UserId& viewer, const presence::UserId& subject, EdgeChanges& changes);
  void remove(const presence::UserId& viewer, const presence::UserId& subject,
              EdgeChanges& changes);
  // `list` is sorted and without duplicates.
  void replace(const presence::UserId& viewer, const std::vector<presence::UserId>& list,
               Mutual mutual, EdgeChanges& changes);

  void block(const presence::UserId& blocker, const presence::UserId& blocked,
             EdgeChanges& changes);
  void unblock(const presence::UserId& blocker, const presence::UserId& blocked,
               EdgeChanges& changes);

  void forget(const presence::UserId& user, EdgeChanges& changes);
  // Fills everything of `out` but the record.
  void export_user(const presence::UserId& user, UserExport& out);
  std::vector<presence::Edge> page(const std::optional<presence::Edge>& after, std::size_t limit);

 private:
  [[nodiscard]] static bool exists(SQLite::Statement& statement, const presence::UserId& first,
                                   const presence::UserId& second);
  static std::vector<presence::UserId> ids(SQLite::Statement& statement,
                                           const presence::UserId& user);

  SQLite::Statement contacts_;
  SQLite::Statement add_;
  SQLite::Statement remove_;
  SQLite::Statement has_edge_;
  SQLite::Statement block_;
  SQLite::Statement unblock_;
  SQLite::Statement has_block_;
  SQLite::Statement subjects_;
  SQLite::Statement viewers_;
  SQLite::Statement blocks_;
  SQLite::Statement blocked_by_;
  SQLite::Statement forget_viewer_;
  SQLite::Statement forget_subject_;
  SQLite::Statement forget_blocker_;
  SQLite::Statement forget_blocked_;
  SQLite::Statement page_;
};

}  // namespace store

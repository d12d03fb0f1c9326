#include "store/schema.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>

namespace store {
namespace {

// Blocks lead with who is blocked, so that loading a list reads its blocks beside it. Both edges
// and blocks can be found from either side, or forgetting a user would read the whole table.
constexpr const char* kVersion1 = R"(
  CREATE TABLE users (
    user TEXT NOT NULL PRIMARY KEY,
    status TEXT NOT NULL,
    message TEXT NOT NULL,
    expires_at INTEGER,
    last_seen INTEGER NOT NULL,
    visible_last_seen INTEGER NOT NULL,
    connected INTEGER NOT NULL,
    visible INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE edges (
    viewer TEXT NOT NULL,
    subject TEXT NOT NULL,
    PRIMARY KEY (viewer, subject)
  ) WITHOUT ROWID;
  CREATE INDEX edges_by_subject ON edges (subject, viewer);
  CREATE TABLE blocks (
    blocked TEXT NOT NULL,
    blocker TEXT NOT NULL,
    PRIMARY KEY (blocked, blocker)
  ) WITHOUT ROWID;
  CREATE INDEX blocks_by_blocker ON blocks (blocker, blocked);
  CREATE TABLE numbers (
    name TEXT NOT NULL PRIMARY KEY,
    value INTEGER NOT NULL
  ) WITHOUT ROWID;
)";

constexpr const char* kSteps[] = {kVersion1};

}  // namespace

std::span<const char* const> schema_steps() { return kSteps; }

void migrate(SQLite::Database& database, std::span<const char* const> steps) {
  const int known = static_cast<int>(steps.size());
  const int found = database.execAndGet("PRAGMA user_version").getInt();
  if (found > known || found < 0) {
    throw SchemaTooNew(
        fmt::format("its schema has version {}, but this program knows versions up to {}; use a "
                    "newer presenced",
                    found, known));
  }
  for (int version = found; version < known; ++version) {
    SQLite::Transaction transaction(database);
    database.exec(steps[static_cast<std::size_t>(version)]);
    database.exec(fmt::format("PRAGMA user_version = {}", version + 1));
    transaction.commit();
  }
}

}  // namespace store

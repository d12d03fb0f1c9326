#include "store/database.h"

#include "store/schema.h"
#include "store/statement_use.h"

namespace store {
namespace {

// A backup tool may hold the file for a moment; longer than this is a fault.
constexpr int kBusyTimeoutMs = 1000;

}  // namespace

SQLite::Database Database::open(const std::filesystem::path& file, Create create) {
  const int flags =
      SQLite::OPEN_READWRITE | (create == Create::kIfMissing ? SQLite::OPEN_CREATE : 0);
  SQLite::Database database(file, flags, kBusyTimeoutMs);
  database.exec("PRAGMA journal_mode = WAL");
  database.exec("PRAGMA synchronous = FULL");
  database.exec("PRAGMA cache_size = -32768");            // KiB
  database.exec("PRAGMA journal_size_limit = 67108864");  // a log that an import made big shrinks
  migrate(database, schema_steps());
  return database;
}

Database::Database(const std::filesystem::path& file, Create create)
    : database_(open(file, create)),
      begin_(database_, "BEGIN IMMEDIATE"),
      commit_(database_, "COMMIT"),
      users_(database_),
      edges_(database_) {}

void Database::begin() {
  StatementUse(begin_).run();
}

void Database::commit() {
  StatementUse(commit_).run();
}

void Database::rollback() noexcept {
  // SQLite may have rolled back by itself, which makes this an error of no consequence.
  database_.tryExec("ROLLBACK");
}

}  // namespace store

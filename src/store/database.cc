#include "store/database.h"

#include "store/schema.h"
#include "store/statement_use.h"

namespace store {
namespace {

// A backup tool may hold the file for a moment; longer than this is a fault.
constexpr int kBusyTimeoutMs = 1000;

// In KiB. What is read at a login lies in the kernel's cache as well; an import writes all over two
// trees, and without room for them every page would be written many times.
constexpr const char* kUsualCache = "PRAGMA cache_size = -1024";
constexpr const char* kLargeCache = "PRAGMA cache_size = -65536";

}  // namespace

SQLite::Database Database::open(const std::filesystem::path& file, Create create) {
  const int flags =
      SQLite::OPEN_READWRITE | (create == Create::kIfMissing ? SQLite::OPEN_CREATE : 0);
  SQLite::Database database(file, flags, kBusyTimeoutMs);
  database.exec("PRAGMA journal_mode = WAL");
  database.exec("PRAGMA synchronous = FULL");
  database.exec(kUsualCache);
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

void Database::begin() { StatementUse(begin_).run(); }

void Database::commit() {
  StatementUse(commit_).run();
  if (!large_cache_) return;
  large_cache_ = false;
  // What is committed stays so, even if the memory cannot be given back.
  database_.tryExec(kUsualCache);
  release_memory();
}

void Database::release_memory() { database_.tryExec("PRAGMA shrink_memory"); }

void Database::expect_large_transaction() {
  if (large_cache_) return;
  large_cache_ = true;
  database_.exec(kLargeCache);
}

void Database::rollback() noexcept {
  // SQLite may have rolled back by itself, which makes this an error of no consequence.
  database_.tryExec("ROLLBACK");
}

}  // namespace store

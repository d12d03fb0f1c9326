// Database: the open SQLite file with its tables and prepared statements, and the transactions
// around them. Synchronous; throws SQLite::Exception. The store's thread.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <filesystem>

#include "store/edge_table.h"
#include "store/user_table.h"

namespace store {

class Database {
 public:
  // kExisting: a file that has vanished is an error and not a reason to start from nothing.
  enum class Create : uint8_t { kIfMissing, kExisting };

  // Opens and migrates.
  Database(const std::filesystem::path& file, Create create);

  void begin();
  void commit();  // when it returns, the transaction survives a crash of the machine
  // After begin() or commit() threw, or what ran between them.
  void rollback() noexcept;

  // The transaction under way is going to touch much of the file: gives it memory for its time.
  void expect_large_transaction();

  // What is only kept to save reading it again.
  void release_memory();

  UserTable& users() { return users_; }
  EdgeTable& edges() { return edges_; }

 private:
  static SQLite::Database open(const std::filesystem::path& file, Create create);

  SQLite::Database database_;
  SQLite::Statement begin_;
  SQLite::Statement commit_;
  UserTable users_;
  EdgeTable edges_;
  bool large_cache_ = false;
};

}  // namespace store

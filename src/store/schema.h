// The schema of presenced.db, versioned in PRAGMA user_version.
//
// User ids are stored as text in the edges themselves, not as numbers of a table of names.
// Measured with 20,000 users of 100 contacts: loading a list costs 29 us this way against 50 us
// with numbers, because no name has to be looked up; the price is 91 bytes per edge in the file
// against 22.
#pragma once

#include <span>
#include <stdexcept>

namespace SQLite {
class Database;
}

namespace store {

// The file was written by a later version of the program.
class SchemaTooNew : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Step i leads from version i to version i + 1.
[[nodiscard]] std::span<const char* const> schema_steps();

// Brings `database` to the version after the last step, each step in a transaction of its own.
// Throws SQLite::Exception, and SchemaTooNew when the file's version is beyond it.
void migrate(SQLite::Database& database, std::span<const char* const> steps);

}  // namespace store

// UserTable: the records of users, and the few numbers that are kept beside them. Synchronous;
// throws SQLite::Exception. The store's thread.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <cstdint>
#include <functional>
#include <optional>

#include "base/time.h"
#include "presence/ports.h"

namespace store {

class UserTable {
 public:
  explicit UserTable(SQLite::Database& database);

  void save(const presence::UserRecord& record);
  void erase(const presence::UserId& user);
  std::optional<presence::UserRecord> find(const presence::UserId& user);
  void for_each(const std::function<void(presence::UserRecord)>& each);

  // One step of EmbeddedStore::purge() over some records behind `after`.
  struct PurgeStep {
    uint64_t changed = 0;
    std::optional<presence::UserId> last;  // go on behind it; nothing when this was the last step
  };
  PurgeStep purge_some(base::WallTime cutoff, const presence::UserId& after, std::size_t limit);

  // Numbers that never fall; 0 to begin with.
  enum class Mark : uint8_t { kSequence, kBegin };
  int64_t mark(Mark which);
  void raise(Mark which, int64_t value);
  // Changes the file without changing what it says.
  void touch();

 private:
  SQLite::Statement save_;
  SQLite::Statement erase_;
  SQLite::Statement find_;
  SQLite::Statement all_;
  SQLite::Statement page_end_;
  SQLite::Statement purge_;
  SQLite::Statement erase_empty_;
  SQLite::Statement mark_;
  SQLite::Statement raise_mark_;
  SQLite::Statement touch_;
};

}  // namespace store

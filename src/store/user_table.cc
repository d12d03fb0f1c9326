#include "store/user_table.h"

#include <array>
#include <string>

#include "store/statement_use.h"

namespace store {
namespace {

// As on the wire; the position is the value of presence::Status.
const std::array<std::string, 4> kStatusNames = {"online", "away", "busy", "offline"};

// The position is the value of UserTable::Mark.
const std::array<std::string, 2> kMarkNames = {"sequence", "begin"};

const std::string& name_of(UserTable::Mark mark) {
  return kMarkNames.at(static_cast<std::size_t>(mark));
}

presence::Status status_from_name(const std::string& name) {
  for (std::size_t i = 0; i < kStatusNames.size(); ++i)
    if (kStatusNames[i] == name) return static_cast<presence::Status>(i);
  throw SQLite::Exception("a record holds an unknown status");
}

presence::UserRecord read_record(const StatementUse& row) {
  presence::UserRecord record;
  record.user = row.text(0);
  record.choice.status = status_from_name(row.text(1));
  record.choice.message = row.text(2);
  if (!row.is_null(3)) record.choice.expires_at = base::wall_from_millis(row.number(3));
  record.last_seen = base::wall_from_millis(row.number(4));
  record.visible_last_seen = base::wall_from_millis(row.number(5));
  record.connected = row.number(6) != 0;
  record.visible = row.number(7) != 0;
  return record;
}

}  // namespace

UserTable::UserTable(SQLite::Database& database)
    : save_(database, "INSERT OR REPLACE INTO users VALUES (?, ?, ?, ?, ?, ?, ?, ?)"),
      erase_(database, "DELETE FROM users WHERE user = ?"),
      find_(database, "SELECT * FROM users WHERE user = ?"),
      all_(database, "SELECT * FROM users ORDER BY user"),
      page_end_(database, "SELECT user FROM users WHERE user > ? ORDER BY user LIMIT 1 OFFSET ?"),
      purge_(database, R"(
        UPDATE users SET
          last_seen = CASE WHEN last_seen < ?1 THEN 0 ELSE last_seen END,
          visible_last_seen = CASE WHEN visible_last_seen < ?1 THEN 0 ELSE visible_last_seen END,
          status = CASE WHEN expires_at < ?1 THEN 'online' ELSE status END,
          message = CASE WHEN expires_at < ?1 THEN '' ELSE message END,
          expires_at = CASE WHEN expires_at < ?1 THEN NULL ELSE expires_at END
        WHERE user > ?2 AND (?3 IS NULL OR user <= ?3)
          AND ((last_seen <> 0 AND last_seen < ?1)
            OR (visible_last_seen <> 0 AND visible_last_seen < ?1)
            OR expires_at < ?1))"),
      erase_empty_(database, R"(
        DELETE FROM users
        WHERE user > ?1 AND (?2 IS NULL OR user <= ?2)
          AND last_seen = 0 AND visible_last_seen = 0 AND connected = 0
          AND status = 'online' AND message = '')"),
      mark_(database, "SELECT value FROM numbers WHERE name = ?1"),
      raise_mark_(database, R"(
        INSERT INTO numbers VALUES (?1, ?2)
        ON CONFLICT (name) DO UPDATE SET value = max(value, ?2))"),
      touch_(database, "INSERT OR REPLACE INTO numbers VALUES ('touched', 0)") {}

void UserTable::save(const presence::UserRecord& record) {
  StatementUse use(save_);
  use.bind(record.user)
      .bind(kStatusNames.at(static_cast<std::size_t>(record.choice.status)))
      .bind(record.choice.message);
  if (record.choice.expires_at) {
    use.bind(base::to_millis(*record.choice.expires_at));
  } else {
    use.bind_null();
  }
  use.bind(base::to_millis(record.last_seen))
      .bind(base::to_millis(record.visible_last_seen))
      .bind(int64_t{record.connected})
      .bind(int64_t{record.visible})
      .run();
}

void UserTable::erase(const presence::UserId& user) { StatementUse(erase_).bind(user).run(); }

std::optional<presence::UserRecord> UserTable::find(const presence::UserId& user) {
  StatementUse use(find_);
  if (!use.bind(user).next_row()) return std::nullopt;
  return read_record(use);
}

void UserTable::for_each(const std::function<void(presence::UserRecord)>& each) {
  StatementUse use(all_);
  while (use.next_row()) each(read_record(use));
}

UserTable::PurgeStep UserTable::purge_some(base::WallTime cutoff, const presence::UserId& after,
                                           std::size_t limit) {
  PurgeStep step;
  {
    StatementUse end(page_end_);
    if (end.bind(after).bind(static_cast<int64_t>(limit) - 1).next_row()) step.last = end.text(0);
  }
  const auto erase_empty = [&] {
    StatementUse use(erase_empty_);
    use.bind(after);
    step.last ? use.bind(*step.last) : use.bind_null();
    return static_cast<uint64_t>(use.run());
  };
  // Records that were empty before count once here, those that become empty once as changed.
  step.changed += erase_empty();
  {
    StatementUse use(purge_);
    use.bind(base::to_millis(cutoff)).bind(after);
    step.last ? use.bind(*step.last) : use.bind_null();
    step.changed += static_cast<uint64_t>(use.run());
  }
  erase_empty();
  return step;
}

int64_t UserTable::mark(Mark which) {
  StatementUse use(mark_);
  use.bind(name_of(which));
  return use.next_row() ? use.number(0) : 0;
}

void UserTable::raise(Mark which, int64_t value) {
  StatementUse(raise_mark_).bind(name_of(which)).bind(value).run();
}

void UserTable::touch() { StatementUse(touch_).run(); }

}  // namespace store

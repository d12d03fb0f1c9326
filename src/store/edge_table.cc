#include "store/edge_table.h"

#include <algorithm>
#include <iterator>

#include "store/statement_use.h"

namespace store {
namespace {

using Kind = presence::EdgeChange::Kind;
using presence::UserId;

}  // namespace

EdgeTable::EdgeTable(SQLite::Database& database)
    : contacts_(database, R"(
        SELECT e.subject, b.blocker IS NOT NULL
        FROM edges e LEFT JOIN blocks b ON b.blocked = e.viewer AND b.blocker = e.subject
        WHERE e.viewer = ? ORDER BY e.subject)"),
      add_(database, "INSERT OR IGNORE INTO edges (viewer, subject) VALUES (?, ?)"),
      remove_(database, "DELETE FROM edges WHERE viewer = ? AND subject = ?"),
      has_edge_(database, "SELECT 1 FROM edges WHERE viewer = ? AND subject = ?"),
      block_(database, "INSERT OR IGNORE INTO blocks (blocked, blocker) VALUES (?, ?)"),
      unblock_(database, "DELETE FROM blocks WHERE blocked = ? AND blocker = ?"),
      has_block_(database, "SELECT 1 FROM blocks WHERE blocked = ? AND blocker = ?"),
      subjects_(database, "SELECT subject FROM edges WHERE viewer = ? ORDER BY subject"),
      viewers_(database, "SELECT viewer FROM edges WHERE subject = ? ORDER BY viewer"),
      blocks_(database, "SELECT blocked FROM blocks WHERE blocker = ? ORDER BY blocked"),
      blocked_by_(database, "SELECT blocker FROM blocks WHERE blocked = ? ORDER BY blocker"),
      forget_viewer_(database, "DELETE FROM edges WHERE viewer = ?"),
      forget_subject_(database, "DELETE FROM edges WHERE subject = ?"),
      forget_blocker_(database, "DELETE FROM blocks WHERE blocker = ?"),
      forget_blocked_(database, "DELETE FROM blocks WHERE blocked = ?"),
      page_(database, R"(
        SELECT viewer, subject FROM edges WHERE (viewer, subject) > (?, ?)
        ORDER BY viewer, subject LIMIT ?)") {}

std::vector<presence::ContactEntry> EdgeTable::contacts_of(const UserId& viewer) {
  std::vector<presence::ContactEntry> entries;
  StatementUse use(contacts_);
  use.bind(viewer);
  while (use.next_row()) entries.push_back({use.text(0), use.number(1) != 0});
  return entries;
}

void EdgeTable::add(const UserId& viewer, const UserId& subject, EdgeChanges& changes) {
  if (StatementUse(add_).bind(viewer).bind(subject).run() == 0) return;
  changes.push_back({Kind::added, viewer, subject, exists(has_block_, viewer, subject)});
}

void EdgeTable::remove(const UserId& viewer, const UserId& subject, EdgeChanges& changes) {
  if (StatementUse(remove_).bind(viewer).bind(subject).run() == 0) return;
  changes.push_back({Kind::removed, viewer, subject, false});
}

void EdgeTable::replace(const UserId& viewer, const std::vector<UserId>& list, Mutual mutual,
                        EdgeChanges& changes) {
  const std::vector<UserId> before = ids(subjects_, viewer);
  std::vector<UserId> difference;
  std::set_difference(before.begin(), before.end(), list.begin(), list.end(),
                      std::back_inserter(difference));
  for (const UserId& left : difference) {
    remove(viewer, left, changes);
    if (mutual == Mutual::kYes) remove(left, viewer, changes);
  }
  difference.clear();
  std::set_difference(list.begin(), list.end(), before.begin(), before.end(),
                      std::back_inserter(difference));
  for (const UserId& came : difference) {
    add(viewer, came, changes);
    if (mutual == Mutual::kYes) add(came, viewer, changes);
  }
}

void EdgeTable::block(const UserId& blocker, const UserId& blocked, EdgeChanges& changes) {
  if (StatementUse(block_).bind(blocked).bind(blocker).run() == 0) return;
  if (exists(has_edge_, blocked, blocker))
    changes.push_back({Kind::blocked, blocked, blocker, true});
}

void EdgeTable::unblock(const UserId& blocker, const UserId& blocked, EdgeChanges& changes) {
  if (StatementUse(unblock_).bind(blocked).bind(blocker).run() == 0) return;
  if (exists(has_edge_, blocked, blocker))
    changes.push_back({Kind::unblocked, blocked, blocker, false});
}

void EdgeTable::forget(const UserId& user, EdgeChanges& changes) {
  for (UserId& subject : ids(subjects_, user))
    changes.push_back({Kind::removed, user, std::move(subject), false});
  for (UserId& viewer : ids(viewers_, user))
    changes.push_back({Kind::removed, std::move(viewer), user, false});
  for (SQLite::Statement* statement :
       {&forget_viewer_, &forget_subject_, &forget_blocker_, &forget_blocked_})
    StatementUse(*statement).bind(user).run();
}

void EdgeTable::export_user(const UserId& user, UserExport& out) {
  out.contacts = ids(subjects_, user);
  out.viewers = ids(viewers_, user);
  out.blocks = ids(blocks_, user);
  out.blocked_by = ids(blocked_by_, user);
}

std::vector<presence::Edge> EdgeTable::page(const std::optional<presence::Edge>& after,
                                            std::size_t limit) {
  // Ids are not empty, so the pair of empty texts lies before every edge.
  const presence::Edge start = after.value_or(presence::Edge{});
  std::vector<presence::Edge> edges;
  StatementUse use(page_);
  use.bind(start.viewer).bind(start.subject).bind(static_cast<int64_t>(limit));
  while (use.next_row()) edges.push_back({use.text(0), use.text(1)});
  return edges;
}

bool EdgeTable::exists(SQLite::Statement& statement, const UserId& first, const UserId& second) {
  StatementUse use(statement);
  return use.bind(first).bind(second).next_row();
}

std::vector<UserId> EdgeTable::ids(SQLite::Statement& statement, const UserId& user) {
  std::vector<UserId> found;
  StatementUse use(statement);
  use.bind(user);
  while (use.next_row()) found.push_back(use.text(0));
  return found;
}

}  // namespace store

#include "cluster/edge_changes.h"

#include <utility>

#include "cluster/text_reader.h"

namespace cluster {
namespace {

using presence::EdgeChange;
using Kind = EdgeChange::Kind;

}  // namespace

std::string_view edge_change_name(Kind kind) {
  switch (kind) {
    case Kind::added: return "added";
    case Kind::removed: return "removed";
    case Kind::blocked: return "blocked";
    case Kind::unblocked: return "unblocked";
  }
  return {};
}

std::optional<std::vector<EdgeChange>> parse_edge_changes(std::string_view text) {
  TextReader in(text);
  std::vector<EdgeChange> changes;
  for (std::size_t left = in.count(); left > 0 && !in.failed(); --left) {
    EdgeChange change;
    change.kind = in.one_of<Kind>({{"added", Kind::added},
                                   {"removed", Kind::removed},
                                   {"blocked", Kind::blocked},
                                   {"unblocked", Kind::unblocked}});
    change.viewer = in.text();
    change.subject = in.text();
    change.blocked = in.flag();
    if (in.failed() || change.viewer == change.subject ||
        !presence::check_user_id(change.viewer, "viewer") ||
        !presence::check_user_id(change.subject, "subject"))
      return std::nullopt;
    changes.push_back(std::move(change));
  }
  if (!in.done()) return std::nullopt;
  return changes;
}

}  // namespace cluster

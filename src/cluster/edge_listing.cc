#include "cluster/edge_listing.h"

#include <algorithm>
#include <utility>

namespace cluster {
namespace {

using presence::Edge;
using presence::UserId;

constexpr std::size_t kListsAtOnce = 64;
constexpr base::Duration kKeepNames{60'000};

}  // namespace

void EdgeListing::load(std::optional<Edge> after, std::size_t limit, Then<std::vector<Edge>> then) {
  const auto page = std::make_shared<Page>(Page{std::move(after), limit, std::move(then), {}});
  const bool known = viewers_read_at_ && loop_.now().steady - *viewers_read_at_ < kKeepNames;
  if (page->after && known) {
    const auto from = std::lower_bound(viewers_.begin(), viewers_.end(), page->after->viewer);
    return collect(page, static_cast<std::size_t>(from - viewers_.begin()));
  }
  // Without one of its masters, a cluster does not know all lists.
  if (!client_.up()) return page->then(contacts_unavailable(client_.trouble()));
  scan(std::make_shared<Scan>(Scan{client_.masters(), 0, {}}), "0", page);
}

void EdgeListing::scan(const std::shared_ptr<Scan>& names, std::string_view cursor,
                       const std::shared_ptr<Page>& page) {
  const redis::Command command{"SCAN",  cursor, "MATCH", keys_.contacts_pattern(),
                               "COUNT", "1000", "TYPE",  "set"};
  client_.call_at(names->masters[names->master], command,
                  [this, names, page](redis::Answer answer) {
                    if (!answer) return page->then(contacts_unavailable(answer.error().message));
                    if (answer->elements.size() != 2)
                      return page->then(contacts_unavailable("SCAN cannot be read"));
                    for (const redis::Reply& key : answer->elements[1].elements) {
                      UserId user(keys_.user_of_contacts(key.text));
                      if (presence::check_user_id(user, "user") && keys_.contacts(user) == key.text)
                        names->viewers.push_back(std::move(user));
                    }
                    const std::string& next = answer->elements[0].text;
                    if (next != "0") return scan(names, next, page);
                    if (++names->master < names->masters.size()) return scan(names, "0", page);
                    sort_and_unite(names->viewers);
                    viewers_ = std::move(names->viewers);
                    viewers_read_at_ = loop_.now().steady;
                    const UserId& first = page->after ? page->after->viewer : UserId();
                    const auto from = std::lower_bound(viewers_.begin(), viewers_.end(), first);
                    collect(page, static_cast<std::size_t>(from - viewers_.begin()));
                  });
}

void EdgeListing::collect(const std::shared_ptr<Page>& page, std::size_t from) {
  const std::size_t end = std::min(viewers_.size(), from + std::min(kListsAtOnce, page->limit));
  if (from == end) {
    if (page->edges.empty()) {
      viewers_ = {};
      viewers_read_at_.reset();
    }
    return page->then(std::move(page->edges));
  }
  Phase lists;
  for (std::size_t i = from; i < end; ++i) {
    const std::string key = keys_.contacts(viewers_[i]);
    lists.push_back(step({"SMEMBERS", key}, key));
  }
  std::vector<Phase> phases;
  phases.push_back(std::move(lists));
  run(client_, std::move(phases), [this, page, from, end](base::Result<Replies> replies) {
    if (!replies) return page->then(tl::unexpected(std::move(replies.error())));
    for (std::size_t i = from; i < end; ++i) {
      for (UserId& subject : others_in((*replies)[i - from], viewers_[i])) {
        Edge edge{viewers_[i], std::move(subject)};
        if (page->after && edge <= *page->after) continue;
        page->edges.push_back(std::move(edge));
        if (page->edges.size() == page->limit) return page->then(std::move(page->edges));
      }
    }
    collect(page, end);
  });
}

}  // namespace cluster

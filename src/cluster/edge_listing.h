// EdgeListing: all edges in Redis, page by page, in byte order.
//
// Nothing in Redis lists the users who have contacts: their names are scanned for, on every master
// of a cluster, with the first page, and kept for a while for the next ones.
//
// In the thread of the client's loop. One call at a time; each is answered once.
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "cluster/contact_sets.h"
#include "runtime/event_loop.h"

namespace cluster {

class EdgeListing {
 public:
  EdgeListing(runtime::EventLoop& loop, const Keys& keys, redis::Client& client)
      : loop_(loop), keys_(keys), client_(client) {}

  // At most `limit` edges behind `after`; none at the end.
  void load(std::optional<presence::Edge> after, std::size_t limit,
            Then<std::vector<presence::Edge>> then);

 private:
  struct Page {
    std::optional<presence::Edge> after;
    std::size_t limit;
    Then<std::vector<presence::Edge>> then;
    std::vector<presence::Edge> edges;
  };
  struct Scan {
    std::vector<redis::Address> masters;
    std::size_t master = 0;
    UserIds viewers;
  };

  void scan(const std::shared_ptr<Scan>& names, std::string_view cursor,
            const std::shared_ptr<Page>& page);
  void collect(const std::shared_ptr<Page>& page, std::size_t from);

  runtime::EventLoop& loop_;
  const Keys& keys_;
  redis::Client& client_;
  UserIds viewers_;  // who has a list, as of a moment ago
  std::optional<base::SteadyTime> viewers_read_at_;
};

}  // namespace cluster

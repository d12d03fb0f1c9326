// Import and export of all edges for callers that may wait: the command line working offline on a
// data_dir, and the loading of contacts.file at start. Servers with an event loop use
// Store::import_edges() and load_edges() with completions instead.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "base/result.h"
#include "presence/ports.h"
#include "store/store.h"

namespace store {

// Writes edges with a few batches in flight, so that reading the file and writing the database
// overlap and share transactions. One thread, not the store's own; borrows `store`.
class BulkImport {
 public:
  explicit BulkImport(Store& store);
  ~BulkImport();  // waits for what is in flight

  // Takes one batch; hands over what has come together once that is worth a transaction, and waits
  // while too many are in flight. After a failure such a call answers that failure.
  base::Result<void> add(std::vector<presence::Edge> batch);

  // Waits for everything. The edges that were not there before.
  base::Result<uint64_t> finish();

 private:
  struct State;
  base::Result<void> submit();

  std::shared_ptr<State> state_;
  std::vector<presence::Edge> waiting_;
  Store& store_;
};

// Calls `each` on the calling thread with page after page of all edges, in order, and waits. Stops
// at the first refusal of `each`, which it returns.
base::Result<void> for_each_page(
    Store& store, const std::function<base::Result<void>(std::span<const presence::Edge>)>& each);

}  // namespace store

#include "store/bulk.h"

#include <condition_variable>
#include <future>
#include <iterator>
#include <mutex>
#include <utility>

namespace store {
namespace {

// Large transactions, because each ends with a wait for the disk; few of them, for the memory.
constexpr std::size_t kMaxInFlight = 2;
constexpr std::size_t kBatchEdges = 100'000;
constexpr std::size_t kPageEdges = 5'000;

}  // namespace

struct BulkImport::State {
  std::mutex mutex;
  std::condition_variable answered;
  std::size_t in_flight = 0;
  uint64_t added = 0;
  base::Result<void> outcome;

  void wait_until_at_most(std::size_t in_flight_limit, std::unique_lock<std::mutex>& lock) {
    answered.wait(lock, [&] { return in_flight <= in_flight_limit; });
  }
};

BulkImport::BulkImport(Store& store) : state_(std::make_shared<State>()), store_(store) {}

BulkImport::~BulkImport() {
  std::unique_lock lock(state_->mutex);
  state_->wait_until_at_most(0, lock);
}

base::Result<void> BulkImport::add(std::vector<presence::Edge> batch) {
  std::move(batch.begin(), batch.end(), std::back_inserter(waiting_));
  return waiting_.size() < kBatchEdges ? base::Result<void>() : submit();
}

base::Result<void> BulkImport::submit() {
  {
    std::unique_lock lock(state_->mutex);
    state_->wait_until_at_most(kMaxInFlight - 1, lock);
    if (!state_->outcome) return state_->outcome;
    ++state_->in_flight;
  }
  store_.import_edges(std::exchange(waiting_, {}),
                      [state = state_](base::Result<EdgeChanges> changes) {
                        const std::lock_guard lock(state->mutex);
                        --state->in_flight;
                        if (changes) {
                          state->added += changes->size();
                        } else if (state->outcome) {
                          state->outcome = tl::unexpected<base::Error>(std::move(changes.error()));
                        }
                        state->answered.notify_one();
                      });
  return {};
}

base::Result<uint64_t> BulkImport::finish() {
  if (!waiting_.empty()) {
    if (auto submitted = submit(); !submitted)
      return tl::unexpected<base::Error>(submitted.error());
  }
  std::unique_lock lock(state_->mutex);
  state_->wait_until_at_most(0, lock);
  if (!state_->outcome) return tl::unexpected<base::Error>(state_->outcome.error());
  return state_->added;
}

base::Result<void> for_each_page(
    Store& store, const std::function<base::Result<void>(std::span<const presence::Edge>)>& each) {
  using Page = base::Result<std::vector<presence::Edge>>;
  std::optional<presence::Edge> after;
  for (;;) {
    const auto promise = std::make_shared<std::promise<Page>>();
    store.load_edges(after, kPageEdges,
                     [promise](Page page) { promise->set_value(std::move(page)); });
    const Page page = promise->get_future().get();
    if (!page) return tl::unexpected<base::Error>(page.error());
    if (page->empty()) return {};
    if (auto taken = each(*page); !taken) return taken;
    after = page->back();
  }
}

}  // namespace store

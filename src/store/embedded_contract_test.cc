// The embedded store keeps the contract of every store.
#include <gtest/gtest.h>

#include "store/embedded_store.h"
#include "store/record_suite.h"

namespace store {
namespace {

// The directory lives as long as the store in it.
struct Kept {
  TemporaryDirectory directory;
  std::unique_ptr<EmbeddedStore> store;
};

std::shared_ptr<Store> make_store() {
  const auto kept = std::make_shared<Kept>();
  auto opened = EmbeddedStore::open({.data_dir = kept->directory.path()});
  if (!opened) std::abort();
  kept->store = std::move(*opened);
  return {kept, kept->store.get()};
}

INSTANTIATE_TEST_SUITE_P(Embedded, StoreContract, testing::Values(StoreFactory(make_store)));
INSTANTIATE_TEST_SUITE_P(Embedded, StoreRecords, testing::Values(StoreFactory(make_store)));

}  // namespace
}  // namespace store

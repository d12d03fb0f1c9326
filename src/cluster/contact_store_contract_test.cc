// The contacts in Redis keep the contract of every store, but for records.
#include <gtest/gtest.h>

#include "cluster/test_contact_store.h"
#include "store/contract_suite.h"

namespace cluster {
namespace {

std::shared_ptr<store::Store> share(std::shared_ptr<TestContactStore> owner) {
  store::Store& store = owner->store();
  return {std::move(owner), &store};
}

// A server for all tests, emptied for each.
std::shared_ptr<store::Store> on_a_server() {
  static redis::RedisServer server;
  server.ask({"FLUSHALL"});
  return share(std::make_shared<TestContactStore>(server.url()));
}

std::shared_ptr<store::Store> on_a_cluster() {
  static redis::RedisCluster redis;
  for (std::size_t master = 0; master < 3; ++master) redis.node(master).ask({"FLUSHALL"});
  return share(std::make_shared<TestContactStore>(redis.url()));
}

}  // namespace
}  // namespace cluster

namespace store {

INSTANTIATE_TEST_SUITE_P(Redis, StoreContract, testing::Values(StoreFactory(cluster::on_a_server)));
INSTANTIATE_TEST_SUITE_P(RedisCluster, StoreContract,
                         testing::Values(StoreFactory(cluster::on_a_cluster)));

}  // namespace store

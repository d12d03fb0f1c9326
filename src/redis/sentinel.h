// Sentinels: who is the master now (SentinelMaster), and being told when that changes
// (SentinelWatch). In the loop's thread.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "redis/address_source.h"
#include "redis/environment.h"
#include "redis/node.h"
#include "redis/server_query.h"

namespace redis {

// Asks the sentinels of the URL in turn, beginning with the one that knew last time. What they say
// is checked by the connection itself (ROLE): a sentinel may be behind.
class SentinelMaster final : public AddressSource {
 public:
  explicit SentinelMaster(Environment& environment) : environment_(environment) {}
  void find(Done done) override;

 private:
  Environment& environment_;
  std::size_t first_ = 0;
  std::unique_ptr<ServerQuery> query_;
};

// Why the old one is left.
[[nodiscard]] std::string announcement(const Address& master);

// Listens to one sentinel at a time. `switched` is called with each new master that it announces.
// What is missed while no sentinel is heard is found by SentinelMaster when the old one fails.
class SentinelWatch final : private Node::Owner {
 public:
  SentinelWatch(Environment& environment, std::function<void(const Address&)> switched);

 private:
  void on_node_up(Node& node) override;
  void on_node_down(Node&, const std::string&) override {}
  void on_node_push(Node& node, Reply&& reply) override;

  std::string master_;
  std::function<void(const Address&)> switched_;
  Node node_;
};

}  // namespace redis

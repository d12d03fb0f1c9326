// Feed: some subscriptions over one connection, which is a Subscriber's, or a part of it in a
// cluster. In the loop's thread.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "redis/node.h"
#include "redis/subscriber.h"

namespace redis {

class Feed final : private Node::Owner {
 public:
  Feed(Subscriber& subscriber, Environment& environment, std::unique_ptr<AddressSource> source);

  void add(const Subscription& subscription);
  void remove(const Subscription& subscription);
  void ask_again();  // for what was refused because it had moved
  [[nodiscard]] bool empty() const { return states_.empty(); }
  [[nodiscard]] bool in_force(const Subscription& subscription) const;
  [[nodiscard]] Node& node() { return node_; }

 private:
  enum class State : uint8_t { kAsked, kInForce, kRefused };

  void send(const char* verb, const Subscription& subscription);
  void on_node_up(Node& node) override;
  void on_node_down(Node& node, const std::string& reason) override;
  void on_node_push(Node& node, Reply&& reply) override;
  void on_error(const std::string& text);
  void on_confirmed(const Subscription& subscription);
  void on_ended(const Subscription& subscription);

  Subscriber& subscriber_;
  std::map<Subscription, State> states_;
  Node node_;
};

}  // namespace redis

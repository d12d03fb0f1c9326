// Node: one server that is kept connected to. It asks its source for the address, connects, and
// when the connection ends tries again, later and later, for as long as it lives.
//
// In the loop's thread.
#pragma once

#include <memory>
#include <string>

#include "redis/address_source.h"
#include "redis/backoff.h"
#include "redis/connection.h"
#include "redis/environment.h"

namespace redis {

class Node final : private Connection::Listener {
 public:
  // May not destroy the node.
  class Owner {
   public:
    virtual ~Owner() = default;
    virtual void on_node_up(Node& node) = 0;
    // Also after each attempt that failed.
    virtual void on_node_down(Node& node, const std::string& reason) = 0;
    virtual void on_node_push(Node& /*node*/, Reply&& /*reply*/) {}
  };

  // Starts connecting; `owner` is called in later turns only.
  Node(Environment& environment, std::unique_ptr<AddressSource> source, ConnectionOptions options,
       Owner& owner);
  ~Node() override;
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  [[nodiscard]] bool up() const { return connection_ != nullptr && connection_->is_open(); }
  // Requires up().
  [[nodiscard]] Connection& connection() { return *connection_; }

  // Lets the connection go, if there is one, as if it had been lost for this reason.
  void drop(const std::string& reason);
  // The server is said to be at this address now: if that is news, it is looked for at once.
  void expect_at(const Address& address, const std::string& reason);

 private:
  void attempt();
  void failed(const std::string& reason);
  void on_open() override;
  void on_closed(const std::string& reason) override;
  void on_push(Reply&& reply) override;

  Environment& environment_;
  std::unique_ptr<AddressSource> source_;
  const ConnectionOptions options_;
  Owner& owner_;
  std::shared_ptr<Connection> connection_;  // null between attempts
  Backoff backoff_;
  Timer retry_;
};

}  // namespace redis

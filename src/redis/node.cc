#include "redis/node.h"

#include <utility>

namespace redis {

Node::Node(Environment& environment, std::unique_ptr<AddressSource> source,
           ConnectionOptions options, Owner& owner)
    : environment_(environment),
      source_(std::move(source)),
      options_(std::move(options)),
      owner_(owner),
      backoff_(environment.options.reconnect_min, environment.options.reconnect_max),
      retry_([this] { attempt(); }) {
  attempt();
}

Node::~Node() {
  if (connection_) connection_->close();
}

void Node::attempt() {
  Timers::cancel(retry_);
  source_->find([this](base::Result<Address> address) {
    if (!address) return failed(address.error().message);
    connection_ = Connection::open(environment_.loop, environment_.timers, environment_.resolver,
                                   std::move(*address), options_, *this);
  });
}

void Node::failed(const std::string& reason) {
  environment_.timers.arm_in(retry_, backoff_.next(environment_.random));
  owner_.on_node_down(*this, reason);
}

void Node::drop(const std::string& reason) {
  if (connection_) connection_->fail(reason);
}

void Node::expect_at(const Address& address, const std::string& reason) {
  if (connection_ && connection_->address() == address) return;
  drop(reason);
  if (retry_.armed()) environment_.timers.arm_in(retry_, base::Duration::zero());
}

void Node::on_open() {
  backoff_.succeeded();
  owner_.on_node_up(*this);
}

void Node::on_closed(const std::string& reason) {
  connection_.reset();
  failed(reason);
}

void Node::on_push(Reply&& reply) { owner_.on_node_push(*this, std::move(reply)); }

}  // namespace redis

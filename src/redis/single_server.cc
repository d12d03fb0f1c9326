// One server: at a fixed address, or whichever the sentinels call the master.
#include <utility>
#include <vector>

#include "redis/sentinel.h"
#include "redis/servers.h"

namespace redis {
namespace {

class SingleServer final : public Servers, private Node::Owner {
 public:
  SingleServer(Environment& environment, std::function<void()> changed)
      : changed_(std::move(changed)),
        node_(environment, source(environment), environment.for_servers(), *this) {
    if (environment.options.url.topology == Topology::kSentinel)
      watch_ = std::make_unique<SentinelWatch>(environment, [this](const Address& master) {
        node_.expect_at(master, announcement(master));
      });
  }

  Node* find(const Call&) override { return node_.up() ? &node_ : nullptr; }

  [[nodiscard]] std::vector<Address> masters() const override { return {Address{}}; }

  bool redirect(Call& call, Node& node, const Error& error) override {
    if (!is_read_only(error)) return false;
    node.drop("redis " + to_text(node.connection().address()) + ": it has become a replica");
    return call.when_down == WhenDown::kWait;
  }

  [[nodiscard]] bool up() const override { return node_.up(); }
  [[nodiscard]] const std::string& trouble() const override { return trouble_; }

 private:
  static std::unique_ptr<AddressSource> source(Environment& environment) {
    const Url& url = environment.options.url;
    if (url.topology == Topology::kSentinel) return std::make_unique<SentinelMaster>(environment);
    return std::make_unique<FixedAddress>(url.addresses.front());
  }

  void on_node_up(Node&) override {
    trouble_.clear();
    changed_();
  }
  void on_node_down(Node&, const std::string& reason) override {
    trouble_ = reason;
    changed_();
  }

  std::function<void()> changed_;
  std::string trouble_ = "redis: not connected yet";
  Node node_;
  std::unique_ptr<SentinelWatch> watch_;  // null without sentinels
};

}  // namespace

std::unique_ptr<Servers> make_single_server(Environment& environment,
                                            std::function<void()> changed) {
  return std::make_unique<SingleServer>(environment, std::move(changed));
}

bool is_read_only(const Error& error) {
  // Redis 6 wraps what a script met into an error of its own.
  return error.kind == Error::Kind::kReply &&
         error.message.find("READONLY You can't write") != std::string::npos;
}

}  // namespace redis

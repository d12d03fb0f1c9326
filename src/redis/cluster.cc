// A cluster: a node for each master, each with its own pipeline.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "redis/cluster_map.h"
#include "redis/redirect.h"
#include "redis/servers.h"

namespace redis {
namespace {

constexpr std::string_view kNotYet = "redis: not connected yet";

class Cluster final : public Servers, public Node::Owner {
 public:
  Cluster(Environment& environment, std::function<void()> changed)
      : environment_(environment),
        changed_(std::move(changed)),
        map_(environment, [this] { map_changed(); }) {}

  Node* find(const Call& call) override {
    const Address* address = call.asked ? &*call.asked : map_.slots().master_of(call.slot);
    if (address == nullptr) return nullptr;
    Node& node = node_at(*address);
    return node.up() ? &node : nullptr;
  }

  bool redirect(Call& call, Node& node, const Error& error) override {
    if (is_read_only(error)) {
      map_.refresh();
      node.drop("redis " + to_text(node.connection().address()) + ": it has become a replica");
      return call.when_down == WhenDown::kWait;
    }
    if (error.is("CLUSTERDOWN")) map_.refresh();
    const std::optional<Redirect> where = parse_redirect(error, node.connection().address());
    if (!where) return false;
    if (where->kind == Redirect::Kind::kAsk) {
      call.asked = where->address;
    } else {
      map_.set_master(where->slot, where->address);
      map_.refresh();
    }
    // It was not carried out, and the node may have to be connected to first.
    call.when_down = WhenDown::kWait;
    return true;
  }

  [[nodiscard]] bool up() const override { return trouble_.empty(); }
  [[nodiscard]] const std::string& trouble() const override { return trouble_; }

 private:
  struct Member {
    std::unique_ptr<Node> node;
    std::string trouble{};
  };

  Node& node_at(const Address& address) {
    Member& member = members_[address];
    if (!member.node) {
      member.trouble = fmt::format("redis {}: not connected yet", to_text(address));
      member.node = std::make_unique<Node>(environment_, std::make_unique<FixedAddress>(address),
                                           environment_.for_servers(), *this);
    }
    return *member.node;
  }

  void map_changed() {
    for (const Address& address : map_.slots().masters()) node_at(address);
    std::erase_if(members_, [&](const auto& member) {
      return !map_.slots().has_master(member.first) && !member.second.node->up();
    });
    tell();
  }

  void on_node_up(Node& node) override {
    member_of(node).trouble.clear();
    tell();
  }
  void on_node_down(Node& node, const std::string& reason) override {
    member_of(node).trouble = reason;
    map_.refresh();  // there may be another master by now
    tell();
  }
  Member& member_of(const Node& node) {
    return std::ranges::find_if(
               members_, [&](const auto& member) { return member.second.node.get() == &node; })
        ->second;
  }

  void tell() {
    trouble_ = map_.slots().complete() ? "" : map_.trouble();
    for (const Address& address : map_.slots().masters()) {
      if (!trouble_.empty()) break;
      const auto member = members_.find(address);
      trouble_ = member == members_.end() ? std::string(kNotYet) : member->second.trouble;
    }
    changed_();
  }

  Environment& environment_;
  std::function<void()> changed_;
  std::string trouble_{kNotYet};
  std::map<Address, Member> members_;
  ClusterMap map_;
};

}  // namespace

std::unique_ptr<Servers> make_cluster(Environment& environment, std::function<void()> changed) {
  return std::make_unique<Cluster>(environment, std::move(changed));
}

}  // namespace redis

#include "redis/subscriber.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "redis/cluster_map.h"
#include "redis/feed.h"
#include "redis/sentinel.h"

namespace redis {
namespace {

std::unique_ptr<AddressSource> any_server(Environment& environment) {
  const Url& url = environment.options.url;
  if (url.topology == Topology::kSentinel) return std::make_unique<SentinelMaster>(environment);
  return std::make_unique<EachInTurn>(url.addresses);
}

}  // namespace

base::Result<std::unique_ptr<Subscriber>> Subscriber::create(runtime::EventLoop& loop,
                                                             base::RandomSource& random,
                                                             Options options, Listener& listener) {
  auto environment = Environment::create(loop, random, std::move(options));
  if (!environment) return tl::unexpected(environment.error());
  return std::unique_ptr<Subscriber>(new Subscriber(std::move(*environment), listener));
}

Subscriber::Subscriber(std::unique_ptr<Environment> environment, Listener& listener)
    : environment_(std::move(environment)),
      listener_(listener),
      general_(std::make_unique<Feed>(*this, *environment_, any_server(*environment_))) {
  // A replica repeats what is published at its master, so the old master may go on for a while; but
  // it may also be cut off from the new one.
  if (environment_->options.url.topology == Topology::kSentinel)
    watch_ = std::make_unique<SentinelWatch>(*environment_, [this](const Address& master) {
      general_->node().expect_at(master, announcement(master));
    });
}

Subscriber::~Subscriber() = default;

void Subscriber::subscribe(const Subscription& subscription) {
  if (wanted_.contains(subscription)) return;
  Feed* feed = feed_for(subscription);
  wanted_[subscription] = feed;
  if (feed != nullptr) feed->add(subscription);
}

void Subscriber::unsubscribe(const Subscription& subscription) {
  const auto at = wanted_.find(subscription);
  if (at == wanted_.end()) return;
  if (at->second != nullptr) at->second->remove(subscription);
  wanted_.erase(at);
}

bool Subscriber::complete() const {
  return std::ranges::all_of(wanted_, [](const auto& entry) {
    return entry.second != nullptr && entry.second->in_force(entry.first);
  });
}

Feed* Subscriber::feed_for(const Subscription& subscription) {
  if (subscription.kind != Subscription::Kind::kShard ||
      environment_->options.url.topology != Topology::kCluster)
    return general_.get();
  if (!map_) map_ = std::make_unique<ClusterMap>(*environment_, [this] { reassign(); });
  const Address* address = map_->slots().master_of(key_slot(subscription.name));
  if (address == nullptr) return nullptr;
  std::unique_ptr<Feed>& feed = shards_[*address];
  if (!feed)
    feed = std::make_unique<Feed>(*this, *environment_, std::make_unique<FixedAddress>(*address));
  return feed.get();
}

void Subscriber::reassign() {
  for (auto& [subscription, feed] : wanted_) {
    Feed* now = feed_for(subscription);
    if (now == feed) continue;
    if (feed != nullptr) feed->remove(subscription);
    if (now != nullptr) now->add(subscription);
    feed = now;
  }
  std::erase_if(shards_, [](const auto& entry) { return entry.second->empty(); });
  for (const auto& [address, feed] : shards_) feed->ask_again();
}

void Subscriber::refresh_map() {
  if (map_) map_->refresh();
}

}  // namespace redis

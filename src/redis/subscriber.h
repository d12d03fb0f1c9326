// Subscriber: messages that others publish. It has connections of its own, because one that is
// subscribed carries no commands; it subscribes again after each reconnect, and says so, since what
// was published in between is lost.
//
//   single server, Sentinel   one connection
//   cluster                   one for channels and patterns, to any node; one for each master that
//                             has shard channels (SSUBSCRIBE, Redis 7), which follow their slots
//
// In the loop's thread, created and destroyed like a Client.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>

#include "base/random.h"
#include "base/result.h"
#include "redis/environment.h"
#include "runtime/event_loop.h"

namespace redis {

class ClusterMap;
class Feed;
class SentinelWatch;

struct Subscription {
  enum class Kind : uint8_t {
    kChannel,  // SUBSCRIBE
    kPattern,  // PSUBSCRIBE
    kShard,    // SSUBSCRIBE: Redis 7 and later
  };
  Kind kind = Kind::kChannel;
  std::string name;

  bool operator==(const Subscription&) const = default;
  bool operator<(const Subscription& other) const {
    return std::tie(kind, name) < std::tie(other.kind, other.name);
  }
};

class Subscriber {
 public:
  class Listener {
   public:
    virtual ~Listener() = default;
    // `subscription` is what it came by (for a pattern, not the channel).
    virtual void on_message(const Subscription& subscription, std::string_view channel,
                            std::string_view payload) = 0;
    // From now on its messages arrive. After subscribe(), and again after each time the connection
    // was lost: something may have been missed before this, so read the state again now.
    virtual void on_subscribed(const Subscription& subscription) = 0;
    // Until on_subscribed() tells of it again, messages of any subscription may be missing. Also
    // after each attempt that failed; the reason names the server.
    virtual void on_interrupted(const std::string& reason) = 0;
  };

  // Starts connecting. Refuses when the URL's CA file cannot be used.
  [[nodiscard]] static base::Result<std::unique_ptr<Subscriber>> create(runtime::EventLoop& loop,
                                                                        base::RandomSource& random,
                                                                        Options options,
                                                                        Listener& listener);
  ~Subscriber();
  Subscriber(const Subscriber&) = delete;
  Subscriber& operator=(const Subscriber&) = delete;

  // Nothing is called from inside these. Subscribing to what is subscribed, or the other way round,
  // changes nothing.
  void subscribe(const Subscription& subscription);
  void unsubscribe(const Subscription& subscription);

  // Every subscription that was asked for is in force.
  [[nodiscard]] bool complete() const;

 private:
  friend class Feed;

  Subscriber(std::unique_ptr<Environment> environment, Listener& listener);
  [[nodiscard]] Feed* feed_for(const Subscription& subscription);
  void reassign();     // the map of the cluster has changed
  void refresh_map();  // somebody says that it has

  std::unique_ptr<Environment> environment_;
  Listener& listener_;
  std::map<Subscription, Feed*> wanted_;  // null: no master is known
  std::unique_ptr<Feed> general_;
  std::map<Address, std::unique_ptr<Feed>> shards_;  // of a cluster
  std::unique_ptr<ClusterMap> map_;                  // of a cluster, once a shard channel is wanted
  std::unique_ptr<SentinelWatch> watch_;             // with sentinels
};

}  // namespace redis

// Keys: the names of what presenced keeps in Redis, which other programs read (contract, section
// 9). Pure.
#pragma once

#include <string>
#include <string_view>

namespace cluster {

class Keys {
 public:
  // `prefix` is redis.prefix. In a Redis Cluster the user id is written in braces, so that all keys
  // of a user share a slot.
  Keys(std::string prefix, bool braces) : prefix_(std::move(prefix)), braces_(braces) {}

  [[nodiscard]] std::string user(std::string_view id) const { return name("user:", id); }
  [[nodiscard]] std::string devices(std::string_view id) const { return name("devices:", id); }
  [[nodiscard]] std::string stale(std::string_view id) const { return name("stale:", id); }
  [[nodiscard]] std::string chosen(std::string_view id) const { return name("chosen:", id); }
  [[nodiscard]] std::string contacts(std::string_view id) const { return name("contacts:", id); }
  // Who blocks the user.
  [[nodiscard]] std::string blocked_by(std::string_view id) const { return name("blockedby:", id); }
  // Of a device: this and its socket id.
  [[nodiscard]] std::string device_prefix(std::string_view id) const {
    return name("device:", id) + ':';
  }
  [[nodiscard]] std::string nodes() const { return prefix_ + "nodes"; }
  // Channels: what was decided of users, in so many parts.
  static constexpr unsigned kShards = 64;
  [[nodiscard]] std::string events(unsigned shard) const {
    return prefix_ + "events:" + std::to_string(shard);
  }
  [[nodiscard]] std::string events_of(std::string_view id) const { return events(shard_of(id)); }

  // The same on every node (FNV-1a).
  [[nodiscard]] static unsigned shard_of(std::string_view id) {
    uint32_t hash = 2166136261U;
    for (const char c : id) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
    return hash % kShards;
  }

 private:
  [[nodiscard]] std::string name(std::string_view kind, std::string_view id) const {
    std::string key = prefix_;
    key += kind;
    if (braces_) key += '{';
    key += id;
    if (braces_) key += '}';
    return key;
  }

  std::string prefix_;
  bool braces_;
};

}  // namespace cluster

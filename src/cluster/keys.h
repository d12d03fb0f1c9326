// Keys: the names of what presenced keeps in Redis, which other programs read (contract, section
// 9). Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace cluster {

class Keys {
 public:
  // `prefix` is redis.prefix. In a Redis Cluster the user id is written in braces, so that all keys
  // of a user share a slot. Redis takes `{}` for no braces at all: an id that begins with `}`
  // stands behind a character there that no id has.
  Keys(std::string prefix, bool braces) : prefix_(std::move(prefix)), braces_(braces) {}

  // Whether keys of different users may not be in one command.
  [[nodiscard]] bool one_slot_each() const { return braces_; }
  [[nodiscard]] std::string user(std::string_view id) const { return name("user:", id); }
  [[nodiscard]] std::string devices(std::string_view id) const { return name("devices:", id); }
  [[nodiscard]] std::string stale(std::string_view id) const { return name("stale:", id); }
  [[nodiscard]] std::string chosen(std::string_view id) const { return name("chosen:", id); }
  [[nodiscard]] std::string contacts(std::string_view id) const { return name("contacts:", id); }
  // Who sees the user: the other direction of contacts.
  [[nodiscard]] std::string viewers(std::string_view id) const { return name("viewers:", id); }
  [[nodiscard]] std::string blocks(std::string_view id) const { return name("blocks:", id); }
  // Who blocks the user: the other direction of blocks.
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

  // Channel: the edges that have changed (cluster/edge_changes.h).
  [[nodiscard]] std::string edges() const { return prefix_ + "edges"; }
  // Channel: what every node is to do (cluster/member.cc).
  [[nodiscard]] std::string commands() const { return prefix_ + "commands"; }
  // Which data this is: gone, or another, when Redis has lost what it held.
  [[nodiscard]] std::string epoch() const { return prefix_ + "epoch"; }

  // For SCAN: all contacts(), and whose a key of those is.
  [[nodiscard]] std::string contacts_pattern() const {
    std::string pattern;
    for (const char c : contacts("*")) {
      if (std::string_view("?[]^-\\").find(c) != std::string_view::npos) pattern += '\\';
      pattern += c;
    }
    return pattern;
  }
  [[nodiscard]] std::string_view user_of_contacts(std::string_view key) const {
    const std::size_t around = contacts({}).size();
    if (key.size() < around) return {};
    key.remove_prefix(around - (braces_ ? 1 : 0));
    if (braces_) key.remove_suffix(1);
    if (braces_ && key.starts_with(kBeforeBrace)) key.remove_prefix(1);
    return key;
  }

  // The same on every node (FNV-1a).
  [[nodiscard]] static unsigned shard_of(std::string_view id) {
    uint32_t hash = 2166136261U;
    for (const char c : id) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
    return hash % kShards;
  }

 private:
  static constexpr char kBeforeBrace = '\x01';

  [[nodiscard]] std::string name(std::string_view kind, std::string_view id) const {
    std::string key = prefix_;
    key += kind;
    if (braces_) key += '{';
    if (braces_ && id.starts_with('}')) key += kBeforeBrace;
    key += id;
    if (braces_) key += '}';
    return key;
  }

  std::string prefix_;
  bool braces_;
};

}  // namespace cluster

#include "redis/feed.h"

#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "redis/command.h"
#include "redis/redirect.h"
#include "redis/slot_map.h"

namespace redis {
namespace {

ConnectionOptions for_pushes(const Environment& environment) {
  ConnectionOptions options = environment.for_servers();
  options.mode = ConnectionOptions::Mode::kPushes;
  return options;
}

// The kind by the letter before `subscribe`, `unsubscribe` and `message`.
struct Verb {
  Subscription::Kind kind;
  std::string_view rest;
};
Verb verb_of(std::string_view text) {
  if (text.starts_with('p')) return {Subscription::Kind::kPattern, text.substr(1)};
  if (text.starts_with("ss") || text.starts_with("sun") || text.starts_with("sm"))
    return {Subscription::Kind::kShard, text.substr(1)};
  return {Subscription::Kind::kChannel, text};
}

}  // namespace

Feed::Feed(Subscriber& subscriber, Environment& environment, std::unique_ptr<AddressSource> source)
    : subscriber_(subscriber),
      node_(environment, std::move(source), for_pushes(environment), *this) {}

void Feed::add(const Subscription& subscription) {
  if (!states_.emplace(subscription, State::kAsked).second) return;
  if (node_.up()) send("SUBSCRIBE", subscription);
}

void Feed::remove(const Subscription& subscription) {
  if (states_.erase(subscription) != 0 && node_.up()) send("UNSUBSCRIBE", subscription);
}

void Feed::ask_again() {
  for (auto& [subscription, state] : states_)
    if (node_.up() && std::exchange(state, State::kAsked) == State::kRefused)
      send("SUBSCRIBE", subscription);
}

bool Feed::in_force(const Subscription& subscription) const {
  const auto at = states_.find(subscription);
  return at != states_.end() && at->second == State::kInForce;
}

// One command for each: shard channels of several slots may not share one.
void Feed::send(const char* verb, const Subscription& subscription) {
  std::string word;
  if (subscription.kind == Subscription::Kind::kPattern) word = "P";
  if (subscription.kind == Subscription::Kind::kShard) word = "S";
  node_.connection().send(Command{word + verb, subscription.name}.encode());
}

void Feed::on_node_up(Node&) {
  for (auto& [subscription, state] : states_) {
    state = State::kAsked;
    send("SUBSCRIBE", subscription);
  }
}

void Feed::on_node_down(Node&, const std::string& reason) {
  for (auto& [subscription, state] : states_) state = State::kAsked;
  subscriber_.refresh_map();
  subscriber_.listener_.on_interrupted(reason);
}

void Feed::on_node_push(Node&, Reply&& reply) {
  if (reply.is_error()) return on_error(reply.text);
  // subscribe, name, count; message, channel, payload; pmessage, pattern, channel, payload
  const std::vector<Reply>& words = reply.elements;
  if (words.size() < 3) return;  // an answer to PING
  const Verb verb = verb_of(words[0].text);
  const Subscription subscription{verb.kind, words[1].text};
  if (!states_.contains(subscription)) return;  // not wanted any more
  if (verb.rest == "message") {
    if (words.size() - 1 < (verb.kind == Subscription::Kind::kPattern ? 3U : 2U)) return;
    subscriber_.listener_.on_message(subscription, words[words.size() - 2].text,
                                     words[words.size() - 1].text);
  } else if (verb.rest == "subscribe") {
    on_confirmed(subscription);
  } else if (verb.rest == "unsubscribe") {
    on_ended(subscription);
  }
}

void Feed::on_error(const std::string& text) {
  const Error error{Error::Kind::kReply, text};
  const std::optional<Redirect> moved = parse_redirect(error, node_.connection().address());
  if (!moved) return node_.drop("redis " + to_text(node_.connection().address()) + ": " + text);
  for (auto& [subscription, state] : states_)
    if (subscription.kind == Subscription::Kind::kShard &&
        key_slot(subscription.name) == moved->slot)
      state = State::kRefused;
  subscriber_.refresh_map();
}

void Feed::on_confirmed(const Subscription& subscription) {
  states_[subscription] = State::kInForce;
  subscriber_.listener_.on_subscribed(subscription);
}

// Not asked for by anybody: the slot has left this node. Or asked for, and then wanted again: the
// second confirmation is on its way.
void Feed::on_ended(const Subscription& subscription) {
  if (subscription.kind != Subscription::Kind::kShard) return;
  State& state = states_[subscription];
  if (state != State::kInForce) return;
  state = State::kRefused;
  subscriber_.refresh_map();
}

}  // namespace redis

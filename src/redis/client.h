// Client: commands to Redis, whichever way it is set up: a single server, a master that sentinels
// name, or a cluster.
//
//   auto client = redis::Client::create(loop, random, {.url = *redis::Url::parse(text)}, on_state);
//   (*client)->call({"HGET", key, "status"}, key, [](redis::Answer answer) { ... });
//
// Every call is answered exactly once, never from inside call(), at the latest after about twice
// Options::command_timeout, and Options::slot_timeout where a slot moves. The commands of one turn
// of the loop leave with one write per server. Calls with keys of one slot are carried out in the
// order in which they were made, as long as none of them has to be repeated: a script whose text
// the server has lost, a slot that moves.
//
// Nothing is ever repeated that may have been carried out: what was sent when its connection died
// fails with Error::Kind::kLost, and the caller, who knows what it means, decides. Refusals that
// prove the opposite (NOSCRIPT, MOVED, ASK, TRYAGAIN, CLUSTERDOWN, LOADING) are dealt with here.
//
// In the loop's thread, which is also where it is created (or before run()) and destroyed (or
// after it). Not to be destroyed from inside one of its callbacks; then callbacks that wait are
// destroyed uncalled.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/random.h"
#include "base/result.h"
#include "redis/address.h"
#include "redis/answer.h"
#include "redis/call.h"
#include "redis/command.h"
#include "redis/environment.h"
#include "redis/script.h"
#include "redis/servers.h"
#include "runtime/event_loop.h"

namespace redis {

class Client final : private runtime::TurnStage {
 public:
  // Told at each change: up means that all servers (of a cluster: all masters) are connected. While
  // down, `reason` names a server and what is wrong with it; told again when the reason changes.
  // A cluster that is down in part still answers for the rest.
  using StateHandler = std::function<void(bool up, const std::string& reason)>;

  // Starts connecting. `random` is for the delays between attempts. Refuses when the URL's CA file
  // cannot be used.
  [[nodiscard]] static base::Result<std::unique_ptr<Client>> create(runtime::EventLoop& loop,
                                                                    base::RandomSource& random,
                                                                    Options options,
                                                                    StateHandler on_state = {});
  ~Client() override;
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // `key` is one of the command's keys (all of them share a slot), or empty when it has none; then
  // a cluster's node for the empty key gets it.
  void call(const Command& command, std::string_view key, Callback done,
            WhenDown when_down = WhenDown::kFail);

  // Runs a script (EVALSHA); the first key decides the slot. `script` outlives the client.
  void call(const Script& script, std::span<const std::string_view> keys,
            std::span<const std::string_view> arguments, Callback done,
            WhenDown when_down = WhenDown::kFail);

  // For a command that each master answers for itself (SCAN): those of a cluster while it is up(),
  // or one that stands for the single server. The answer of a master is of its keys only.
  [[nodiscard]] std::vector<Address> masters() const { return servers_->masters(); }
  void call_at(const Address& master, const Command& command, Callback done);

  // The address of this machine on the way to a server that is connected, or empty.
  [[nodiscard]] std::string local_host() const;

  [[nodiscard]] bool up() const { return servers_->up(); }
  [[nodiscard]] const std::string& trouble() const { return servers_->trouble(); }
  [[nodiscard]] const Url& url() const { return environment_->options.url; }
  // Commands without an answer, and their bytes.
  [[nodiscard]] std::size_t queued() const { return queued_; }
  [[nodiscard]] std::size_t queued_bytes() const { return queued_bytes_; }

 private:
  using CallPtr = std::unique_ptr<Call>;

  Client(std::unique_ptr<Environment> environment, StateHandler on_state);
  void start(CallPtr call);
  void dispatch(CallPtr call);
  void send(CallPtr call, Node& node);
  void answered(CallPtr call, Node& node, Answer answer);
  void give_script(const Script& script, Node& node);
  void wait(CallPtr call);
  void retry_waiting();
  void drop_expired();
  void refuse(CallPtr call, std::string reason);
  void finish(CallPtr call, Answer answer);
  void servers_changed();
  void before_hooks() override;
  bool after_hooks() override;

  std::unique_ptr<Environment> environment_;
  StateHandler on_state_;
  std::size_t queued_ = 0;
  std::size_t queued_bytes_ = 0;
  std::deque<CallPtr> waiting_;                          // for a connection, or for a better moment
  std::vector<std::pair<CallPtr, Error>> refused_;       // to be told in the next turn
  std::vector<std::pair<Node*, const Script*>> giving_;  // scripts on their way
  Timer expiry_;
  Timer retry_;
  bool told_up_ = false;
  std::string told_reason_;
  std::unique_ptr<Servers> servers_;
};

}  // namespace redis

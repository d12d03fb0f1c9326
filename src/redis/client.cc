#include "redis/client.h"

#include <fmt/format.h>

#include <algorithm>

#include "redis/slot_map.h"

namespace redis {
namespace {

// For refusals that pass: a slot between two nodes, a server that loads its data.
constexpr base::Duration kRetryDelay{50};
constexpr int kMaxRetries = 1'000;  // the call's expiry mostly comes first

bool will_pass(const Error& error) {
  return error.is("TRYAGAIN") || error.is("CLUSTERDOWN") || error.is("LOADING");
}

}  // namespace

base::Result<std::unique_ptr<Client>> Client::create(runtime::EventLoop& loop,
                                                     base::RandomSource& random, Options options,
                                                     StateHandler on_state) {
  auto environment = Environment::create(loop, random, std::move(options));
  if (!environment) return tl::unexpected(environment.error());
  return std::unique_ptr<Client>(new Client(std::move(*environment), std::move(on_state)));
}

Client::Client(std::unique_ptr<Environment> environment, StateHandler on_state)
    : environment_(std::move(environment)),
      on_state_(std::move(on_state)),
      expiry_([this] { drop_expired(); }),
      retry_([this] { retry_waiting(); }) {
  environment_->loop.add_stage(*this);
  const auto changed = [this] { servers_changed(); };
  servers_ = url().topology == Topology::kCluster ? make_cluster(*environment_, changed)
                                                  : make_single_server(*environment_, changed);
}

Client::~Client() { environment_->loop.remove_stage(*this); }

// -- Calls

void Client::call(const Command& command, std::string_view key, Callback done, WhenDown when_down) {
  auto call = std::make_unique<Call>();
  call->encoded = command.encode();
  call->slot = key_slot(key);
  call->when_down = when_down;
  call->done = std::move(done);
  start(std::move(call));
}

void Client::call(const Script& script, std::span<const std::string_view> keys,
                  std::span<const std::string_view> arguments, Callback done, WhenDown when_down) {
  Command command{"EVALSHA", script.digest()};
  command.add(keys.size());
  for (const std::string_view key : keys) command.add(key);
  for (const std::string_view argument : arguments) command.add(argument);
  auto call = std::make_unique<Call>();
  call->encoded = command.encode();
  call->slot = key_slot(keys.empty() ? std::string_view() : keys.front());
  call->script = &script;
  call->when_down = when_down;
  call->done = std::move(done);
  start(std::move(call));
}

std::string Client::local_host() const {
  Node* node = servers_->find(Call{});
  return node == nullptr ? std::string() : node->connection().local_host();
}

void Client::call_at(const Address& master, const Command& command, Callback done) {
  auto call = std::make_unique<Call>();
  call->encoded = command.encode();
  call->at = master;
  call->done = std::move(done);
  start(std::move(call));
}

void Client::start(CallPtr call) {
  call->expires = environment_->timers.now() + environment_->options.command_timeout;
  ++queued_;
  queued_bytes_ += call->cost();
  const std::size_t limit = environment_->options.max_queue_bytes;
  if (queued_bytes_ > limit)
    return refuse(std::move(call), fmt::format("redis queue is full ({} bytes)", limit));
  dispatch(std::move(call));
}

void Client::dispatch(CallPtr call) {
  if (Node* node = servers_->find(*call)) return send(std::move(call), *node);
  if (call->when_down == WhenDown::kWait) return wait(std::move(call));
  refuse(std::move(call), servers_->trouble());
}

void Client::send(CallPtr call, Node& node) {
  Connection& connection = node.connection();
  const std::string_view encoded = call->encoded;
  // With ASK, the other node serves the next command alone.
  if (std::exchange(call->asked, std::nullopt))
    connection.send(Command{"ASKING"}.encode(), [](const Answer&) {});
  connection.send(encoded, [this, &node, call = std::move(call)](Answer answer) mutable {
    answered(std::move(call), node, std::move(answer));
  });
}

void Client::answered(CallPtr call, Node& node, Answer answer) {
  if (answer || answer.error().kind != Error::Kind::kReply)
    return finish(std::move(call), std::move(answer));
  const Error& error = answer.error();
  if (call->script != nullptr && !call->script_sent && error.is("NOSCRIPT")) {
    call->script_sent = true;
    give_script(*call->script, node);
    return send(std::move(call), node);
  }
  if (error.is("TRYAGAIN") && !std::exchange(call->slot_moves, true))
    call->expires += environment_->options.slot_timeout;
  const bool in_time = environment_->timers.now() < call->expires && call->retries < kMaxRetries;
  if (servers_->redirect(*call, node, error) && in_time) {
    ++call->retries;
    return dispatch(std::move(call));
  }
  if (will_pass(error) && in_time) {
    ++call->retries;
    if (!retry_.armed()) environment_->timers.arm_in(retry_, kRetryDelay);
    return wait(std::move(call));
  }
  finish(std::move(call), std::move(answer));
}

// A whole pipeline may find out at once that the server has forgotten the script.
void Client::give_script(const Script& script, Node& node) {
  const std::pair<Node*, const Script*> what{&node, &script};
  if (std::ranges::find(giving_, what) != giving_.end()) return;
  giving_.push_back(what);
  // When the server refuses, the call that follows fails in its turn, and says so.
  node.connection().send(Command{"SCRIPT", "LOAD", script.text()}.encode(),
                         [this, what](const Answer&) { std::erase(giving_, what); });
}

void Client::finish(CallPtr call, Answer answer) {
  --queued_;
  queued_bytes_ -= call->cost();
  call->done(std::move(answer));
}

void Client::refuse(CallPtr call, std::string reason) {
  refused_.emplace_back(std::move(call), Error{Error::Kind::kRefused, std::move(reason)});
}

// -- Waiting

void Client::wait(CallPtr call) {
  if (!expiry_.armed() || expiry_.deadline() > call->expires)
    environment_->timers.arm(expiry_, call->expires);
  waiting_.push_back(std::move(call));
}

void Client::retry_waiting() {
  std::deque<CallPtr> calls = std::exchange(waiting_, {});
  for (CallPtr& call : calls) dispatch(std::move(call));
}

void Client::drop_expired() {
  const base::SteadyTime now = environment_->timers.now();
  std::deque<CallPtr> calls = std::exchange(waiting_, {});
  for (CallPtr& call : calls) {
    if (now < call->expires) {
      wait(std::move(call));
    } else {
      refuse(std::move(call),
             servers_->trouble().empty() ? "redis: it was busy for too long" : servers_->trouble());
    }
  }
}

// Called when a server came or went.
void Client::servers_changed() {
  const bool is_up = up();
  if (on_state_ && (is_up != told_up_ || trouble() != told_reason_)) {
    told_up_ = is_up;
    told_reason_ = trouble();
    on_state_(is_up, told_reason_);
  }
  retry_waiting();
}

// -- Refusals are told from the loop, because a caller in the middle of something expects no answer
// before its call has returned.

void Client::before_hooks() {
  for (auto& [call, error] : std::exchange(refused_, {}))
    finish(std::move(call), tl::unexpected(std::move(error)));
}

bool Client::after_hooks() { return !refused_.empty(); }

}  // namespace redis

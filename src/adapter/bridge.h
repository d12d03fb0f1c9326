// Bridge: this node among the back ends that share a Redis through @socket.io/redis-adapter. It
// hears what they publish, hands each request to the core threads, puts what these find into one
// answer, and publishes that.
//
//   redis ──▶ Bridge ── carry_out(order) ──▶ Port ──▶ each core thread
//   redis ◀── Bridge ◀── on_part(), on_ack() ◀────────────┘
//
// The others count the servers that are subscribed to the request channel and wait for an answer
// from each. So there is one bridge for each node, whatever its number of threads.
//
// What is published while Redis is away is lost, as it is for the others. Whoever may publish is
// trusted; what is broken all the same is dropped.
//
// In the loop's thread, created (or before run()) and destroyed (or after it) like a Subscriber.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "adapter/answers.h"
#include "adapter/requests.h"
#include "base/random.h"
#include "base/result.h"
#include "redis/client.h"
#include "redis/subscriber.h"
#include "runtime/event_loop.h"

namespace adapter {

// A request on its way through the core threads, which share it.
struct Order {
  uint64_t ticket = 0;    // which one it is, of those of this bridge
  std::size_t bytes = 0;  // of the message that it came in
  Request request;
};
using OrderPtr = std::shared_ptr<const Order>;

// What one core thread has found.
struct Part {
  std::vector<std::string> names{};  // ids or rooms
  std::vector<SocketDescription> sockets{};
  std::size_t clients = 0;  // that were sent an event
};

// True when each core thread has to give a Part.
[[nodiscard]] bool wants_parts(const Request& request);

class Port {
 public:
  virtual ~Port() = default;
  // To be done in every core thread, in this order. Where wants_parts(), each of them answers with
  // one Bridge::on_part(), from inside this or later, or the whole is given up.
  virtual void carry_out(const OrderPtr& order) = 0;
  // A message that cannot be read, or an answer that could not be sent.
  virtual void on_dropped(const std::string& why) = 0;
  // Whether everything that is published arrives; told at each change. Down, with the reason.
  virtual void on_listening() = 0;
  virtual void on_deaf(const std::string& why) = 0;
};

class Bridge final : private redis::Subscriber::Listener {
 public:
  // `threads` is the number of parts of an answer. `client` publishes; it and `port` outlive the
  // bridge. Refuses when the URL's CA file cannot be used.
  [[nodiscard]] static base::Result<std::unique_ptr<Bridge>> create(runtime::EventLoop& loop,
                                                                    base::RandomSource& random,
                                                                    redis::Options options,
                                                                    redis::Client& client,
                                                                    unsigned threads, Port& port);
  ~Bridge() override;
  Bridge(const Bridge&) = delete;
  Bridge& operator=(const Bridge&) = delete;

  void on_part(const Order& order, Part part);
  // Some thread will never give its part: better no answer than one that leaves sockets out.
  void give_up(const Order& order);
  // A client's acknowledgement, as ack_answer() has written it.
  void on_ack(std::string_view answer) { publish(answer); }

  [[nodiscard]] bool listening() const { return listening_; }

 private:
  struct Gathering {
    unsigned missing = 0;
    Part found;
  };

  Bridge(redis::Client& client, unsigned threads, Port& port);
  void on_message(const redis::Subscription& subscription, std::string_view channel,
                  std::string_view payload) override;
  void on_subscribed(const redis::Subscription& subscription) override;
  void on_interrupted(const std::string& reason) override;
  void publish(std::string_view answer);

  redis::Client& client_;
  const unsigned threads_;
  Port& port_;
  std::unordered_map<uint64_t, Gathering> gathering_;  // by ticket
  uint64_t last_ticket_ = 0;
  bool listening_ = false;
  bool told_deaf_ = false;
  std::unique_ptr<redis::Subscriber> subscriber_;
};

}  // namespace adapter

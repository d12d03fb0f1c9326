// Environment: what the parts of one client share: its loop, its timers, its options, its TLS.
// In the loop's thread; outlives the parts.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "base/random.h"
#include "base/result.h"
#include "base/time.h"
#include "redis/connection.h"
#include "redis/resolver.h"
#include "redis/timers.h"
#include "redis/url.h"
#include "runtime/event_loop.h"
#include "runtime/tls.h"

namespace redis {

struct Options {
  Url url;
  std::string client_name = "presenced";  // in CLIENT LIST; no spaces
  // A server is given up when it has not logged us in, or not answered a command, for so long. An
  // idle one is asked every `ping_interval`.
  base::Duration connect_timeout = std::chrono::seconds(2);
  base::Duration command_timeout = std::chrono::seconds(2);
  base::Duration ping_interval = std::chrono::seconds(1);
  // A command on several keys of a slot that moves is refused until all of the slot has moved. It
  // is given that much longer, since nothing else is wrong.
  base::Duration slot_timeout = std::chrono::seconds(10);
  // Between attempts: a random part of a delay that doubles from the first to the second.
  base::Duration reconnect_min = base::Duration(50);
  base::Duration reconnect_max = base::Duration(1000);
  // Commands without an answer, those that wait for a connection included.
  std::size_t max_queue_bytes = std::size_t{64} << 20;
  std::size_t max_reply_bytes = std::size_t{64} << 20;
};

struct Environment {
  // Refuses when the CA file cannot be used.
  [[nodiscard]] static base::Result<std::unique_ptr<Environment>> create(runtime::EventLoop& loop,
                                                                         base::RandomSource& random,
                                                                         Options options);

  Environment(runtime::EventLoop& l, base::RandomSource& r, Options o)
      : loop(l), random(r), options(std::move(o)), timers(l), resolver(l) {}
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

  // For connections to the servers that hold the data, and to the sentinels.
  [[nodiscard]] ConnectionOptions for_servers() const;
  [[nodiscard]] ConnectionOptions for_sentinels() const;

  runtime::EventLoop& loop;
  base::RandomSource& random;
  const Options options;
  Timers timers;
  Resolver resolver;
  std::unique_ptr<runtime::TlsContext> tls;  // null: plain
};

}  // namespace redis

// CoreThreads: the N threads that serve devices. Each has an EventLoop, the connections it
// accepted (every thread listens on the same address with SO_REUSEPORT), and one net::HttpHandler
// per listening address, made in that thread by a factory.
//
// The life of a server, in the main thread:
//
//   CoreThreads threads(options);
//   auto bound = threads.listen({.host = "127.0.0.1", .port = 0}, make_handler);
//   threads.start();           // all handlers exist before the first connection is accepted
//   ...                        // main_loop.run() until a signal
//   threads.stop_accepting();  // the application drains what it wants to drain
//   threads.stop();            // connections closed, handlers destroyed, threads joined
//
// The object belongs to one thread, the main one. loop(), connection_count() and connection_limit()
// may be called from any thread while the object lives.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "net/client_address.h"
#include "net/http.h"
#include "runtime/event_loop.h"

namespace runtime {

// `host` is a literal IPv4 or IPv6 address or a name; empty means every address of both families.
struct ListenAddress {
  std::string host{};
  uint16_t port = 0;  // 0: the kernel picks one

  // As in a URL: IPv6 in brackets.
  [[nodiscard]] std::string to_string() const;
};

// `HOST:PORT`, `[IPV6]:PORT` or `:PORT`.
[[nodiscard]] base::Result<ListenAddress> parse_listen_address(std::string_view text);

// How long a peer may take. All are met to within 100 ms.
struct ConnectionTimeouts {
  base::Duration request_head{10'000};    // from accepting, or from the first byte of a later one
  base::Duration body_progress{30'000};   // between two pieces of a body
  base::Duration keep_alive{60'000};      // idle between two requests
  base::Duration websocket_close{5'000};  // for the answer to a close frame
  base::Duration write_progress{30'000};  // output waits and the peer takes nothing
  base::Duration linger{2'000};           // for the peer to close after us
};

struct TlsFiles {
  std::string certificate;  // PEM, the chain from the leaf on
  std::string key;          // PEM
};

struct CoreOptions {
  unsigned threads = 0;  // 0: one per processor
  ConnectionTimeouts timeouts{};
  // Open connections per client address, over all threads; the first request of one too many is
  // answered 429. 0: no limit.
  unsigned connections_per_address = 0;
  // Connections from these count for the client they name (AddressLimiter).
  std::vector<net::AddressRange> trusted_proxies{};
  // Accepting pauses at so many connections. 0: shortly before the descriptors run out.
  std::size_t max_connections = 0;
  // Descriptors kept free for everything that is not a device connection.
  unsigned reserved_descriptors = 128;
};

struct ListenOptions {
  ListenAddress address{};
  std::optional<TlsFiles> tls{};
  bool first_thread_only = false;  // for an address that only operators use
};

class CoreThreads {
 public:
  // Called once per thread, in that thread, before its loop runs; never in two threads at once. The
  // handler is destroyed in the same thread after its last connection, when the loop has ended.
  using HandlerFactory =
      std::function<std::unique_ptr<net::HttpHandler>(unsigned thread, EventLoop& loop)>;

  explicit CoreThreads(CoreOptions options);  // raises the limit of descriptors, logs it
  ~CoreThreads();                             // stop()
  CoreThreads(const CoreThreads&) = delete;
  CoreThreads& operator=(const CoreThreads&) = delete;

  [[nodiscard]] unsigned count() const;
  [[nodiscard]] EventLoop& loop(unsigned thread);

  // Before start(). Binds and listens, so that an address in use is reported here; refusals name
  // the address, or the file that could not be read. Returns the address with the port it got.
  [[nodiscard]] base::Result<ListenAddress> listen(ListenOptions options, HandlerFactory factory);

  void start();

  // Closes the listening sockets and idle keep-alive connections in all threads; answers from now
  // on carry `Connection: close`. Returns when done. Open WebSockets and waiting requests go on.
  void stop_accepting();

  // Ends every connection (WebSockets with 1001, waiting requests are aborted), destroys the
  // handlers, ends the loops, joins the threads. Idempotent.
  void stop();

  // Over all threads; a connection counts until its last callback has returned.
  [[nodiscard]] std::size_t connection_count() const;
  [[nodiscard]] std::size_t connection_limit() const;  // accepting pauses there

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace runtime

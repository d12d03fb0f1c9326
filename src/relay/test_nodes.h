// Test support: the node of a session (an Owner), the node that a client happens to reach (a
// Front), and something that is no node at all (a ScriptedPeer). Real sockets on the loopback
// address.
#pragma once

#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>

#include "relay/mark.h"
#include "relay/relay.h"
#include "runtime/test_client.h"
#include "runtime/test_server.h"

namespace relay {

constexpr uint16_t kOwnerNumber = 7;
constexpr const char* kSecret = "the owner's secret";

inline Peer peer_at(uint16_t port, std::string secret = kSecret) {
  return {"127.0.0.1", port, false, std::move(secret)};
}

// Believes marks, and does otherwise what its TestHandler does.
class OwnerHandler final : public net::HttpHandler {
 public:
  OwnerHandler(unsigned thread, runtime::EventLoop& loop, runtime::Events& events)
      : loop_(loop), inner_(thread, loop, events) {}
  void on_request(net::HttpExchange& exchange) override { inner_.on_request(exchange); }
  [[nodiscard]] std::optional<std::string> relayed_for(
      const net::HttpRequest& request) const override {
    return check_mark(request, kSecret, loop_.now().wall);
  }
  runtime::TestHandler& inner() { return inner_; }

 private:
  runtime::EventLoop& loop_;
  runtime::TestHandler inner_;
};

class Owner {
 public:
  explicit Owner(runtime::CoreOptions options = {.threads = 1},
                 net::WebSocketOptions websocket = {})
      : threads_(std::move(options)) {
    const auto bound =
        threads_.listen({.address = {.host = "127.0.0.1", .port = 0}},
                        [this, websocket](unsigned thread, runtime::EventLoop& loop) {
                          auto handler = std::make_unique<OwnerHandler>(thread, loop, events_);
                          handler->inner().websocket_options = websocket;
                          return handler;
                        });
    EXPECT_TRUE(bound) << bound.error().message;
    port_ = bound->port;
    threads_.start();
  }
  [[nodiscard]] uint16_t port() const { return port_; }
  runtime::CoreThreads& threads() { return threads_; }
  runtime::Events& events() { return events_; }

 private:
  runtime::Events events_;
  runtime::CoreThreads threads_;
  uint16_t port_ = 0;
};

// Relays everything to the owner; what fails is answered with the failure's number as status 590 +
// n.
class FrontHandler final : public net::HttpHandler {
 public:
  FrontHandler(runtime::EventLoop& loop, const Options& options)
      : relay_(loop, options, [](net::HttpExchange& exchange, Failure failure) {
          answer(exchange, 590 + static_cast<int>(failure));
        }) {}
  void on_request(net::HttpExchange& exchange) override {
    if (!relay_.take(exchange, kOwnerNumber, 0)) answer(exchange, 599);
  }
  Relay& relay() { return relay_; }

 private:
  static void answer(net::HttpExchange& exchange, int status) {
    net::HttpResponse response;
    response.status = status;
    exchange.respond(std::move(response));
  }
  Relay relay_;
};

constexpr int kGone = 590;
constexpr int kUnreachable = 591;
constexpr int kSilent = 592;
constexpr int kBusy = 593;
constexpr int kNotTaken = 599;

class Front {
 public:
  explicit Front(const Options& options = {}) : threads_({.threads = 1}) {
    const auto bound = threads_.listen({.address = {.host = "127.0.0.1", .port = 0}},
                                       [this, options](unsigned, runtime::EventLoop& loop) {
                                         auto handler =
                                             std::make_unique<FrontHandler>(loop, options);
                                         handler_ = handler.get();
                                         return handler;
                                       });
    EXPECT_TRUE(bound) << bound.error().message;
    port_ = bound->port;
    threads_.start();
  }
  explicit Front(const Owner& owner, const Options& options = {}) : Front(options) {
    knows(peer_at(owner.port()));
  }

  // Runs `action` in the relay's thread and gives what it returns.
  template <class Action>
  auto in(Action action) {
    std::packaged_task<decltype(action())()> task(std::move(action));
    auto value = task.get_future();
    EXPECT_TRUE(threads_.loop(0).post([&task] { task(); }));
    return value.get();
  }
  void knows(const Peer& peer) { set_peers({{kOwnerNumber, peer}}); }
  void set_peers(Peers peers) {
    in([this, peers = std::move(peers)] {
      handler_->relay().set_peers(std::make_shared<const Peers>(peers));
      return 0;
    });
  }
  [[nodiscard]] std::size_t streams() {
    return in([this] { return handler_->relay().streams(); });
  }
  // Until nothing is under way, and so many connections to peers are left.
  [[nodiscard]] bool comes_to_rest(std::size_t streams) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (in([this] { return handler_->relay().under_way(); }) > 0 || this->streams() != streams) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      std::this_thread::yield();
    }
    return true;
  }
  [[nodiscard]] uint16_t port() const { return port_; }

 private:
  runtime::CoreThreads threads_;
  FrontHandler* handler_ = nullptr;
  uint16_t port_ = 0;
};

// Accepts connections one after the other and does with each what the script says.
class ScriptedPeer {
 public:
  // Of an accepted connection, the number of which begins with 0.
  using Script = std::function<void(int fd, int number)>;

  explicit ScriptedPeer(Script script, int connections = 1)
      : listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(listen(listener_, 8), 0);
    EXPECT_EQ(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this, script = std::move(script), connections] {
      for (int number = 0; number < connections; ++number) {
        const int fd = accept(listener_, nullptr, nullptr);
        if (fd < 0) return;
        script(fd, number);
        close(fd);
      }
    });
  }
  ~ScriptedPeer() {
    shutdown(listener_, SHUT_RDWR);
    thread_.join();
    close(listener_);
  }
  ScriptedPeer(const ScriptedPeer&) = delete;
  ScriptedPeer& operator=(const ScriptedPeer&) = delete;

  [[nodiscard]] uint16_t port() const { return port_; }

  // Up to the end of a head; or of what came.
  static std::string read_head(int fd) {
    std::string text;
    char c = 0;
    while (text.find("\r\n\r\n") == std::string::npos && recv(fd, &c, 1, 0) == 1) text += c;
    return text;
  }
  static void write(int fd, std::string_view text) {
    EXPECT_EQ(send(fd, text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
  }
  // Until the other side closes.
  static void await_end(int fd) {
    char buffer[4096];
    while (recv(fd, buffer, sizeof buffer, 0) > 0) {
    }
  }

 private:
  int listener_;
  uint16_t port_ = 0;
  std::thread thread_;
};

}  // namespace relay

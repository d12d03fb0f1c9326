// Connection: one TCP or TLS connection to one Redis process, from resolving its name to its end.
//
// It logs in (AUTH, SELECT, CLIENT SETNAME), then carries commands and their answers in order. What
// is sent within a turn of the loop leaves with one write at the end of the turn. It watches that
// the server is there: a command that is not answered within `command_timeout` ends the connection,
// and an idle one is asked PING every `ping_interval`, so a silent partition is noticed within
// ping_interval + command_timeout.
//
// It uses a descriptor of the loop's own epoll set, as the device connections do, not Asio: a loop
// whose io_context nobody uses saves three system calls a turn.
//
// In the loop's thread. Owned by a shared_ptr; its owner calls close() when done with it, which it
// may do from inside any of its callbacks. It never comes back: the owner opens another one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>

#include "base/time.h"
#include "redis/address.h"
#include "redis/answer.h"
#include "redis/reply_reader.h"
#include "redis/resolver.h"
#include "redis/timers.h"
#include "runtime/event_loop.h"
#include "runtime/io_result.h"
#include "runtime/tls.h"

namespace redis {

struct ConnectionOptions {
  const runtime::TlsContext* tls = nullptr;  // null: plain TCP
  std::string user;
  std::string password;  // empty: no AUTH
  int database = 0;
  std::string name;                                               // for CLIENT LIST; without spaces
  enum class Role : uint8_t { kAny, kMaster } role = Role::kAny;  // kMaster: a replica is refused
  enum class Mode : uint8_t { kCommands, kPushes } mode = Mode::kCommands;
  base::Duration connect_timeout = std::chrono::seconds(2);  // until it is logged in
  base::Duration command_timeout = std::chrono::seconds(2);
  base::Duration ping_interval = std::chrono::seconds(1);
  std::size_t max_reply_bytes = std::size_t{64} << 20;
};

class Connection final : public std::enable_shared_from_this<Connection>,
                         private runtime::Pollable,
                         private runtime::TurnStage {
 public:
  // Each of these may close the connection, or send.
  class Listener {
   public:
    virtual ~Listener() = default;
    virtual void on_open() = 0;  // logged in
    // The end, with a reason that names the server. Commands without an answer have been failed.
    virtual void on_closed(const std::string& reason) = 0;
    virtual void on_push(Reply&& reply) = 0;  // Mode::kPushes: everything after on_open()
  };

  // Nothing is called before this returns. `listener` is alive until on_closed() or close().
  [[nodiscard]] static std::shared_ptr<Connection> open(runtime::EventLoop& loop, Timers& timers,
                                                        Resolver& resolver, Address address,
                                                        const ConnectionOptions& options,
                                                        Listener& listener);
  ~Connection() override;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // `done` is called once, never from inside this call, in the order of sending; not at all after
  // close(). Requires Mode::kCommands and on_open().
  void send(std::string_view encoded, Callback done);
  // Mode::kPushes: what comes back is pushed.
  void send(std::string_view encoded);

  void close();                          // without a word to anybody
  void fail(const std::string& reason);  // as if the server had ended it; not from on_closed()
  [[nodiscard]] bool is_open() const { return state_ == State::kOpen; }
  [[nodiscard]] const Address& address() const { return address_; }
  [[nodiscard]] std::string local_host() const;  // the address of this end

 private:
  enum class State : uint8_t { kResolving, kConnecting, kLogin, kOpen, kClosed };
  struct Pending {
    Callback done;
    base::SteadyTime sent_at;
  };

  Connection(runtime::EventLoop& loop, Timers& timers, Address address,
             const ConnectionOptions& options, Listener& listener);
  void resolve(Resolver& resolver);
  void connect_next();
  void connected();
  void log_in();
  void logged_in(const Answer& answer);
  void enqueue(std::string_view encoded, Callback done);
  void fail_soon(std::string reason);

  void on_ready(uint32_t events) override;
  void before_hooks() override;
  bool after_hooks() override;
  void write_output();
  void read_input();
  [[nodiscard]] runtime::IoResult read_some(char* buffer, std::size_t size);
  void take_replies();
  void take_reply(Reply&& reply);

  void on_timer();
  void check_liveness();
  void ping();
  void arm_no_later_than(base::SteadyTime when);
  void close_descriptor();
  void end();
  [[nodiscard]] std::string at(std::string_view what) const;  // "redis HOST:PORT: what"

  runtime::EventLoop& loop_;
  Timers& timers_;
  Address address_;
  const ConnectionOptions options_;
  Listener* listener_;
  State state_ = State::kResolving;
  Resolver::Addresses candidates_;  // the next one to try is the last
  std::string trouble_;             // why the last candidate was none; or what fail_soon() was told
  bool failing_ = false;

  int fd_ = -1;
  std::unique_ptr<runtime::TlsSession> tls_;
  std::string output_;
  std::size_t written_ = 0;  // of output_
  bool stalled_ = false;     // the kernel takes no more at the moment
  bool readable_ = false;    // there may be more to read
  ReplyReader reader_;
  std::deque<Pending> pending_;

  Timer timer_;
  base::SteadyTime opened_at_;
  base::SteadyTime heard_at_;
  base::SteadyTime pinged_at_{};  // Mode::kPushes: of a PING that nothing has followed yet
  bool pinged_ = false;
};

}  // namespace redis

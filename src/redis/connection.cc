#include "redis/connection.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/check.h"
#include "redis/command.h"

namespace redis {
namespace {

using Outcome = runtime::IoResult::Outcome;

// hiredis moves what is unread to the front of its buffer again and again: small portions keep that
// cheap when many replies arrive at once.
constexpr std::size_t kReadSize = 16384;
constexpr int kReadsPerTurn = 16;  // before others have their turn
constexpr std::size_t kKeptOutput = std::size_t{1} << 20;

runtime::IoResult result_of(ssize_t returned) {
  if (returned > 0) return {Outcome::kBytes, static_cast<std::size_t>(returned)};
  if (returned == 0) return {Outcome::kEnd, 0};
  if (errno == EAGAIN || errno == EINTR) return {Outcome::kWouldBlock, 0};
  return {Outcome::kFailed, 0};
}

std::string error_text(int error) { return std::strerror(error); }  // NOLINT(concurrency-mt-unsafe)

void set_option(int fd, int level, int option, int value) {
  // Without them things are slower to be noticed, no more.
  static_cast<void>(setsockopt(fd, level, option, &value, sizeof value));
}

}  // namespace

std::shared_ptr<Connection> Connection::open(runtime::EventLoop& loop, Timers& timers,
                                             Resolver& resolver, Address address,
                                             const ConnectionOptions& options, Listener& listener) {
  std::shared_ptr<Connection> connection(
      new Connection(loop, timers, std::move(address), options, listener));
  connection->resolve(resolver);
  return connection;
}

Connection::Connection(runtime::EventLoop& loop, Timers& timers, Address address,
                       const ConnectionOptions& options, Listener& listener)
    : loop_(loop),
      timers_(timers),
      address_(std::move(address)),
      options_(options),
      listener_(&listener),
      reader_(options.max_reply_bytes),
      timer_([this] { on_timer(); }),
      opened_at_(timers.now()),
      heard_at_(opened_at_) {
  loop_.add_stage(*this);
  timers_.arm(timer_, opened_at_ + options_.connect_timeout);
}

Connection::~Connection() { close_descriptor(); }

// -- Getting there

void Connection::resolve(Resolver& resolver) {
  resolver.resolve(address_, [weak = weak_from_this()](base::Result<Resolver::Addresses> found) {
    const std::shared_ptr<Connection> self = weak.lock();
    if (!self || self->state_ != State::kResolving) return;
    if (!found) return self->fail_soon(found.error().message);
    self->candidates_ = std::move(*found);
    std::ranges::reverse(self->candidates_);
    self->connect_next();
  });
}

void Connection::connect_next() {
  state_ = State::kConnecting;
  while (!candidates_.empty()) {
    const runtime::SocketAddress candidate = candidates_.back();
    candidates_.pop_back();
    fd_ = socket(candidate.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd_ >= 0) {
      set_option(fd_, IPPROTO_TCP, TCP_NODELAY, 1);
      set_option(fd_, SOL_SOCKET, SO_KEEPALIVE, 1);
      set_option(fd_, IPPROTO_TCP, TCP_KEEPIDLE, 10);
      set_option(fd_, IPPROTO_TCP, TCP_KEEPINTVL, 5);
      const bool under_way =
          ::connect(fd_, candidate.get(), candidate.size) == 0 || errno == EINPROGRESS;
      if (under_way && loop_.watch(fd_, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, *this)) return;
    }
    trouble_ = error_text(errno);
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }
  fail_soon(trouble_);
}

void Connection::connected() {
  int error = 0;
  socklen_t size = sizeof error;
  if (getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
  if (error != 0) {
    trouble_ = error_text(error);
    loop_.unwatch(fd_);
    ::close(std::exchange(fd_, -1));
    return connect_next();
  }
  candidates_.clear();
  if (options_.tls != nullptr)
    tls_ = std::make_unique<runtime::TlsSession>(*options_.tls, fd_, address_.host);
  state_ = State::kLogin;
  log_in();
}

// All of it in one pipeline. The last command is the one that tells whether the server can be
// used: a server that loads its data, or wants a password, refuses it.
void Connection::log_in() {
  const auto demand = [this](Answer answer) {
    if (!answer) fail(at(answer.error().message));
  };
  if (!options_.password.empty()) {
    Command auth{"AUTH"};
    if (!options_.user.empty()) auth.add(options_.user);
    enqueue(auth.add(options_.password).encode(), demand);
  }
  if (options_.database != 0) enqueue(Command{"SELECT"}.add(options_.database).encode(), demand);
  // A user who may not do this can do without.
  if (!options_.name.empty())
    enqueue(Command{"CLIENT", "SETNAME", options_.name}.encode(), [](const Answer&) {});
  const Command last =
      options_.role == ConnectionOptions::Role::kMaster ? Command{"ROLE"} : Command{"PING"};
  enqueue(last.encode(), [this](const Answer& answer) { logged_in(answer); });
}

void Connection::logged_in(const Answer& answer) {
  if (!answer && !answer.error().is("NOPERM")) return fail(at(answer.error().message));
  if (answer) {
    const std::string& word =
        answer->elements.empty() ? answer->text : answer->elements.front().text;
    if (word == "slave") return fail(at("it is a replica, not the master"));
    // A port that nobody listens on can be connected to itself, and then echoes.
    if (word != "PONG" && word != "master") return fail(at("this is not Redis"));
  }
  state_ = State::kOpen;
  arm_no_later_than(timers_.now() + options_.ping_interval);
  listener_->on_open();
}

std::string Connection::local_host() const {
  runtime::SocketAddress own;
  if (fd_ < 0 || getsockname(fd_, own.get(), &own.size) != 0) return {};
  return runtime::to_text(own);
}

// -- Commands

void Connection::send(std::string_view encoded, Callback done) {
  CHECK(options_.mode == ConnectionOptions::Mode::kCommands && state_ == State::kOpen);
  enqueue(encoded, std::move(done));
}

void Connection::send(std::string_view encoded) {
  CHECK(options_.mode == ConnectionOptions::Mode::kPushes && state_ == State::kOpen);
  output_.append(encoded);
}

void Connection::enqueue(std::string_view encoded, Callback done) {
  output_.append(encoded);
  const base::SteadyTime now = timers_.now();
  pending_.push_back({std::move(done), now});
  arm_no_later_than(now + std::min(options_.command_timeout, options_.ping_interval));
}

// -- The socket

void Connection::on_ready(uint32_t events) {
  if (state_ == State::kClosed) return;
  if (state_ == State::kConnecting) {
    if ((events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) == 0) return;
    connected();
    if (state_ != State::kLogin) return;
  }
  // TLS may need to read before it can write, and the other way round.
  if ((events & EPOLLOUT) != 0 || tls_) stalled_ = false;
  readable_ = true;
  read_input();
}

void Connection::before_hooks() {
  if (readable_) read_input();
}

bool Connection::after_hooks() {
  if (state_ == State::kLogin || state_ == State::kOpen) write_output();
  return readable_;
}

void Connection::write_output() {
  while (written_ < output_.size() && !stalled_) {
    const std::string_view rest = std::string_view(output_).substr(written_);
    const runtime::IoResult result =
        tls_ ? tls_->write(rest) : result_of(::send(fd_, rest.data(), rest.size(), MSG_NOSIGNAL));
    switch (result.outcome) {
      case Outcome::kBytes: written_ += result.bytes; break;
      case Outcome::kWouldBlock: stalled_ = true; break;
      case Outcome::kEnd:
      case Outcome::kFailed:
        // Reading tells the reason, and what had been answered before.
        readable_ = true;
        return;
    }
  }
  if (written_ < output_.size()) {
    if (written_ > kKeptOutput) output_.erase(0, std::exchange(written_, 0));
    return;
  }
  written_ = 0;
  output_.clear();
  if (output_.capacity() > kKeptOutput) output_.shrink_to_fit();
}

runtime::IoResult Connection::read_some(char* buffer, std::size_t size) {
  if (tls_) return tls_->read({buffer, size});
  return result_of(recv(fd_, buffer, size, 0));
}

void Connection::read_input() {
  std::array<char, kReadSize> buffer;
  for (int reads = 0; readable_ && reads < kReadsPerTurn; ++reads) {
    const runtime::IoResult result = read_some(buffer.data(), buffer.size());
    switch (result.outcome) {
      case Outcome::kWouldBlock: readable_ = false; return;
      case Outcome::kEnd: return fail(at("the server closed the connection"));
      case Outcome::kFailed: {
        const std::string distrust = tls_ ? tls_->distrust() : std::string();
        if (!distrust.empty()) return fail(at("its certificate: " + distrust));
        if (tls_ && state_ == State::kLogin) return fail(at("no TLS could be agreed upon"));
        return fail(at(tls_ ? "the connection broke" : error_text(errno)));
      }
      case Outcome::kBytes: break;
    }
    heard_at_ = timers_.now();
    pinged_ = false;
    reader_.feed({buffer.data(), result.bytes});
    take_replies();
  }
}

void Connection::take_replies() {
  while (state_ != State::kClosed) {
    auto reply = reader_.next();
    if (!reply) return fail(at(reply.error().message));
    if (!*reply) return;
    take_reply(std::move(**reply));
  }
}

void Connection::take_reply(Reply&& reply) {
  if (state_ == State::kOpen && options_.mode == ConnectionOptions::Mode::kPushes)
    return listener_->on_push(std::move(reply));
  if (pending_.empty()) {
    // What a server says to a connection that it will not have: `max number of clients reached`.
    return fail(at(reply.is_error() ? reply.text : "an answer to no command"));
  }
  Callback done = std::move(pending_.front().done);
  pending_.pop_front();
  if (reply.is_error()) {
    done(tl::unexpected(Error{Error::Kind::kReply, std::move(reply.text)}));
  } else {
    done(std::move(reply));
  }
}

// -- Deadlines

void Connection::arm_no_later_than(base::SteadyTime when) {
  if (!timer_.armed() || timer_.deadline() > when) timers_.arm(timer_, when);
}

void Connection::on_timer() {
  if (failing_) return fail(at(trouble_));
  // A loop that was busy may not have come to read what is there.
  if (fd_ >= 0 && state_ != State::kConnecting) {
    readable_ = true;
    read_input();
    if (state_ == State::kClosed) return;
  }
  check_liveness();
}

void Connection::check_liveness() {
  const base::SteadyTime now = timers_.now();
  const auto seconds = [](base::Duration d) { return static_cast<double>(d.count()) / 1000; };
  if (state_ != State::kOpen) {
    const base::SteadyTime due = opened_at_ + options_.connect_timeout;
    if (now < due) return timers_.arm(timer_, due);
    return fail(at(fmt::format("no connection within {} s", seconds(options_.connect_timeout))));
  }
  if (!pending_.empty() || pinged_) {
    const base::SteadyTime due =
        (pinged_ ? pinged_at_ : pending_.front().sent_at) + options_.command_timeout;
    // Looked at more often than that: when the answer comes, the next PING is counted from it.
    if (now < due) return timers_.arm(timer_, std::min(due, now + options_.ping_interval));
    return fail(at(fmt::format("no answer within {} s", seconds(options_.command_timeout))));
  }
  if (now >= heard_at_ + options_.ping_interval) return ping();
  timers_.arm(timer_, heard_at_ + options_.ping_interval);
}

void Connection::ping() {
  const std::string command = Command{"PING"}.encode();
  if (options_.mode == ConnectionOptions::Mode::kCommands) {
    enqueue(command, [](const Answer&) {});
    return;
  }
  output_.append(command);
  pinged_ = true;
  pinged_at_ = timers_.now();
  arm_no_later_than(pinged_at_ + std::min(options_.command_timeout, options_.ping_interval));
}

// -- The end

void Connection::fail_soon(std::string reason) {
  trouble_ = std::move(reason);
  failing_ = true;
  timers_.arm(timer_, timers_.now());
}

void Connection::fail(const std::string& reason) {
  if (state_ == State::kClosed) return;
  end();
  Listener* listener = listener_;
  while (!pending_.empty() && listener_ != nullptr) {
    Callback done = std::move(pending_.front().done);
    pending_.pop_front();
    done(tl::unexpected(Error{Error::Kind::kLost, "connection lost: " + reason}));
  }
  if (listener_ != nullptr) std::exchange(listener, nullptr)->on_closed(reason);
}

void Connection::close() {
  listener_ = nullptr;
  pending_.clear();
  if (state_ != State::kClosed) end();
}

void Connection::end() {
  state_ = State::kClosed;
  readable_ = false;
  close_descriptor();
  loop_.destroy_later(shared_from_this());
}

void Connection::close_descriptor() {
  Timers::cancel(timer_);
  loop_.remove_stage(*this);
  if (fd_ < 0) return;
  if (tls_) tls_->say_goodbye();
  loop_.unwatch(fd_);
  ::close(std::exchange(fd_, -1));
}

std::string Connection::at(std::string_view what) const {
  return fmt::format("redis {}: {}", to_text(address_), what);
}

}  // namespace redis

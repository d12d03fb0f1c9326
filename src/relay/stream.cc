#include "relay/stream.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

#include "runtime/socket_address.h"

namespace relay {
namespace {

using Outcome = runtime::IoResult::Outcome;

constexpr base::Duration kTick{50};
constexpr std::size_t kSlots = 1024;
constexpr base::Duration kConnectTimeout{2'000};
constexpr base::Duration kLinger{2'000};
constexpr int kSilentMillis =
    15'000;                       // what was sent is acknowledged within it, or the peer is gone
constexpr int kReadsPerTurn = 8;  // before others have their turn

runtime::IoResult result_of(ssize_t returned) {
  if (returned > 0) return {Outcome::kBytes, static_cast<std::size_t>(returned)};
  if (returned == 0) return {Outcome::kEnd, 0};
  if (errno == EAGAIN || errno == EINTR) return {Outcome::kWouldBlock, 0};
  return {Outcome::kFailed, 0};
}

void set_option(int fd, int level, int option, int value) {
  // Without them things are slower to be noticed, no more.
  static_cast<void>(setsockopt(fd, level, option, &value, sizeof value));
}

}  // namespace

Stream::Stream(StreamSet& set, Peer peer, unsigned lane, base::Duration answer_within)
    : set_(set), peer_(std::move(peer)), lane_(lane), answer_within_(answer_within) {}

Stream::~Stream() {
  if (fd_ < 0) return;
  set_.loop_.unwatch(fd_);
  ::close(fd_);
}

bool Stream::connect() {
  // Numeric, so that nobody is asked.
  const auto address = runtime::resolve({peer_.host, peer_.port});
  if (!address) return false;
  fd_ = socket(address->storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd_ < 0) return false;
  set_option(fd_, IPPROTO_TCP, TCP_NODELAY, 1);
  set_option(fd_, IPPROTO_TCP, TCP_USER_TIMEOUT, kSilentMillis);
  set_option(fd_, SOL_SOCKET, SO_KEEPALIVE, 1);
  set_option(fd_, IPPROTO_TCP, TCP_KEEPIDLE, 5);
  set_option(fd_, IPPROTO_TCP, TCP_KEEPINTVL, 5);
  if (peer_.tls && set_.tls_ == nullptr) return false;
  set_deadline(kConnectTimeout);
  if (::connect(fd_, address->get(), address->size) != 0 && errno != EINPROGRESS) {
    const StreamEnd why = errno == ECONNREFUSED ? StreamEnd::kRefused : StreamEnd::kUnreachable;
    // The user hears of it as of any other end: from the loop.
    return set_.loop_.post([weak = weak_from_this(), why] {
      if (const auto self = weak.lock()) self->fail(why);
    });
  }
  return set_.loop_.watch(fd_, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, *this);
}

void Stream::connected() {
  int error = 0;
  socklen_t size = sizeof error;
  if (getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
  if (error != 0)
    return fail(error == ECONNREFUSED ? StreamEnd::kRefused : StreamEnd::kUnreachable);
  if (peer_.tls) tls_ = std::make_unique<runtime::TlsSession>(*set_.tls_, fd_, peer_.host);
  state_ = State::kOpen;
  set_deadline(answer_within_);
}

void Stream::send(std::string_view bytes) {
  if (!usable()) return;
  output_.append(bytes);
  if (!stalled_) flush();
  waited_ |= backlog() > 0;
}

// A failure is met again, and told of, by reading.
void Stream::flush() {
  while (!stalled_ && backlog() > 0) {
    const std::string_view rest = std::string_view(output_).substr(written_);
    const runtime::IoResult result =
        tls_ ? tls_->write(rest) : result_of(::send(fd_, rest.data(), rest.size(), MSG_NOSIGNAL));
    if (result.outcome == Outcome::kBytes) {
      written_ += result.bytes;
    } else {
      stalled_ = true;
    }
  }
  if (backlog() > 0) {
    if (written_ > output_.size() / 2) output_.erase(0, std::exchange(written_, 0));
    return;
  }
  output_ = {};
  written_ = 0;
}

void Stream::hold_input(bool hold) {
  if (held_ && !hold) read_on();
  held_ = hold;
}

// In another turn, and not from inside the user's call.
void Stream::read_on() {
  // A mailbox that is full for a moment: the next event of the socket goes on, or its deadline.
  static_cast<void>(set_.loop_.post([weak = weak_from_this()] {
    const auto self = weak.lock();
    if (self && self->state_ != State::kClosed && self->state_ != State::kConnecting)
      self->read_input();
  }));
}

void Stream::set_deadline(base::Duration from_now) {
  set_.wheel_.arm(*this, set_.loop_.now().steady + from_now);
}

void Stream::on_ready(uint32_t events) {
  if (state_ == State::kClosed) return;
  if (state_ == State::kConnecting) {
    if ((events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) == 0) return;
    connected();
    if (state_ == State::kClosed) return;
  }
  // TLS may need to read before it can write, and the other way round.
  if ((events & EPOLLOUT) != 0 || tls_) stalled_ = false;
  readable_ = true;
  read_input();
}

void Stream::read_input() {
  if (state_ == State::kClosed) return;
  const std::shared_ptr<Stream> alive = shared_from_this();
  for (int reads = 0; readable_ && !held_ && state_ != State::kClosed; ++reads) {
    if (reads == kReadsPerTurn) {
      read_on();
      break;
    }
    const std::span<char> buffer(set_.buffer_);
    const runtime::IoResult result =
        tls_ ? tls_->read(buffer) : result_of(recv(fd_, buffer.data(), buffer.size(), 0));
    if (result.outcome == Outcome::kWouldBlock) {
      readable_ = false;
    } else if (result.outcome != Outcome::kBytes) {
      return fail(StreamEnd::kLost);
    } else if (state_ == State::kOpen) {
      if (user_ == nullptr) return cut();  // nobody asked for anything
      user_->on_stream_bytes({buffer.data(), result.bytes});
    }
  }
  if (state_ == State::kClosed) return;
  flush();
  if (backlog() > 0) return;
  if (state_ == State::kFinishing) {
    if (tls_) tls_->say_goodbye();
    shutdown(fd_, SHUT_WR);
    state_ = State::kLingering;
    return;
  }
  if (std::exchange(waited_, false) && user_ != nullptr) user_->on_stream_drained();
}

void Stream::on_timer() {
  if (state_ == State::kConnecting) return fail(StreamEnd::kUnreachable);
  if (state_ == State::kOpen && user_ != nullptr) return user_->on_stream_timeout();
  cut();
}

void Stream::finish() {
  if (!usable()) return;
  user_ = nullptr;
  if (state_ == State::kConnecting) return cut();
  state_ = State::kFinishing;
  held_ = false;
  readable_ = true;
  set_deadline(kLinger);
  read_on();
}

void Stream::cut() {
  user_ = nullptr;
  if (state_ != State::kClosed) end();
}

void Stream::fail(StreamEnd why) {
  if (state_ == State::kClosed) return;
  StreamUser* user = std::exchange(user_, nullptr);
  end();
  if (user != nullptr) user->on_stream_closed(why);
}

// The object lives to the end of the turn, for what may be on the stack or among the events.
void Stream::end() {
  state_ = State::kClosed;
  base::TimerWheel::cancel(*this);
  if (fd_ >= 0) {
    set_.loop_.unwatch(fd_);
    ::close(std::exchange(fd_, -1));
  }
  const auto found = set_.streams_.find(this);
  if (found == set_.streams_.end()) return;
  set_.loop_.destroy_later(std::move(found->second));
  set_.streams_.erase(found);
  set_.ended_(*this);
}

StreamSet::StreamSet(runtime::EventLoop& loop, const runtime::TlsContext* tls,
                     std::function<void(Stream&)> ended)
    : loop_(loop), tls_(tls), ended_(std::move(ended)), wheel_(kTick, kSlots, loop.now().steady) {
  loop_.add_wheel(wheel_, [](base::TimerNode& node) { static_cast<Stream&>(node).on_timer(); });
}

StreamSet::~StreamSet() { loop_.remove_wheel(wheel_); }

std::shared_ptr<Stream> StreamSet::connect(const Peer& peer, unsigned lane, StreamUser& user,
                                           base::Duration answer_within) {
  auto stream = std::make_shared<Stream>(*this, peer, lane, answer_within);
  if (!stream->connect()) return nullptr;
  stream->set_user(&user);
  streams_.emplace(stream.get(), stream);
  return stream;
}

void StreamSet::fail_where(const std::function<bool(const Peer&)>& gone) {
  std::vector<std::shared_ptr<Stream>> failing;
  for (const auto& [key, stream] : streams_)
    if (gone(stream->peer())) failing.push_back(stream);
  for (const auto& stream : failing) stream->fail(StreamEnd::kLost);
}

}  // namespace relay

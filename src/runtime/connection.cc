#include "runtime/connection.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "runtime/connection_set.h"
#include "runtime/http_session.h"

namespace runtime {
namespace {

// Reads in a row before the others have their turn.
constexpr int kReadsPerTurn = 8;

IoResult result_of(ssize_t returned) {
  if (returned > 0) return {IoResult::Outcome::kBytes, static_cast<std::size_t>(returned)};
  if (returned == 0) return {IoResult::Outcome::kEnd, 0};
  if (errno == EAGAIN || errno == EINTR) return {IoResult::Outcome::kWouldBlock, 0};
  return {IoResult::Outcome::kFailed, 0};
}

}  // namespace

Connection::Connection(ConnectionSet& set, int fd, uint8_t listener,
                       std::unique_ptr<ConnectionExtras> extras)
    : set_(set), extras_(std::move(extras)), fd_(fd), listener_(listener) {}

Connection::~Connection() {
  if (fd_ >= 0) close(fd_);
}

void Connection::start() { set_deadline(set_.timeouts().request_head); }

// -- Output

void Connection::send(base::SharedBytes bytes, Urgency urgency) {
  if (state_ != State::kOpen || bytes.empty()) return;
  if (!output_) output_ = set_.outputs().take();
  output_->push(std::move(bytes));
  if (urgency == Urgency::kNow) {
    set_.has_output(*this);
  } else {
    set_.has_patient_output(*this);
  }
}

void Connection::write_early() {
  // A failure is met again, and acted upon, at the end of the turn.
  if (write_output() == Written::kAll && output_) set_.outputs().give_back(std::move(output_));
}

IoResult Connection::write_some() {
  const std::span<char> scratch = set_.write_buffer();
  if (tls() != nullptr) return tls()->write(output_->front(scratch));
  if (output_->single() || output_->bytes() <= scratch.size()) {
    const std::span<const char> bytes = output_->front(scratch);
    return result_of(::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL));
  }
  std::array<iovec, 64> vector;
  msghdr message{};
  message.msg_iov = vector.data();
  message.msg_iovlen = output_->fill(vector);
  return result_of(sendmsg(fd_, &message, MSG_NOSIGNAL));
}

Connection::Written Connection::write_output() {
  if (!output_) return Written::kAll;
  if (output_->stalled) return Written::kStalled;
  while (!output_->empty()) {
    const Written written = account_for(write_some());
    if (written != Written::kAll) return written;
  }
  return Written::kAll;
}

Connection::Written Connection::go_on_writing(const IoResult& result) {
  const Written written = account_for(result);
  return written == Written::kAll ? write_output() : written;
}

Connection::Written Connection::account_for(const IoResult& result) {
  switch (result.outcome) {
    case IoResult::Outcome::kBytes:
      output_->consume(result.bytes);
      output_->deadline = base::SteadyTime{};
      return Written::kAll;
    case IoResult::Outcome::kWouldBlock:
      output_->stalled = true;
      wants_drained_ = true;
      if (output_->deadline == base::SteadyTime{})
        output_->deadline = set_.loop().now().steady + set_.timeouts().write_progress;
      rearm();
      return Written::kStalled;
    default: return Written::kFailed;
  }
}

std::span<const char> Connection::sendable() const {
  if (!output_ || output_->stalled || output_->empty() || !output_->single() || tls() != nullptr)
    return {};
  return output_->front({});
}

bool Connection::after_write(Written written) {
  if (state_ == State::kClosed) return false;
  if (written == Written::kStalled) return false;
  if (written == Written::kFailed) {
    cut();
    return false;
  }
  if (output_) set_.outputs().give_back(std::move(output_));
  if (state_ == State::kFinishing) start_lingering();
  return state_ == State::kOpen && std::exchange(wants_drained_, false);
}

// -- Input

void Connection::on_ready(uint32_t events) {
  if (state_ == State::kClosed || state_ == State::kCut) return;
  const bool input = (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
  // TLS may need to read before it can write, and the other way round.
  if (output_ && output_->stalled && ((events & EPOLLOUT) != 0 || tls() != nullptr)) {
    output_->stalled = false;
    set_.has_output(*this);
  }
  if (!input && tls() == nullptr) return;
  input_waiting_ = true;
  peer_ended_ |= (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
  read_input();
}

IoResult Connection::read(std::span<char> out) {
  if (tls() != nullptr) return tls()->read(out);
  return result_of(recv(fd_, out.data(), out.size(), 0));
}

void Connection::read_input() {
  if (state_ == State::kLingering) return discard_input();
  const std::span<char> buffer = set_.read_buffer();
  for (int reads = 0; input_waiting_ && !early_input && state_ == State::kOpen; ++reads) {
    if (session_ && !session_->wants_input()) {
      if (peer_ended_) lose();
      return;
    }
    if (reads == kReadsPerTurn) return resume_soon();
    const IoResult result = read(buffer);
    switch (result.outcome) {
      case IoResult::Outcome::kWouldBlock: input_waiting_ = false; return;
      case IoResult::Outcome::kEnd: return input_ended();
      case IoResult::Outcome::kFailed: return lose();
      case IoResult::Outcome::kBytes: break;
    }
    // A short read has emptied the kernel's buffer; what comes later is another event. TLS reads
    // record by record, and an end that was announced has to be read.
    if (tls() == nullptr && result.bytes < buffer.size() && !peer_ended_) input_waiting_ = false;
    deliver(buffer.first(result.bytes));
  }
}

void Connection::deliver(std::span<char> bytes) {
  if (state_ != State::kOpen || bytes.empty()) return;
  if (!session_) {
    session_ = std::make_unique<HttpSession>(*this);
    if (std::exchange(idle_, false)) set_deadline(set_.timeouts().request_head);
  }
  session_->on_input(bytes);
}

void Connection::resume() {
  if (state_ == State::kOpen && session_) session_->on_resume();
  read_input();
}

void Connection::input_ended() {
  peer_ended_ = true;
  if (backlog() == 0) return lose();
  // The peer may have shut its side only, and still read: let it have what was answered.
  state_ = State::kFinishing;
  clear_deadline();
  std::unique_ptr<Session> session = std::move(session_);
  if (!session) return;
  session->on_lost();
  set_.bury(std::move(session));
}

void Connection::discard_input() {
  const std::span<char> buffer = set_.read_buffer();
  for (int reads = 0; reads < kReadsPerTurn; ++reads) {
    const IoResult result = result_of(recv(fd_, buffer.data(), buffer.size(), 0));
    if (result.outcome == IoResult::Outcome::kWouldBlock) return;
    if (result.outcome != IoResult::Outcome::kBytes) return close_descriptor();
  }
  resume_soon();
}

// -- Ends

void Connection::finish() {
  if (state_ != State::kOpen) return;
  state_ = State::kFinishing;
  clear_deadline();
  set_.bury(std::move(session_));
  if (extras_) extras_->forwarded.release();
  set_.has_output(*this);
}

void Connection::cut() {
  if (state_ == State::kClosed || state_ == State::kCut) return;
  state_ = State::kCut;
  set_.has_ended(*this);
}

// Closing at once would make the kernel drop what the peer has not read yet when it still sends.
void Connection::start_lingering() {
  if (peer_ended_) return close_descriptor();
  if (tls() != nullptr) tls()->say_goodbye();
  shutdown(fd_, SHUT_WR);
  state_ = State::kLingering;
  set_deadline(set_.timeouts().linger);
  discard_input();
}

void Connection::lose() {
  if (state_ == State::kClosed) return;
  close_descriptor();
  std::unique_ptr<Session> session = std::move(session_);
  if (!session) return;
  session->on_lost();
  set_.bury(std::move(session));
}

void Connection::close_descriptor() {
  state_ = State::kClosed;
  base::TimerWheel::cancel(*this);
  if (output_) set_.outputs().give_back(std::move(output_));
  close(std::exchange(fd_, -1));
  set_.forget(*this);
}

void Connection::shut_down() {
  if (session_ && state_ == State::kOpen) session_->on_shutdown();
  cut();
}

// -- Sessions

void Connection::replace_session(std::unique_ptr<Session> session) {
  set_.bury(std::exchange(session_, std::move(session)));
}

void Connection::become_idle() {
  set_.bury(std::move(session_));
  idle_ = true;
  if (extras_) extras_->forwarded.release();
  set_deadline(set_.timeouts().keep_alive);
}

bool Connection::admit_forwarded(const net::HttpRequest& request) {
  AddressLimiter& addresses = set_.addresses();
  if (!addresses.enabled()) return true;
  extras_->forwarded.release();
  AddressLimiter::Admission admission = addresses.admit_forwarded(
      request.peer_address, net::joined_header(request.headers, "X-Forwarded-For"));
  extras_->forwarded = std::move(admission.ticket);
  return admission.admitted;
}

void Connection::count_for_nobody() {
  over_limit_ = false;
  if (!extras_) return;
  extras_->ticket.release();
  extras_->forwarded.release();
}

void Connection::resume_soon() { set_.can_resume(*this); }
void Connection::deliver_soon(std::string bytes) { set_.has_input(*this, std::move(bytes)); }
void Connection::move_soon(unsigned thread) { set_.wants_to_move(*this, thread); }

MovedConnection Connection::detach() {
  MovedConnection moved;
  set_.loop().unwatch(fd_);
  moved.fd = std::exchange(fd_, -1);
  moved.listener = listener_;
  moved.extras = std::move(extras_);
  moved.output = std::move(output_);
  moved.session.reset(static_cast<HttpSession*>(session_.release()));
  state_ = State::kClosed;
  base::TimerWheel::cancel(*this);
  return moved;
}

void Connection::attach(MovedConnection& moved) {
  moved.session->arrive(*this);
  session_ = std::move(moved.session);
  output_ = std::move(moved.output);
  if (output_) {
    output_->stalled = false;
    set_.has_output(*this);
  }
}

// -- Deadlines

void Connection::set_deadline(base::Duration from_now) {
  deadline_ = set_.loop().now().steady + from_now;
  rearm();
}

void Connection::clear_deadline() {
  deadline_ = kNever;
  rearm();
}

void Connection::rearm() {
  base::SteadyTime due = deadline_;
  if (output_ && output_->stalled) due = std::min(due, output_->deadline);
  if (due == kNever) {
    base::TimerWheel::cancel(*this);
  } else if (!armed() || deadline() != due) {
    set_.wheel().arm(*this, due);
  }
}

void Connection::on_timer() {
  const base::SteadyTime now = set_.loop().now().steady;
  if (output_ && output_->stalled && now >= output_->deadline) return cut();
  if (now >= deadline_) {
    deadline_ = kNever;
    if (state_ == State::kFinishing || state_ == State::kLingering) return close_descriptor();
    if (!session_) return lose();
    session_->on_timeout();
  }
  if (state_ != State::kClosed) rearm();
}

}  // namespace runtime

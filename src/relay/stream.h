// Stream: one TCP or TLS connection to another node: connecting, reading, collected output,
// deadlines and closing. What its bytes mean is its user's business. Without a user it is idle, and
// ends as soon as anything happens to it.
//
// In the loop's thread. Streams are kept by their StreamSet; a user holds a reference and gives it
// up by finish(), cut(), release() or when on_stream_closed() was called. Users are called by the
// loop only, never from inside a call they make.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/time.h"
#include "base/timer_wheel.h"
#include "relay/peers.h"
#include "runtime/event_loop.h"
#include "runtime/io_result.h"
#include "runtime/tls.h"

namespace relay {

class StreamSet;

enum class StreamEnd : uint8_t {
  kRefused,      // nobody listens there
  kUnreachable,  // no connection came about
  kLost,         // the other side has ended it, or it broke
};

class StreamUser {
 public:
  virtual ~StreamUser() = default;
  virtual void on_stream_bytes(std::string_view bytes) = 0;
  virtual void on_stream_drained() = 0;  // after output had stalled
  virtual void on_stream_timeout() = 0;  // the deadline set with set_deadline()
  virtual void on_stream_closed(StreamEnd end) = 0;
};

class Stream final : public std::enable_shared_from_this<Stream>,
                     private runtime::Pollable,
                     public base::TimerNode {
 public:
  Stream(StreamSet& set, Peer peer, unsigned lane, base::Duration answer_within);
  ~Stream() override;
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  void send(std::string_view bytes);
  [[nodiscard]] std::size_t backlog() const { return output_.size() - written_; }
  // While held, what the peer sends stays with the kernel, and in the end with the peer.
  void hold_input(bool hold);
  void set_deadline(base::Duration from_now);

  // A new user of an idle stream; or none: it becomes idle.
  void set_user(StreamUser* user) { user_ = user; }
  void finish();  // lets the output leave, and gives the peer a moment to close
  void cut();
  // As if the peer had ended it; the user is told.
  void fail(StreamEnd end);

  [[nodiscard]] bool usable() const {
    return state_ == State::kConnecting || state_ == State::kOpen;
  }
  [[nodiscard]] const Peer& peer() const { return peer_; }
  // Streams of different lanes are not used for each other's requests.
  [[nodiscard]] unsigned lane() const { return lane_; }

 private:
  friend class StreamSet;
  enum class State : uint8_t { kConnecting, kOpen, kFinishing, kLingering, kClosed };

  [[nodiscard]] bool connect();
  void connected();
  void on_ready(uint32_t events) override;
  void on_timer();
  void flush();
  void read_input();
  void read_on();
  void end();

  StreamSet& set_;
  const Peer peer_;
  const unsigned lane_;
  const base::Duration answer_within_;
  StreamUser* user_ = nullptr;
  std::unique_ptr<runtime::TlsSession> tls_;
  std::string output_;
  std::size_t written_ = 0;  // of output_
  int fd_ = -1;
  State state_ = State::kConnecting;
  bool stalled_ = true;  // the kernel takes nothing at the moment; not connected yet
  bool waited_ = false;  // output had to wait: the user is told when it has left
  bool readable_ = false;
  bool held_ = false;
};

// The streams of a core thread.
class StreamSet {
 public:
  // `tls` is for peers that want it; null: none do. `ended` is told of each stream that has ended.
  StreamSet(runtime::EventLoop& loop, const runtime::TlsContext* tls,
            std::function<void(Stream&)> ended);
  ~StreamSet();
  StreamSet(const StreamSet&) = delete;
  StreamSet& operator=(const StreamSet&) = delete;

  // Starts connecting; the deadline is `answer_within` once it is connected. Null when that is not
  // possible, for want of descriptors.
  [[nodiscard]] std::shared_ptr<Stream> connect(const Peer& peer, unsigned lane, StreamUser& user,
                                                base::Duration answer_within);
  [[nodiscard]] std::size_t size() const { return streams_.size(); }
  // Fails those for whose peer it holds.
  void fail_where(const std::function<bool(const Peer&)>& gone);

 private:
  friend class Stream;
  runtime::EventLoop& loop_;
  const runtime::TlsContext* tls_;
  std::function<void(Stream&)> ended_;
  base::TimerWheel wheel_;
  std::array<char, std::size_t{64} * 1024> buffer_;
  std::unordered_map<const Stream*, std::shared_ptr<Stream>> streams_;
};

}  // namespace relay

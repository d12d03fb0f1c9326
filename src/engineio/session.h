// Session: one Engine.IO v4 connection, over polling, a WebSocket, or first the one and then the
// other. Created and owned by its Server (engineio/server.h), which reports what arrives to its
// SessionHandler.
//
// One core thread; sans-I/O, the transports are handed in through net/. A Session is valid until
// Server::flush() after SessionHandler::on_closed(); every call on a closed one does nothing. What
// is sent leaves at the end of the turn: in the WebSocket's own output, or with flush() for a
// waiting poll. An idle WebSocket session costs sizeof(Session), its link to the socket (32 bytes)
// and a slot of the sid table.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "base/time.h"
#include "base/timer_wheel.h"
#include "engineio/options.h"
#include "engineio/packet.h"
#include "engineio/prepared_message.h"
#include "engineio/sid.h"

namespace engineio {

class Polling;
class Server;
class WebSocketLink;

// Whether a message may be compressed on its way (polling answers only).
enum class Compression : uint8_t { kAllowed, kOff };

class Session final : private base::TimerNode {
 public:
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  [[nodiscard]] const Sid& sid() const { return sid_; }
  [[nodiscard]] bool open() const { return state_ == State::kOpen; }
  [[nodiscard]] bool over_websocket() const { return link_ != nullptr; }

  // Queues one message, in order with all others. Beyond Options::max_buffered the message is
  // dropped, and the session is closed with kTransportError after the turn.
  void send_text(std::string_view text, Compression compression = Compression::kAllowed);
  void send_binary(std::string_view bytes, Compression compression = Compression::kAllowed);
  void send(const PreparedMessage& message);
  // The same to many, in their order. Costs less than one by one: what the objects of idle
  // connections hold has left the caches, and is fetched for many of them at once.
  static void send_all(std::span<Session* const> sessions, const PreparedMessage& message);

  // Closes from this side: what was sent before still goes out. on_closed() is called before it
  // returns, with `reason`.
  void close(CloseReason reason = CloseReason::kForcedClose);

  // Bytes sent but not yet taken by the kernel, or waiting for a poll.
  [[nodiscard]] std::size_t backlog() const;
  // Whether something sent now would go out at once (a poll waits, the socket is not behind): the
  // condition for volatile events.
  [[nodiscard]] bool writable() const;

  // Has SessionHandler::on_drained() called once what waits now has been taken, however soon.
  void want_drained();

  // The request that opened the session; null once released to save its memory.
  [[nodiscard]] const Handshake* handshake() const { return handshake_.get(); }
  void release_handshake() { handshake_.reset(); }

  // For the owner of the SessionHandler.
  [[nodiscard]] void* user_data() const { return user_data_; }
  void set_user_data(void* data) { user_data_ = data; }

 private:
  friend class Polling;
  friend class Server;
  friend class WebSocketLink;
  enum class State : uint8_t {
    kOpen,
    kClosing,  // reported as closed; a polling client has still to be told with its next GET
    kClosed,   // out of the table, destroyed by the next flush()
  };

  Session(Server& server, const Sid& sid, std::unique_ptr<Handshake> handshake);

  enum class Farewell : uint8_t {
    kNone,         // the transport is gone already
    kClosePacket,  // a waiting GET gets `1`, a WebSocket its closing handshake
    kNoop,         // the client closed: a waiting GET gets `6`
    kAfterBuffer,  // what is buffered, and then `1`, also with a later GET
  };

  void on_packet(const Packet& packet);
  void on_pong();
  void on_timer(base::SteadyTime now);
  void start_heartbeat();
  void mark_heard();
  void send_prepared(const PreparedMessage& message);
  void take_over(WebSocketLink& link);
  // The session is over: the transports are ended and the handler is told.
  void end(CloseReason reason, Farewell farewell);
  void end_transports(Farewell farewell);
  void finish();

  Server& server_;
  WebSocketLink* link_ = nullptr;     // the transport, once it is a WebSocket; owns itself
  std::unique_ptr<Polling> polling_;  // the transport before that
  std::unique_ptr<Handshake> handshake_;
  void* user_data_ = nullptr;
  Sid sid_;
  State state_ = State::kOpen;
  bool awaiting_pong_ = false;
  bool counted_silent_ = false;  // among Server::Impl::silent
};

}  // namespace engineio

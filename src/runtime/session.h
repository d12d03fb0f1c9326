// Session: what a connection currently is: an HTTP exchange (or several in a row), or a WebSocket.
// An idle keep-alive connection has none.
//
// Owned by its Connection. All calls come from the event loop, never from inside a call that user
// code made; so a session may be replaced or ended in any of them, and is destroyed at the end of
// the turn.
#pragma once

#include <span>

namespace runtime {

class Session {
 public:
  virtual ~Session() = default;
  // The buffer may be written to, and is valid during the call.
  virtual void on_input(std::span<char> bytes) = 0;
  // False: leave what comes in the kernel's buffer, and take a half-close for the end.
  [[nodiscard]] virtual bool wants_input() const = 0;
  virtual void on_resume() = 0;   // after Connection::resume_soon()
  virtual void on_drained() = 0;  // all output has been written, after it had stalled
  virtual void on_timeout() = 0;  // the deadline set with Connection::set_deadline()
  // The server stops: say so to the peer if the protocol can, nothing else.
  virtual void on_shutdown() = 0;
  // The connection is lost or was cut. The last call; not made to a session that finished itself.
  virtual void on_lost() = 0;
};

}  // namespace runtime

// WebSocketLink: stands between a WebSocket and the Session that it carries, or hopes to carry.
//
// The two end at different times: a session may be gone while its socket still shakes hands over
// closing, and a probing socket may fail while the session goes on over polling. The link belongs
// to its socket and deletes itself when that reports its end; it has no session any more when
// either side has let go. Internal to engineio; one core thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "net/websocket.h"

namespace engineio {

class Session;

class WebSocketLink final : public net::WebSocketHandler {
 public:
  explicit WebSocketLink(Session* session) : session_(session) {}

  void set_socket(net::WebSocket& socket) { socket_ = &socket; }
  [[nodiscard]] net::WebSocket& socket() const { return *socket_; }

  // Lets go of the session. What was sent before still goes out.
  void close();
  // The session is being destroyed.
  void forget_session() { session_ = nullptr; }

  void on_text(std::string_view message) override;
  void on_binary(std::string_view message) override;
  void on_closed(uint16_t code) override;
  void on_drained() override;

 private:
  [[nodiscard]] bool carries_session() const;
  void on_probe_message(std::string_view message);

  Session* session_;
  net::WebSocket* socket_ = nullptr;
};

}  // namespace engineio

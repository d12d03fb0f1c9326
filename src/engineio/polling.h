// Polling: the HTTP long-polling transport of one Session, and the buffer of packets that waits for
// its next GET. It exists until the session is upgraded or over, and also keeps the WebSocket that
// probes for the upgrade.
//
// At most one GET and one POST at a time; answers are given by flush() at the end of the turn, so
// that one GET takes everything that a turn has produced. Internal to engineio; one core thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/timer_wheel.h"
#include "engineio/packet.h"
#include "net/http.h"

namespace engineio {

class Session;
class WebSocketLink;

class Polling final : public net::HttpExchangeListener, private base::TimerNode {
 public:
  explicit Polling(Session& session) : session_(session) {}
  ~Polling() override;

  void on_get(net::HttpExchange& exchange);
  void on_post(net::HttpExchange& exchange);

  // Beyond Options::max_buffered the packet is dropped, and the next Server::flush() closes the
  // session.
  void queue(OutgoingPacket packet);
  [[nodiscard]] std::size_t buffered() const { return bytes_; }
  [[nodiscard]] bool behind() const { return behind_; }
  void want_drained() { behind_ = true; }
  [[nodiscard]] bool writable() const { return get_ != nullptr && !overflowed_; }
  // Answers the waiting GET if there is something to say. When the session is closing and all is
  // said, that is the close packet, and the session is finished. It comes alone: a JavaScript
  // client acts on it before it has looked at a Socket.IO packet of the same payload, a DISCONNECT
  // say.
  void flush();

  // The end of the session: the waiting GET gets `packet` alone, a POST whose body is still coming
  // is refused, a probing socket closed.
  void end_requests(std::string_view packet);
  // The session is closing: flush() says so to a GET, waiting or to come.
  void announce_close();

  // The upgrade.
  void start_probe(WebSocketLink& link);
  [[nodiscard]] bool probing() const { return probe_ != nullptr; }
  [[nodiscard]] bool probed() const { return probed_; }
  void probe_answered();
  void probe_lost();  // the socket is gone
  void drop_probe();  // close it; polling goes on
  static void on_upgrade_timeout(base::TimerNode& node);
  // The socket has become the transport: ends the GET, and returns what has not been sent.
  [[nodiscard]] std::vector<OutgoingPacket> finish_upgrade();
  [[nodiscard]] bool post_pending() const { return post_ != nullptr; }

  void on_body(net::HttpExchange& exchange, std::string_view body) override;
  void on_body_too_large(net::HttpExchange& exchange) override;
  void on_aborted(net::HttpExchange& exchange) override;

 private:
  void overlap(net::HttpExchange& exchange);
  [[nodiscard]] bool room_for(std::size_t cost);
  void mark_dirty();
  // Delivers the packets of a POST; false when one of them is broken.
  [[nodiscard]] bool deliver(std::string_view body);
  void retire_if_upgraded();
  // The next packets, as many as an answer may hold.
  [[nodiscard]] std::string take_payload(bool& compressible);
  void respond_get(std::string payload, bool compressible);

  Session& session_;
  net::HttpExchange* get_ = nullptr;
  net::HttpExchange* post_ = nullptr;  // its body is still coming
  WebSocketLink* probe_ = nullptr;
  std::vector<OutgoingPacket> buffer_;
  std::size_t taken_ = 0;      // packets at its front that have been sent
  std::size_t bytes_ = 0;      // what the others cost
  std::size_t oversized_ = 0;  // cost of a packet beyond the limit, until nothing waits
  bool probed_ = false;        // `3probe` was sent
  bool behind_ = false;        // something had to wait for a GET; on_drained() is due
  bool dirty_ = false;         // in the server's list
  bool overflowed_ = false;    // in the server's other list, to be closed
};

}  // namespace engineio

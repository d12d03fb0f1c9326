// HttpSession: the requests of one connection, one after the other. The parser and everything else
// here exists only from a request's first byte to the end of its answer.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "net/http.h"
#include "net/http_parser.h"
#include "net/http_response.h"
#include "runtime/connection.h"
#include "runtime/session.h"

namespace runtime {

class HttpSession final : public Session, public net::HttpExchange {
 public:
  explicit HttpSession(Connection& connection);

  // In another thread, after transfer(): the request is handed out again by on_resume().
  void arrive(Connection& connection);

  // -- Session
  void on_input(std::span<char> bytes) override;
  [[nodiscard]] bool wants_input() const override;
  void on_resume() override;
  void on_drained() override;
  void on_timeout() override;
  void on_shutdown() override {}
  void on_lost() override;

  // -- net::HttpExchange
  [[nodiscard]] const net::HttpRequest& request() const override { return *request_; }
  void set_listener(net::HttpExchangeListener* listener) override { listener_ = listener; }
  void read_body(std::size_t limit) override;
  void respond(net::HttpResponse response) override;
  void start_stream(net::HttpResponse head) override;
  bool write_chunk(std::string_view bytes) override;
  void end_stream() override;
  void abort_stream() override;
  net::WebSocket& accept_websocket(net::WebSocketHandler& handler,
                                   const net::WebSocketOptions& options) override;
  net::Tunnel& open_tunnel(net::TunnelHandler& handler, std::string_view head) override;
  void transfer(unsigned thread) override;

 private:
  enum class Stage : uint8_t {
    kHead,       // reading a request's head
    kRouting,    // the head is complete, the handler comes next
    kHandling,   // with the handler, which has not asked for the body
    kBody,       // reading the body that was asked for
    kWaiting,    // with the handler, which has the body or knows that it is too large
    kStreaming,  // the handler writes a stream
    kDiscard,    // answered; the rest of the body is dropped
    kAnswered,   // answered, and the request has been read
    kOver,       // no session any more: closed, moved, a WebSocket or a tunnel
  };

  void pump(std::span<char>& input);
  void pump_and_keep(std::span<char> input);
  // The steps of pump(). False: nothing more can be done with what is there.
  bool read_head(std::span<char>& input);
  void route();
  bool pump_body(std::span<char>& input);
  bool announced_too_large();
  void take_body(std::string_view piece);
  void deliver_body();
  void next_request(bool more_input);
  void become(std::unique_ptr<Session> successor);

  void refuse(int status);
  [[nodiscard]] net::ResponseFraming framing(bool close) const;
  [[nodiscard]] bool body_is_read() const;
  [[nodiscard]] bool with_handler() const;
  void answered(bool close);
  void go_on();

  Connection* connection_;
  net::HttpParser parser_;
  net::HttpRequest* request_;  // the parser's
  net::HttpExchangeListener* listener_ = nullptr;
  std::string unread_;  // bytes behind what has been parsed
  std::string body_;
  std::string_view whole_body_;  // instead of body_, when it came in one piece
  std::size_t body_limit_ = 0;
  std::size_t discarded_ = 0;
  Stage stage_ = Stage::kHead;
  bool pumping_ = false;
  bool too_large_ = false;
  bool received_all_ = false;  // the parser has reported the end of the request
  bool stream_closes_ = false;
  bool stream_chunked_ = false;
  bool stream_has_body_ = false;
  bool wants_writable_ = false;
};

}  // namespace runtime

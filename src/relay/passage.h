// Passage: one request on its way to the node of its session, and the answer on its way back.
//
//   body of the client -> kAsking, until the head of the answer -> kAnswering, until its last byte
//                                                               -> kTunnel after 101
//
// In the relay's thread, owned by the relay. Holds an exchange until that is answered, then a
// tunnel if it became one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "net/http.h"
#include "net/tunnel.h"
#include "relay/message.h"
#include "relay/peers.h"
#include "relay/relay.h"
#include "relay/stream.h"

namespace relay {

class Passage final : private net::HttpExchangeListener,
                      private net::TunnelHandler,
                      private StreamUser {
 public:
  Passage(Relay& relay, net::HttpExchange& exchange, Peer peer, unsigned lane);

  void start();

 private:
  enum class State : uint8_t { kReading, kAsking, kAnswering, kTunnel, kOver };

  // net::HttpExchangeListener
  void on_body(net::HttpExchange& exchange, std::string_view body) override;
  void on_body_too_large(net::HttpExchange& exchange) override;
  void on_aborted(net::HttpExchange& exchange) override;
  void on_writable(net::HttpExchange& exchange) override;
  // net::TunnelHandler
  void on_tunnel_bytes(std::string_view bytes) override;
  void on_tunnel_drained() override;
  void on_tunnel_closed() override;
  // StreamUser
  void on_stream_bytes(std::string_view bytes) override;
  void on_stream_drained() override;
  void on_stream_timeout() override;
  void on_stream_closed(StreamEnd end) override;

  void ask(std::string head, std::string_view body);
  void ask_anew();
  [[nodiscard]] bool take_head();  // true: another one follows
  void take_body(std::string_view bytes);
  void answered(std::string_view surplus);
  void open_tunnel(std::string_view bytes);
  void to_client(std::string_view bytes);
  void fail(Failure failure);
  void end();

  Relay& relay_;
  net::HttpExchange* exchange_;  // null once it is answered, or gone
  net::Tunnel* tunnel_ = nullptr;
  const Peer peer_;
  const unsigned lane_;
  std::shared_ptr<Stream> stream_;
  std::string request_;   // until anything of the answer has come
  std::string received_;  // of a head that is not complete; then what is kept of the body
  std::string method_;
  ResponseHead head_;
  std::size_t missing_ = 0;  // of the answer's body
  State state_ = State::kReading;
  bool upgrade_ = false;
  bool reused_ = false;     // the stream carried other requests before
  bool streaming_ = false;  // the answer is passed on in pieces
};

}  // namespace relay

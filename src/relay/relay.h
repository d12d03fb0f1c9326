// Relay: passes a request whose session lives on another node on to that node, and its answer back;
// a WebSocket then goes on as a tunnel. docs/adr/0006 has the reasons.
//
// What waits for one side to take it is bounded: a side that reads slowly is not read from for on
// the other. A request's body is kept whole, as for a session of this node, so max_body bounds it.
// Connections to peers are kept for further requests; a client that goes away takes the connection
// that carries its request along, which tells the peer.
//
// One per core thread, in that thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "base/time.h"
#include "net/http.h"
#include "relay/peers.h"
#include "relay/stream.h"
#include "runtime/event_loop.h"
#include "runtime/tls.h"

namespace relay {

struct Options {
  std::size_t max_body = 1'000'000;
  base::Duration answer_within{50'000};  // a poll waits as long as the peer's heartbeat
  base::Duration keep_idle{30'000};      // less than a peer keeps an idle connection
  std::size_t max_idle = 64;             // of one peer and lane
  std::size_t max_streams = 20'000;      // beyond it: kBusy
  const runtime::TlsContext* tls = nullptr;
};

// Why there is no answer of the peer.
enum class Failure : uint8_t {
  kGone,         // the node, or what it knew of the session, is gone
  kUnreachable,  // the node has a lease, but cannot be reached from here, or answers nonsense
  kSilent,       // it did not answer in time
  kBusy,         // this node can relay no more
};

class Passage;

class Relay {
 public:
  // Answers an exchange for which there is no answer of the peer.
  using Refuse = std::function<void(net::HttpExchange&, Failure)>;

  Relay(runtime::EventLoop& loop, Options options, Refuse refuse);
  ~Relay();
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  // What is under way to a peer that is not among them any more fails at once.
  void set_peers(PeersPtr peers);

  // Takes the exchange over, from inside HttpHandler::on_request(). False: there is no such node,
  // or the request has been relayed already. `lane` is the thread of the session on its node: a
  // connection stays with the thread that it was moved to there.
  [[nodiscard]] bool take(net::HttpExchange& exchange, uint16_t node, unsigned lane);

  [[nodiscard]] std::size_t under_way() const { return passages_.size(); }
  [[nodiscard]] std::size_t streams() const { return streams_.size(); }

 private:
  friend class Passage;
  using Key = std::tuple<std::string, uint16_t, unsigned>;
  static Key key_of(const Stream& stream) {
    return {stream.peer().host, stream.peer().port, stream.lane()};
  }

  // An idle stream, or null.
  [[nodiscard]] std::shared_ptr<Stream> take_idle(const Peer& peer, unsigned lane);
  [[nodiscard]] std::shared_ptr<Stream> connect(const Peer& peer, unsigned lane, StreamUser& user);
  void keep(const std::shared_ptr<Stream>& stream);
  void stream_ended(const Stream& stream);
  void over(Passage& passage);  // destroyed at the end of the turn

  runtime::EventLoop& loop_;
  const Options options_;
  const Refuse refuse_;
  PeersPtr peers_;
  StreamSet streams_;  // outlives what refers to its streams
  std::unordered_map<const Passage*, std::shared_ptr<Passage>> passages_;
  std::map<Key, std::vector<std::shared_ptr<Stream>>> idle_;
};

}  // namespace relay

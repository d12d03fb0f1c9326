#include "relay/relay.h"

#include <algorithm>
#include <utility>

#include "relay/mark.h"
#include "relay/passage.h"

namespace relay {

Relay::Relay(runtime::EventLoop& loop, Options options, Refuse refuse)
    : loop_(loop),
      options_(options),
      refuse_(std::move(refuse)),
      peers_(std::make_shared<const Peers>()),
      streams_(loop, options.tls, [this](const Stream& stream) { stream_ended(stream); }) {}

Relay::~Relay() = default;

void Relay::set_peers(PeersPtr peers) {
  peers_ = std::move(peers);
  streams_.fail_where([this](const Peer& peer) {
    return std::none_of(peers_->begin(), peers_->end(),
                        [&](const auto& entry) { return entry.second == peer; });
  });
}

bool Relay::take(net::HttpExchange& exchange, uint16_t node, unsigned lane) {
  const auto found = peers_->find(node);
  if (found == peers_->end() || has_mark(exchange.request())) return false;
  auto passage = std::make_shared<Passage>(*this, exchange, found->second, lane);
  passages_.emplace(passage.get(), passage);
  passage->start();
  return true;
}

std::shared_ptr<Stream> Relay::take_idle(const Peer& peer, unsigned lane) {
  const auto found = idle_.find({peer.host, peer.port, lane});
  if (found == idle_.end()) return nullptr;
  // The one that was used last: it is the least likely to be closed by the peer right now.
  while (!found->second.empty()) {
    std::shared_ptr<Stream> stream = std::move(found->second.back());
    found->second.pop_back();
    if (stream->usable() && stream->peer() == peer) return stream;
  }
  return nullptr;
}

std::shared_ptr<Stream> Relay::connect(const Peer& peer, unsigned lane, StreamUser& user) {
  if (streams_.size() >= options_.max_streams) return nullptr;
  return streams_.connect(peer, lane, user, options_.answer_within);
}

void Relay::keep(const std::shared_ptr<Stream>& stream) {
  std::vector<std::shared_ptr<Stream>>& idle = idle_[key_of(*stream)];
  if (idle.size() >= options_.max_idle) return stream->finish();
  stream->set_user(nullptr);
  stream->set_deadline(options_.keep_idle);
  idle.push_back(stream);
}

void Relay::stream_ended(const Stream& stream) {
  const auto found = idle_.find(key_of(stream));
  if (found == idle_.end()) return;
  std::erase_if(found->second, [&](const auto& one) { return one.get() == &stream; });
  if (found->second.empty()) idle_.erase(found);
}

void Relay::over(Passage& passage) {
  const auto found = passages_.find(&passage);
  if (found == passages_.end()) return;
  loop_.destroy_later(std::move(found->second));
  passages_.erase(found);
}

}  // namespace relay

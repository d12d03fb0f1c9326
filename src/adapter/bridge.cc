#include "adapter/bridge.h"

#include <iterator>
#include <utility>
#include <variant>

namespace adapter {
namespace {

template <class To>
void append(std::vector<To>& all, std::vector<To> more) {
  all.insert(all.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

std::string answer_of(const Request& request, const Part& found) {
  if (const auto* list = std::get_if<ListSockets>(&request))
    return sockets_answer(list->request_id, found.names);
  if (const auto* list = std::get_if<ListRooms>(&request))
    return rooms_answer(list->request_id, found.names);
  if (const auto* fetch = std::get_if<FetchSockets>(&request))
    return fetch_answer(fetch->request_id, found.sockets);
  return client_count_answer(std::get<BroadcastWithAck>(request).request_id, found.clients);
}

}  // namespace

bool wants_parts(const Request& request) {
  return std::holds_alternative<ListSockets>(request) ||
         std::holds_alternative<ListRooms>(request) ||
         std::holds_alternative<FetchSockets>(request) ||
         std::holds_alternative<BroadcastWithAck>(request);
}

base::Result<std::unique_ptr<Bridge>> Bridge::create(runtime::EventLoop& loop,
                                                     base::RandomSource& random,
                                                     redis::Options options, redis::Client& client,
                                                     unsigned threads, Port& port) {
  std::unique_ptr<Bridge> bridge(new Bridge(client, threads, port));
  auto subscriber = redis::Subscriber::create(loop, random, std::move(options), *bridge);
  if (!subscriber) return tl::unexpected(subscriber.error());
  bridge->subscriber_ = *std::move(subscriber);
  using Kind = redis::Subscription::Kind;
  // The request channel is where others count this node: last, when it can take part in everything.
  bridge->subscriber_->subscribe({Kind::kPattern, std::string(kBroadcastPattern)});
  bridge->subscriber_->subscribe({Kind::kChannel, std::string(kRequestChannel)});
  return bridge;
}

Bridge::Bridge(redis::Client& client, unsigned threads, Port& port)
    : client_(client), threads_(threads), port_(port) {}

Bridge::~Bridge() = default;

void Bridge::on_message(const redis::Subscription&, std::string_view channel,
                        std::string_view payload) {
  auto request = parse(channel, payload);
  if (!request) return port_.on_dropped(std::string(channel) + ": " + request.error().message);
  if (!*request) return;
  // It is for handlers of other back ends. Without an answer from here it would fail for all.
  if (const auto* emit = std::get_if<ServerSideEmit>(&**request))
    return publish(server_side_emit_answer(emit->request_id));
  const auto order =
      std::make_shared<const Order>(Order{++last_ticket_, payload.size(), **std::move(request)});
  if (wants_parts(order->request)) gathering_[order->ticket].missing = threads_;
  port_.carry_out(order);
}

void Bridge::on_part(const Order& order, Part part) {
  const auto at = gathering_.find(order.ticket);
  if (at == gathering_.end()) return;
  Part& found = at->second.found;
  append(found.names, std::move(part.names));
  append(found.sockets, std::move(part.sockets));
  found.clients += part.clients;
  if (--at->second.missing > 0) return;
  const std::string answer = answer_of(order.request, found);
  gathering_.erase(at);
  publish(answer);
}

void Bridge::give_up(const Order& order) { gathering_.erase(order.ticket); }

void Bridge::publish(std::string_view answer) {
  client_.call({"PUBLISH", kResponseChannel, answer}, {}, [this](redis::Answer published) {
    if (!published) port_.on_dropped("an answer to another server: " + published.error().message);
  });
}

void Bridge::on_subscribed(const redis::Subscription&) {
  if (!subscriber_->complete()) return;
  told_deaf_ = false;
  if (std::exchange(listening_, true)) return;
  port_.on_listening();
}

void Bridge::on_interrupted(const std::string& reason) {
  listening_ = false;
  if (std::exchange(told_deaf_, true)) return;
  port_.on_deaf(reason);
}

}  // namespace adapter

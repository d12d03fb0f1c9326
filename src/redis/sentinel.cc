#include "redis/sentinel.h"

#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "redis/command.h"

namespace redis {
namespace {

ConnectionOptions for_watching(const Environment& environment) {
  ConnectionOptions options = environment.for_sentinels();
  options.mode = ConnectionOptions::Mode::kPushes;
  return options;
}

// host, port: two elements of an array, or two words of an announcement
std::optional<Address> address_of(std::string_view host, std::string_view port) {
  const std::optional<uint16_t> number = parse_port(port);
  if (host.empty() || !number) return std::nullopt;
  return Address{std::string(host), *number};
}

std::optional<Address> address_of(const Reply& reply) {
  if (reply.elements.size() != 2) return std::nullopt;
  return address_of(reply.elements[0].text, reply.elements[1].text);
}

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  for (std::size_t space = 0; space != std::string_view::npos;) {
    space = text.find(' ');
    words.push_back(text.substr(0, space));
    text.remove_prefix(space == std::string_view::npos ? text.size() : space + 1);
  }
  return words;
}

}  // namespace

void SentinelMaster::find(Done done) {
  const Url& url = environment_.options.url;
  const auto judge = [&url](const Reply& reply) -> std::string {
    if (reply.is_nil()) return "this sentinel knows no master `" + url.master + "`";
    return address_of(reply) ? "" : "an answer of a sentinel that cannot be read";
  };
  query_ = std::make_unique<ServerQuery>(
      environment_, url.addresses, first_, environment_.for_sentinels(),
      Command{"SENTINEL", "get-master-addr-by-name", url.master}, judge,
      [this, done = std::move(done)](base::Result<ServerQuery::Found> found) mutable {
        if (!found) return done(tl::unexpected(found.error()));
        first_ = found->server;
        done(*address_of(found->reply));
      });
}

std::string announcement(const Address& master) {
  return "redis: the sentinels have made " + to_text(master) + " the master";
}

SentinelWatch::SentinelWatch(Environment& environment, std::function<void(const Address&)> switched)
    : master_(environment.options.url.master),
      switched_(std::move(switched)),
      node_(environment, std::make_unique<EachInTurn>(environment.options.url.addresses),
            for_watching(environment), *this) {}

void SentinelWatch::on_node_up(Node& node) {
  node.connection().send(Command{"SUBSCRIBE", "+switch-master"}.encode());
}

void SentinelWatch::on_node_push(Node& node, Reply&& reply) {
  if (reply.is_error()) return node.drop(reply.text);
  // message, +switch-master, "NAME old-host old-port new-host new-port"
  if (reply.elements.size() != 3 || reply.elements[0].text != "message") return;
  const std::vector<std::string_view> words = words_of(reply.elements[2].text);
  if (words.size() != 5 || words[0] != master_) return;
  if (const std::optional<Address> address = address_of(words[3], words[4])) switched_(*address);
}

}  // namespace redis

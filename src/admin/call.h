// Call: one request of an operator while it is being answered. Answers may come after the peer has
// gone away, from the store's thread by way of the loop; then they are dropped.
//
// Shared by whoever still has to answer. Belongs to the hub's thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/http.h"

namespace admin {

class Call final : public net::HttpExchangeListener, public std::enable_shared_from_this<Call> {
 public:
  using BodyHandler = std::function<void(const std::shared_ptr<Call>&, std::string_view body)>;

  // Takes the exchange over until it is answered or gone.
  static std::shared_ptr<Call> take(net::HttpExchange& exchange);

  [[nodiscard]] bool open() const { return exchange_ != nullptr; }
  // A HEAD counts as the GET that it asks about: its connection sends the answer without the body.
  [[nodiscard]] std::string_view method() const { return method_; }
  // The path's segments, percent-decoded; nothing when one is malformed.
  [[nodiscard]] const std::optional<std::vector<std::string>>& segments() const {
    return segments_;
  }
  [[nodiscard]] std::string_view query(std::string_view name) const {
    return net::query_value(query_, name);
  }

  void respond(net::HttpResponse response);
  // Reads the body, at most `limit` bytes; a larger one is answered 413.
  void with_body(std::size_t limit, BodyHandler handler);

  void start_stream(net::HttpResponse head);
  // Calls `more` once the output has room, at once when it has. Not called when the peer has gone.
  void write(std::string_view bytes, std::function<void()> more);
  void end_stream();
  // Ends it so that the peer sees that something is missing.
  void abort_stream();

  void on_body(net::HttpExchange& exchange, std::string_view body) override;
  void on_body_too_large(net::HttpExchange& exchange) override;
  void on_aborted(net::HttpExchange& exchange) override;
  void on_writable(net::HttpExchange& exchange) override;

 private:
  explicit Call(net::HttpExchange& exchange);
  void let_go();

  net::HttpExchange* exchange_;
  std::shared_ptr<Call> self_;  // while the exchange refers to it
  std::string method_;
  std::optional<std::vector<std::string>> segments_;
  std::vector<std::pair<std::string, std::string>> query_;
  BodyHandler body_handler_;
  std::function<void()> more_;
};

}  // namespace admin

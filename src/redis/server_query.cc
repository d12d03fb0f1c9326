#include "redis/server_query.h"

#include <utility>

namespace redis {

ServerQuery::ServerQuery(Environment& environment, std::vector<Address> servers, std::size_t first,
                         ConnectionOptions options, const Command& command, Judge judge, Done done)
    : environment_(environment),
      servers_(std::move(servers)),
      current_(first % servers_.size()),
      options_(std::move(options)),
      command_(command.encode()),
      judge_(std::move(judge)),
      done_(std::move(done)) {
  options_.connect_timeout /= 2;
  options_.command_timeout /= 2;
  ask();
}

ServerQuery::~ServerQuery() {
  if (connection_) connection_->close();
}

void ServerQuery::ask() {
  ++asked_;
  connection_ = Connection::open(environment_.loop, environment_.timers, environment_.resolver,
                                 servers_[current_], options_, *this);
}

void ServerQuery::ask_next(const std::string& trouble) {
  if (connection_) std::exchange(connection_, nullptr)->close();
  if (asked_ < servers_.size()) {
    current_ = (current_ + 1) % servers_.size();
    return ask();
  }
  Done done = std::move(done_);
  done(base::fail(base::ErrorCode::kStoreUnavailable, trouble));
}

void ServerQuery::on_open() {
  connection_->send(command_, [this](Answer answer) {
    if (!answer && answer.error().kind != Error::Kind::kReply) return;  // on_closed() follows
    const std::string trouble = answer ? judge_(*answer) : answer.error().message;
    if (!trouble.empty()) return ask_next("redis " + to_text(servers_[current_]) + ": " + trouble);
    std::exchange(connection_, nullptr)->close();
    Done done = std::move(done_);
    done(Found{std::move(*answer), current_});
  });
}

void ServerQuery::on_closed(const std::string& reason) {
  connection_.reset();
  ask_next(reason);
}

}  // namespace redis

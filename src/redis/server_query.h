// ServerQuery: one command, asked of several servers in turn until one gives an answer of use. Each
// is connected to for this question alone, and has half of the usual time: there are others.
//
// In the loop's thread. For one question; destroyed, it is silent.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "redis/command.h"
#include "redis/connection.h"
#include "redis/environment.h"
#include "redis/function.h"

namespace redis {

class ServerQuery final : private Connection::Listener {
 public:
  struct Found {
    Reply reply;
    std::size_t server;  // the place of the one that answered
  };
  // Empty when the reply is of use, otherwise what is wrong with it.
  using Judge = std::function<std::string(const Reply&)>;
  // Not called within the constructor. May destroy the query. The refusal is that of the last
  // server asked.
  using Done = Function<void(base::Result<Found>)>;

  // Begins with servers[first] and goes round. `servers` is not empty.
  ServerQuery(Environment& environment, std::vector<Address> servers, std::size_t first,
              ConnectionOptions options, const Command& command, Judge judge, Done done);
  ~ServerQuery() override;
  ServerQuery(const ServerQuery&) = delete;
  ServerQuery& operator=(const ServerQuery&) = delete;

 private:
  void ask();
  void ask_next(const std::string& trouble);
  void on_open() override;
  void on_closed(const std::string& reason) override;
  void on_push(Reply&&) override {}

  Environment& environment_;
  std::vector<Address> servers_;
  std::size_t current_;
  std::size_t asked_ = 0;
  ConnectionOptions options_;
  std::string command_;
  Judge judge_;
  Done done_;
  std::shared_ptr<Connection> connection_;
};

}  // namespace redis

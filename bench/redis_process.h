// The Redis that the nodes share: a redis-server on a port of its own, which keeps nothing on disk,
// and a connection to it that waits for each answer. One thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bench/child_process.h"

namespace bench {

using RedisCommand = std::vector<std::string>;

class RedisProcess {
 public:
  // Its log goes into `directory`; `arguments` are further ones for it. Throws std::runtime_error
  // when there is no redis-server, or it does not answer.
  RedisProcess(const std::string& directory, std::vector<std::string> arguments);
  ~RedisProcess();
  RedisProcess(const RedisProcess&) = delete;
  RedisProcess& operator=(const RedisProcess&) = delete;

  void kill();   // SIGKILL: all that it held is gone
  void start();  // again, on the same port; returns when it answers

  [[nodiscard]] pid_t pid() const { return process_.pid(); }
  [[nodiscard]] std::string url() const;

  // The answers of all commands, in order, as text (nothing for nil). Throws std::runtime_error
  // when one of them is an error.
  std::vector<std::string> ask(const std::vector<RedisCommand>& commands);
  [[nodiscard]] int64_t used_memory();

 private:
  [[nodiscard]] bool try_to_connect();
  void disconnect();
  [[nodiscard]] std::string read_answer();
  void receive();

  std::string directory_;
  std::vector<std::string> arguments_;
  uint16_t port_;
  ChildProcess process_;
  int socket_ = -1;
  std::string input_;
  std::size_t read_ = 0;  // of input_
};

}  // namespace bench

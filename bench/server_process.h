// The presenced that is measured: started here with its own empty data directory, or one that
// somebody else started. One thread.
#pragma once

#include <netinet/in.h>
#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bench/child_process.h"

namespace bench {

// What a process holds in memory, in bytes.
struct Memory {
  int64_t resident = 0;   // all of it
  int64_t anonymous = 0;  // without the pages of its program and libraries
};
[[nodiscard]] Memory read_memory(pid_t process);

// "127.0.0.1:8080"; throws std::invalid_argument for anything but an IPv4 address and a port.
[[nodiscard]] sockaddr_in parse_endpoint(const std::string& text);

// A directory of our own below TMPDIR, removed with all that is in it at the end.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

class ServerProcess {
 public:
  // Starts `command` (the program first) and waits until it prints `listening on http://HOST:PORT`
  // to standard error, which goes to `log`. Throws std::runtime_error with the end of that log
  // when it does not within a minute.
  ServerProcess(const std::vector<std::string>& command, const std::string& log);

  // Sends SIGTERM and waits. Returns the exit status as waitpid() gives it; SIGKILL after 30 s.
  int stop() { return process_.stop(); }
  // The same in two steps.
  void ask_to_end() const { process_.ask_to_end(); }
  int wait() { return process_.wait(); }
  // The exit status, once, when it has ended.
  [[nodiscard]] std::optional<int> ended() { return process_.ended(); }
  void kill() { process_.kill(); }  // SIGKILL

  // -1 when it has ended.
  [[nodiscard]] pid_t pid() const { return process_.pid(); }
  [[nodiscard]] const sockaddr_in& endpoint() const { return endpoint_; }

 private:
  void wait_until_listening(const std::string& log);

  ChildProcess process_;
  sockaddr_in endpoint_{};
};

}  // namespace bench

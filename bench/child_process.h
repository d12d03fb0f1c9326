// A program that the generator starts; what it prints goes to a log file. It ends with the object,
// and with the generator, whatever ends that. One thread.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

namespace bench {

class ChildProcess {
 public:
  ChildProcess() = default;
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  // `command` is the program and its arguments; `name` is what the program finds as argv[0] if that
  // is to be another. Throws std::runtime_error when there is no new process.
  void start(const std::vector<std::string>& command, const std::string& log,
             const std::string& name = {});
  // -1: it was not started, or has ended.
  [[nodiscard]] pid_t pid() const { return pid_; }
  // The exit status as waitpid() gives it, once, when it has ended by itself or by ask_to_end().
  [[nodiscard]] std::optional<int> ended();

  void ask_to_end() const;  // SIGTERM
  // Until it has ended; SIGKILL after 30 s. Returns the exit status; 0 when nothing was running.
  int wait();
  int stop() {
    ask_to_end();
    return wait();
  }
  void kill();  // SIGKILL

 private:
  pid_t pid_ = -1;
};

// All that is in a file; nothing when it cannot be read.
[[nodiscard]] std::string read_file(const std::string& path);

// For some milliseconds, while something is waited for that cannot be polled.
void pause_briefly();

}  // namespace bench

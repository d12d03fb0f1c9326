#include "bench/child_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "bench/clock.h"

namespace bench {
namespace {

constexpr int64_t kStopTimeout = 30 * kNanosPerSecond;
constexpr int64_t kLookAgain = 5 * kNanosPerMilli;

}  // namespace

void pause_briefly() {
  const timespec time{0, kLookAgain};
  nanosleep(&time, nullptr);
}

std::string read_file(const std::string& path) {
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

ChildProcess::~ChildProcess() { stop(); }

void ChildProcess::start(const std::vector<std::string>& command, const std::string& log,
                         const std::string& name) {
  std::vector<char*> arguments;
  arguments.reserve(command.size() + 1);
  for (const std::string& argument : command) {
    arguments.push_back(const_cast<char*>(argument.c_str()));
  }
  arguments.push_back(nullptr);
  if (!name.empty()) arguments[0] = const_cast<char*>(name.c_str());
  // A line of an earlier process must not be taken for one of this.
  std::filesystem::remove(log);
  pid_ = fork();
  if (pid_ < 0) throw std::runtime_error(fmt::format("fork: {}", std::strerror(errno)));
  if (pid_ != 0) return;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  const int file = ::open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);
  dup2(file, STDOUT_FILENO);
  dup2(file, STDERR_FILENO);
  execvp(command[0].c_str(), arguments.data());
  dprintf(STDERR_FILENO, "%s: %s\n", command[0].c_str(), std::strerror(errno));
  _exit(127);
}

std::optional<int> ChildProcess::ended() {
  int status = 0;
  if (pid_ < 0 || waitpid(pid_, &status, WNOHANG) != pid_) return std::nullopt;
  pid_ = -1;
  return status;
}

void ChildProcess::ask_to_end() const {
  if (pid_ > 0) ::kill(pid_, SIGTERM);
}

int ChildProcess::wait() {
  const int64_t deadline = now_ns() + kStopTimeout;
  while (pid_ > 0) {
    if (const std::optional<int> status = ended()) return *status;
    if (now_ns() > deadline) ::kill(pid_, SIGKILL);
    pause_briefly();
  }
  return 0;
}

void ChildProcess::kill() {
  if (pid_ < 0) return;
  ::kill(pid_, SIGKILL);
  waitpid(std::exchange(pid_, -1), nullptr, 0);
}

}  // namespace bench

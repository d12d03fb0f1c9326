#include "bench/server_process.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "bench/clock.h"

namespace bench {
namespace {

constexpr int64_t kStartTimeout = 60 * kNanosPerSecond;
constexpr int64_t kStopTimeout = 30 * kNanosPerSecond;
constexpr int64_t kLookAgain = 5 * kNanosPerMilli;
constexpr std::string_view kListening = "listening on http://";

void pause_briefly() {
  const timespec time{0, kLookAgain};
  nanosleep(&time, nullptr);
}

std::string read_file(const std::string& path) {
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

// The value of "Rss:   1234 kB" in bytes.
int64_t kilobytes_after(std::string_view text, std::string_view key) {
  std::size_t at = text.find(key);
  if (at == std::string_view::npos) return 0;
  at = text.find_first_not_of(" \t", at + key.size());
  if (at == std::string_view::npos) return 0;
  int64_t value = 0;
  std::from_chars(text.data() + at, text.data() + text.size(), value);
  return value * 1024;
}

}  // namespace

Memory read_memory(pid_t process) {
  const std::string text = read_file(fmt::format("/proc/{}/smaps_rollup", process));
  return {kilobytes_after(text, "\nRss:"), kilobytes_after(text, "\nAnonymous:")};
}

sockaddr_in parse_endpoint(const std::string& text) {
  sockaddr_in endpoint{};
  endpoint.sin_family = AF_INET;
  const std::size_t colon = text.rfind(':');
  uint16_t port = 0;
  if (colon != std::string::npos) {
    std::from_chars(text.data() + colon + 1, text.data() + text.size(), port);
  }
  if (port == 0 || inet_pton(AF_INET, text.substr(0, colon).c_str(), &endpoint.sin_addr) != 1) {
    throw std::invalid_argument(fmt::format("'{}' is not an IPv4 address and a port", text));
  }
  endpoint.sin_port = htons(port);
  return endpoint;
}

TemporaryDirectory::TemporaryDirectory() {
  path_ = std::filesystem::temp_directory_path() / "presenced-bench-XXXXXX";
  if (mkdtemp(path_.data()) == nullptr) {
    throw std::runtime_error(fmt::format("{} cannot be made: {}", path_, std::strerror(errno)));
  }
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

ServerProcess::ServerProcess(const std::vector<std::string>& command, const std::string& log) {
  std::vector<char*> arguments;
  arguments.reserve(command.size() + 1);
  for (const std::string& argument : command) {
    arguments.push_back(const_cast<char*>(argument.c_str()));
  }
  arguments.push_back(nullptr);
  // The line of an earlier server must not be taken for that of this one.
  std::filesystem::remove(log);
  pid_ = fork();
  if (pid_ < 0) throw std::runtime_error(fmt::format("fork: {}", std::strerror(errno)));
  if (pid_ == 0) {
    const int file = ::open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);
    dup2(file, STDOUT_FILENO);
    dup2(file, STDERR_FILENO);
    execvp(arguments[0], arguments.data());
    dprintf(STDERR_FILENO, "%s: %s\n", arguments[0], std::strerror(errno));
    _exit(127);
  }
  try {
    wait_until_listening(log);
  } catch (...) {
    stop();
    throw;
  }
}

ServerProcess::~ServerProcess() { stop(); }

void ServerProcess::wait_until_listening(const std::string& log) {
  const int64_t deadline = now_ns() + kStartTimeout;
  while (true) {
    const std::string text = read_file(log);
    const std::size_t at = text.find(kListening);
    const std::size_t end = at == std::string::npos ? at : text.find_first_of("\r\n", at);
    if (end != std::string::npos) {
      endpoint_ = parse_endpoint(text.substr(at + kListening.size(), end - at - kListening.size()));
      return;
    }
    int status = 0;
    const bool ended = waitpid(pid_, &status, WNOHANG) == pid_;
    if (ended) pid_ = -1;
    if (ended || now_ns() > deadline) {
      throw std::runtime_error(
          fmt::format("the server {}:\n{}", ended ? "ended at once" : "does not listen", text));
    }
    pause_briefly();
  }
}

int ServerProcess::stop() {
  if (pid_ < 0) return 0;
  const pid_t pid = pid_;
  pid_ = -1;
  kill(pid, SIGTERM);
  const int64_t deadline = now_ns() + kStopTimeout;
  int status = 0;
  while (waitpid(pid, &status, WNOHANG) != pid) {
    if (now_ns() > deadline) kill(pid, SIGKILL);
    pause_briefly();
  }
  return status;
}

}  // namespace bench

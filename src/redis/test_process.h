// Test support: programs that a test starts, each in a folder of its own, on free ports of the
// loopback address. They die with the object, and with the test, whatever ends it.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace redis {

constexpr auto kTestDeadline = std::chrono::seconds(30);

// Until `condition` holds. False when it did not within the deadline.
template <class Condition>
[[nodiscard]] bool eventually(Condition&& condition,
                              std::chrono::milliseconds within = kTestDeadline) {
  const auto deadline = std::chrono::steady_clock::now() + within;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    poll(nullptr, 0, 2);  // leaves the processor to what is waited for
  }
  return true;
}

// In memory where the system has such a place: a node of a cluster waits for the disk whenever its
// view changes, and on a busy machine that takes longer than failovers may.
class TestDirectory {
 public:
  TestDirectory() {
    const bool shared_memory = access("/dev/shm", W_OK) == 0;
    std::string pattern = (shared_memory ? "/dev/shm/" : testing::TempDir()) + "redis_XXXXXX";
    if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
    path_ = pattern;
  }
  ~TestDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TestDirectory(const TestDirectory&) = delete;
  TestDirectory& operator=(const TestDirectory&) = delete;

  [[nodiscard]] std::string file(std::string_view name) const {
    return path_ + "/" + std::string(name);
  }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// Free at this moment, and so is the port 10000 above it, where a node of a cluster meets the
// others. Both are below those that the kernel gives to outgoing connections: one of them could end
// up connected to itself, or sit where a server is about to come back.
inline uint16_t free_port() {
  constexpr int kFirst = 10'001;
  constexpr int kCount = 12'000;
  static int next = static_cast<int>((static_cast<unsigned>(getpid()) * 7919U) % kCount);
  const auto is_free = [](int port) {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int yes = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    const bool free = bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    close(fd);
    return free;
  };
  int port = 0;
  do {
    port = kFirst + next++ % kCount;
  } while (!is_free(port) || !is_free(port + 10'000));
  return static_cast<uint16_t>(port);
}

class TestProcess {
 public:
  TestProcess() = default;
  ~TestProcess() { kill(); }
  TestProcess(const TestProcess&) = delete;
  TestProcess& operator=(const TestProcess&) = delete;

  // `name` is what the program finds as argv[0].
  void start(const std::string& program, const std::string& name,
             const std::vector<std::string>& arguments, const std::string& log) {
    std::vector<char*> argv{const_cast<char*>(name.c_str())};
    for (const std::string& argument : arguments)
      argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);
    pid_ = fork();
    if (pid_ != 0) return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int fd = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    dup2(fd, STDOUT_FILENO);
    dup2(fd, STDERR_FILENO);
    execv(program.c_str(), argv.data());
    _exit(127);
  }

  [[nodiscard]] bool running() {
    if (pid_ <= 0) return false;
    if (waitpid(pid_, nullptr, WNOHANG) == 0) return true;
    pid_ = -1;
    return false;
  }

  void kill() {  // as kill -9 does
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    waitpid(std::exchange(pid_, -1), nullptr, 0);
  }
  void freeze() const { ::kill(pid_, SIGSTOP); }
  void thaw() const { ::kill(pid_, SIGCONT); }

 private:
  pid_t pid_ = -1;
};

}  // namespace redis

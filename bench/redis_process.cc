#include "bench/redis_process.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "bench/clock.h"

namespace bench {
namespace {

constexpr int64_t kStartTimeout = 30 * kNanosPerSecond;
constexpr std::size_t kCommandsAtOnce = 256;

// Under its last name the whole server is in Debian's redis-tools, too: what the program does is
// decided by the name it is started by.
std::string find_program() {
  std::string folders = "/usr/bin:/usr/local/bin";
  if (const char* path = std::getenv("PATH")) folders = fmt::format("{}:{}", path, folders);
  for (const char* name : {"redis-server", "valkey-server", "redis-check-rdb"}) {
    std::istringstream parts(folders);
    for (std::string folder; std::getline(parts, folder, ':');) {
      std::string program = fmt::format("{}/{}", folder, name);
      if (access(program.c_str(), X_OK) == 0) return program;
    }
  }
  throw std::runtime_error("there is no redis-server; the package redis-tools has it");
}

sockaddr_in loopback(uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

// Below the ports that the kernel gives to outgoing connections, one of which could sit there when
// the server comes back.
uint16_t free_port() {
  constexpr uint16_t kFirst = 10'001;
  constexpr uint16_t kCount = 20'000;
  const auto start = static_cast<uint16_t>(static_cast<unsigned>(getpid()) * 7919U % kCount);
  static uint16_t tried = 0;
  while (true) {
    const auto port = static_cast<uint16_t>(kFirst + (start + tried++) % kCount);
    const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in address = loopback(port);
    const bool free =
        bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    close(listener);
    if (free) return port;
  }
}

}  // namespace

RedisProcess::RedisProcess(const std::string& directory, std::vector<std::string> arguments)
    : directory_(directory), arguments_(std::move(arguments)), port_(free_port()) {
  start();
}

RedisProcess::~RedisProcess() { disconnect(); }

std::string RedisProcess::url() const { return fmt::format("redis://127.0.0.1:{}", port_); }

void RedisProcess::kill() {
  disconnect();
  process_.kill();
}

void RedisProcess::start() {
  std::vector<std::string> command{
      find_program(), "--port", std::to_string(port_), "--bind", "127.0.0.1",
      "--save",       "",       "--appendonly",        "no",     "--dir",
      directory_};
  command.insert(command.end(), arguments_.begin(), arguments_.end());
  const std::string log = directory_ + "/redis.log";
  process_.start(command, log, "redis-server");
  const int64_t deadline = now_ns() + kStartTimeout;
  while (!try_to_connect()) {
    if (process_.ended() || now_ns() > deadline) {
      throw std::runtime_error("redis-server does not answer:\n" + read_file(log));
    }
    pause_briefly();
  }
  ask({{"PING"}});
}

bool RedisProcess::try_to_connect() {
  socket_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback(port_);
  if (connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0)
    return true;
  disconnect();
  return false;
}

void RedisProcess::disconnect() {
  if (socket_ >= 0) ::close(std::exchange(socket_, -1));
  input_.clear();
  read_ = 0;
}

std::vector<std::string> RedisProcess::ask(const std::vector<RedisCommand>& commands) {
  std::vector<std::string> answers;
  answers.reserve(commands.size());
  std::string bytes;
  while (answers.size() < commands.size()) {
    const std::size_t end = std::min(answers.size() + kCommandsAtOnce, commands.size());
    bytes.clear();
    for (std::size_t i = answers.size(); i < end; ++i) {
      bytes += fmt::format("*{}\r\n", commands[i].size());
      for (const std::string& word : commands[i])
        bytes += fmt::format("${}\r\n{}\r\n", word.size(), word);
    }
    for (std::string_view left = bytes; !left.empty();) {
      const ssize_t sent = send(socket_, left.data(), left.size(), MSG_NOSIGNAL);
      if (sent <= 0) throw std::runtime_error("redis-server has gone");
      left.remove_prefix(static_cast<std::size_t>(sent));
    }
    while (answers.size() < end) answers.push_back(read_answer());
  }
  return answers;
}

// Only what the generator asks for: no arrays.
std::string RedisProcess::read_answer() {
  constexpr std::string_view kLineEnd = "\r\n";
  std::size_t end = 0;
  while ((end = input_.find(kLineEnd, read_)) == std::string::npos) receive();
  const std::string line = input_.substr(read_, end - read_);
  read_ = end + kLineEnd.size();
  if (line.starts_with('-')) throw std::runtime_error("redis-server: " + line);
  if (!line.starts_with('$')) return line.substr(1);
  std::ptrdiff_t size = -1;
  std::from_chars(line.data() + 1, line.data() + line.size(), size);
  if (size < 0) return {};
  const auto length = static_cast<std::size_t>(size);
  while (input_.size() < read_ + length + kLineEnd.size()) receive();
  std::string text = input_.substr(read_, length);
  read_ += length + kLineEnd.size();
  return text;
}

void RedisProcess::receive() {
  input_.erase(0, std::exchange(read_, 0));
  std::array<char, 65536> buffer;
  const ssize_t count = recv(socket_, buffer.data(), buffer.size(), 0);
  if (count <= 0) throw std::runtime_error("redis-server has gone");
  input_.append(buffer.data(), static_cast<std::size_t>(count));
}

int64_t RedisProcess::used_memory() {
  const std::string info = ask({{"INFO", "memory"}})[0];
  constexpr std::string_view kKey = "used_memory:";
  const std::size_t at = info.find(kKey);
  int64_t bytes = 0;
  if (at != std::string::npos)
    std::from_chars(info.data() + at + kKey.size(), info.data() + info.size(), bytes);
  return bytes;
}

}  // namespace bench

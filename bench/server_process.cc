#include "bench/server_process.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <stdexcept>

#include "bench/clock.h"

namespace bench {
namespace {

constexpr int64_t kStartTimeout = 60 * kNanosPerSecond;
constexpr std::string_view kListening = "listening on http://";

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
  process_.start(command, log);
  wait_until_listening(log);
}

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
    const bool ended = process_.ended().has_value();
    if (ended || now_ns() > deadline) {
      throw std::runtime_error(
          fmt::format("the server {}:\n{}", ended ? "ended at once" : "does not listen", text));
    }
    pause_briefly();
  }
}

}  // namespace bench

// A raw TCP client for the tests of this folder: blocking, and every wait has a deadline after
// which the test fails with what was there.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace runtime {

constexpr int kDeadlineMillis = 10'000;

class TestClient {
 public:
  // `from`: the last part of the 127.0.0.x that it calls from.
  explicit TestClient(uint16_t port, int receive_buffer = 0, uint32_t from = 1)
      : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in own{};
    own.sin_family = AF_INET;
    own.sin_addr.s_addr = htonl(0x7f000000U | from);
    EXPECT_EQ(bind(fd_, reinterpret_cast<sockaddr*>(&own), sizeof own), 0);
    if (receive_buffer != 0)
      setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  }
  ~TestClient() { close(); }
  TestClient(const TestClient&) = delete;
  TestClient& operator=(const TestClient&) = delete;

  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }
  // The connection ends with RST instead of FIN.
  void reset() {
    const linger hard{1, 0};
    setsockopt(fd_, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    close();
  }
  void shut_writing() { shutdown(fd_, SHUT_WR); }
  [[nodiscard]] int fd() const { return fd_; }

  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      ASSERT_GT(sent, 0) << "the server closed";
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  // As much as the server takes before it closes. False when it closed.
  bool try_send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  // False at the end of the connection.
  bool read_more() {
    pollfd ready{fd_, POLLIN, 0};
    if (poll(&ready, 1, kDeadlineMillis) != 1) {
      ADD_FAILURE() << "nothing came; there is: " << buffer_;
      return false;
    }
    std::array<char, 65536> piece;
    const ssize_t got = recv(fd_, piece.data(), piece.size(), 0);
    if (got <= 0) return false;
    buffer_.append(piece.data(), static_cast<std::size_t>(got));
    return true;
  }

  std::string take(std::size_t count) {
    while (buffer_.size() < count && read_more()) {
    }
    std::string out = buffer_.substr(0, count);
    buffer_.erase(0, count);
    return out;
  }

  std::string take_through(std::string_view mark) {
    std::size_t at = 0;
    while ((at = buffer_.find(mark)) == std::string::npos && read_more()) {
    }
    if (at == std::string::npos) return std::exchange(buffer_, {});
    return take(at + mark.size());
  }

  std::string take_rest() {
    while (read_more()) {
    }
    return std::exchange(buffer_, {});
  }

  [[nodiscard]] std::size_t buffered() const { return buffer_.size(); }

  bool closed_by_server() { return take_rest().empty(); }

  struct Response {
    int status = 0;
    std::string head;
    std::string body;
  };
  // One with Content-Length.
  Response response() {
    Response result;
    result.head = take_through("\r\n\r\n");
    if (result.head.size() > 12) result.status = std::atoi(result.head.c_str() + 9);
    const std::size_t at = result.head.find("Content-Length: ");
    if (at != std::string::npos)
      result.body = take(static_cast<std::size_t>(std::atoi(result.head.c_str() + at + 16)));
    return result;
  }
  Response get(std::string_view target) {
    send("GET " + std::string(target) + " HTTP/1.1\r\nHost: test\r\n\r\n");
    return response();
  }
  Response post(std::string_view target, std::string_view body) {
    send("POST " + std::string(target) + " HTTP/1.1\r\nHost: test\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + std::string(body));
    return response();
  }

  static std::string upgrade_request(std::string_view target, std::string_view extra = {}) {
    return "GET " + std::string(target) +
           " HTTP/1.1\r\nHost: test\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n"
           "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
           std::string(extra) + "\r\n";
  }
  Response upgrade(std::string_view target, std::string_view extra = {}) {
    send(upgrade_request(target, extra));
    return response();
  }

  // A masked frame; `first` is FIN, RSV and opcode.
  static std::string frame(uint8_t first, std::string_view payload) {
    std::string out{static_cast<char>(first)};
    const std::size_t size = payload.size();
    if (size < 126) {
      out += static_cast<char>(0x80 | size);
    } else {
      const int bytes = size < 65536 ? 2 : 8;
      out += static_cast<char>(0x80 | (bytes == 2 ? 126 : 127));
      for (int i = bytes - 1; i >= 0; --i)
        out += static_cast<char>(static_cast<uint64_t>(size) >> (8 * i) & 0xff);
    }
    const std::string_view mask("\x12\xab\x00\x7f", 4);
    out += mask;
    for (std::size_t i = 0; i < size; ++i) out += static_cast<char>(payload[i] ^ mask[i % 4]);
    return out;
  }
  static std::string text(std::string_view payload) { return frame(0x81, payload); }

  struct Frame {
    uint8_t first = 0;
    std::string payload;
    bool operator==(const Frame&) const = default;
  };
  Frame take_frame() {
    const std::string head = take(2);
    if (head.size() < 2) return {};
    std::size_t size = static_cast<uint8_t>(head[1]);
    if (size >= 126) {
      const std::string length = take(size == 126 ? 2 : 8);
      size = 0;
      for (const char c : length) size = size << 8 | static_cast<uint8_t>(c);
    }
    return {static_cast<uint8_t>(head[0]), take(size)};
  }

 private:
  int fd_;
  std::string buffer_;
};

}  // namespace runtime

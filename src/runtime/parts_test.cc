// The small parts of this folder that need neither a loop nor a server.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <rapidcheck/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "net/client_address.h"
#include "runtime/address_limiter.h"
#include "runtime/clock.h"
#include "runtime/connection_set.h"
#include "runtime/descriptor_limit.h"
#include "runtime/listener.h"
#include "runtime/mailbox.h"
#include "runtime/output_queue.h"
#include "runtime/random.h"
#include "runtime/socket_address.h"
#include "runtime/test_client.h"

namespace runtime {
namespace {

TEST(SystemRandom, FillsAnyLengthWithDifferentBytes) {
  SystemRandom random;
  std::vector<std::array<uint8_t, 16>> seen;
  for (int i = 0; i < 200; ++i) {
    std::array<uint8_t, 16> id{};
    random.fill(id);
    EXPECT_EQ(std::count(seen.begin(), seen.end(), id), 0);
    seen.push_back(id);
  }
  std::vector<uint8_t> large(5000);
  random.fill(large);
  EXPECT_GT(std::count_if(large.begin(), large.end(), [](uint8_t b) { return b != 0; }), 4000);
}

TEST(Clock, ReadsBothClocks) {
  const base::Instant first = read_clocks();
  const base::Instant second = read_clocks();
  EXPECT_GE(second.steady, first.steady);
  EXPECT_GT(base::to_millis(first.wall), 1'600'000'000'000);
}

TEST(AddressLimiter, CountsPerAddress) {
  AddressLimiter limiter(2, {*net::parse_address_range("10.0.0.0/8")});
  auto a = limiter.admit("192.0.2.1");
  {
    auto b = limiter.admit("192.0.2.1");
    EXPECT_TRUE(a.admitted && b.admitted);
    EXPECT_FALSE(limiter.admit("192.0.2.1").admitted);
    EXPECT_TRUE(limiter.admit("192.0.2.2").admitted);
  }
  EXPECT_TRUE(limiter.admit("192.0.2.1").admitted);
  std::vector<AddressLimiter::Admission> proxy;
  for (int i = 0; i < 5; ++i) {
    proxy.push_back(limiter.admit("10.0.0.1"));
    EXPECT_TRUE(proxy.back().admitted);
  }
}

TEST(AddressLimiter, CountsTheClientsBehindAProxy) {
  AddressLimiter limiter(1, {*net::parse_address_range("10.0.0.0/8")});
  const auto direct = limiter.admit("192.0.2.1");
  EXPECT_FALSE(limiter.admit_forwarded("10.0.0.1", "192.0.2.1, 10.0.0.2").admitted);
  auto other = limiter.admit_forwarded("10.0.0.1", "192.0.2.1, 192.0.2.2");
  EXPECT_TRUE(other.admitted);
  EXPECT_FALSE(limiter.admit_forwarded("10.0.0.3", "192.0.2.2").admitted);
  other.ticket.release();
  EXPECT_TRUE(limiter.admit_forwarded("10.0.0.3", "192.0.2.2").admitted);
  // Who is no proxy is counted once, and not believed.
  EXPECT_TRUE(limiter.admit_forwarded("192.0.2.1", "192.0.2.9").admitted);
  std::vector<AddressLimiter::Admission> own;
  for (int i = 0; i < 3; ++i) {
    own.push_back(limiter.admit_forwarded("10.0.0.1", ""));
    EXPECT_TRUE(own.back().admitted);
  }
}

TEST(PauseLog, TellsOncePerMinute) {
  PauseLog pauses;
  base::SteadyTime now{};
  EXPECT_TRUE(pauses.tell(now));
  for (int i = 0; i < 599; ++i) EXPECT_FALSE(pauses.tell(now += base::Duration(100)));
  EXPECT_TRUE(pauses.tell(now += base::Duration(100)));
}

TEST(SocketAddress, ShowsIpv4InsideIpv6AsIpv4) {
  SocketAddress address;
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&address.storage);
  v6->sin6_family = AF_INET6;
  v6->sin6_addr = {{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 7}}};
  EXPECT_EQ(to_text(address), "192.0.2.7");
  v6->sin6_addr = in6addr_loopback;
  EXPECT_EQ(to_text(address), "::1");
}

// Accepted connections are not given their options one by one.
TEST(Listener, ItsSocketHandsItsOptionsToAcceptedConnections) {
  const ListenAddress name{"127.0.0.1", 0};
  const auto address = resolve(name);
  ASSERT_TRUE(address);
  const auto fd = open_listening_socket(*address, name, SharedPort::kYes);
  ASSERT_TRUE(fd);
  TestClient client(bound_address(*fd).port());
  pollfd ready{*fd, POLLIN, 0};
  ASSERT_EQ(poll(&ready, 1, kDeadlineMillis), 1);
  const int accepted = accept4(*fd, nullptr, nullptr, SOCK_CLOEXEC);
  ASSERT_GE(accepted, 0);
  const auto option = [&](int level, int number) {
    int value = 0;
    socklen_t size = sizeof value;
    EXPECT_EQ(getsockopt(accepted, level, number, &value, &size), 0);
    return value;
  };
  EXPECT_EQ(option(IPPROTO_TCP, TCP_NODELAY), 1);
  EXPECT_EQ(option(SOL_SOCKET, SO_KEEPALIVE), 1);
  EXPECT_EQ(option(IPPROTO_TCP, TCP_KEEPIDLE), 60);
  EXPECT_EQ(option(IPPROTO_TCP, TCP_USER_TIMEOUT), 60'000);
  close(accepted);
  close(*fd);
}

TEST(DescriptorLimit, IsRaisedToTheHardOne) {
  const std::size_t limit = raise_descriptor_limit();
  EXPECT_GT(limit, 0U);
  EXPECT_EQ(raise_descriptor_limit(), limit);
}

TEST(Mailbox, SaysWhenItsOwnerHasToBeWoken) {
  Mailbox mailbox(3);
  const auto put = [&] {
    Task task([] {});
    return mailbox.put(task);
  };
  EXPECT_TRUE(mailbox.empty());
  EXPECT_EQ(put(), Mailbox::Put::kFirst);
  EXPECT_EQ(put(), Mailbox::Put::kMore);
  EXPECT_FALSE(mailbox.empty());
  EXPECT_EQ(put(), Mailbox::Put::kMore);
  EXPECT_EQ(put(), Mailbox::Put::kRefused);
  std::vector<Task> out;
  mailbox.take_all(out);
  EXPECT_EQ(out.size(), 3U);
  EXPECT_TRUE(mailbox.empty());
  EXPECT_EQ(put(), Mailbox::Put::kFirst);
}

// However the kernel takes the bytes, they come in order and none twice.
RC_GTEST_PROP(OutputQueueProperty, GivesTheBytesInOrder, ()) {
  OutputQueue queue;
  std::string expected;
  std::string taken;
  std::array<char, 32> scratch;
  const int steps = *rc::gen::inRange(1, 60);
  for (int i = 0; i < steps; ++i) {
    if (*rc::gen::inRange(0, 2) == 0) {
      std::string piece(*rc::gen::inRange<std::size_t>(1, 50), '\0');
      for (char& c : piece) c = static_cast<char>('a' + expected.size() % 26 + i % 2);
      queue.push(base::SharedBytes(piece));
      expected += piece;
    } else if (!queue.empty()) {
      std::string next;
      if (*rc::gen::arbitrary<bool>()) {
        const auto span = queue.front(scratch);
        next.assign(span.data(), span.size());
      } else {
        std::array<iovec, 3> vector;
        const std::size_t filled = queue.fill(vector);
        for (std::size_t k = 0; k < filled; ++k)
          next.append(static_cast<const char*>(vector[k].iov_base), vector[k].iov_len);
      }
      RC_ASSERT(!next.empty());
      const auto n = *rc::gen::inRange<std::size_t>(1, next.size() + 1);
      taken += next.substr(0, n);
      queue.consume(n);
    }
    RC_ASSERT(queue.bytes() == expected.size() - taken.size());
    RC_ASSERT(expected.starts_with(taken));
  }
}

}  // namespace
}  // namespace runtime

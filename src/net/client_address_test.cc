#include "net/client_address.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <vector>

namespace net {
namespace {

std::vector<AddressRange> ranges(std::initializer_list<const char*> texts) {
  std::vector<AddressRange> result;
  for (const char* text : texts) result.push_back(parse_address_range(text).value());
  return result;
}

TEST(IpAddress, TextBothWays) {
  for (const char* text : {"10.0.0.1", "0.0.0.0", "255.255.255.255", "::1", "::", "2001:db8::1"})
    EXPECT_EQ(parse_ip_address(text).value().to_string(), text);
  EXPECT_EQ(parse_ip_address("2001:DB8:0:0::1").value().to_string(), "2001:db8::1");
  EXPECT_EQ(parse_ip_address("fe80::1%eth0").value().to_string(), "fe80::1");
  EXPECT_EQ(parse_ip_address("::ffff:10.0.0.1"), parse_ip_address("10.0.0.1"));
}

TEST(IpAddress, WhatIsNone) {
  for (const char* text : {"", "a", "10.0.0", "10.0.0.256", "10.0.0.1:80", "[::1]",
                           ":::", "1::2::3", " 10.0.0.1", "10.0.0.1 ", "localhost", "10.0.0.01.1"})
    EXPECT_FALSE(parse_ip_address(text)) << text;
  EXPECT_FALSE(parse_ip_address(std::string_view("10.0.0.1\0", 9)));
}

TEST(IpAddress, Kinds) {
  EXPECT_TRUE(parse_ip_address("127.0.0.1")->is_loopback());
  EXPECT_TRUE(parse_ip_address("127.8.0.1")->is_loopback());
  EXPECT_TRUE(parse_ip_address("::1")->is_loopback());
  EXPECT_FALSE(parse_ip_address("0.0.0.0")->is_loopback());
  EXPECT_FALSE(parse_ip_address("2001:db8::1")->is_loopback());
  EXPECT_TRUE(parse_ip_address("0.0.0.0")->is_unspecified());
  EXPECT_TRUE(parse_ip_address("::")->is_unspecified());
  EXPECT_FALSE(parse_ip_address("::1")->is_unspecified());
  EXPECT_TRUE(parse_ip_address("10.0.0.1")->is_v4());
  EXPECT_FALSE(parse_ip_address("::1")->is_v4());
}

TEST(AddressRange, TextBothWays) {
  for (const char* text : {"10.0.0.1", "10.0.0.0/8", "0.0.0.0/0", "10.0.0.2/31", "::1",
                           "2001:db8::/32", "::/0", "fe80::/10"})
    EXPECT_EQ(parse_address_range(text).value().to_string(), text);
  EXPECT_EQ(parse_address_range("10.0.0.1/32").value().to_string(), "10.0.0.1");
  for (const char* text : {"", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8x",
                           "10.0.0.0/ 8", "10.0.0.1/8", "::1/64", "::/129", "10.0.0.0/8/8", "10/8"})
    EXPECT_FALSE(parse_address_range(text)) << text;
}

TEST(AddressRange, Contains) {
  const auto contains = [](const char* range, const char* address) {
    return parse_address_range(range)->contains(*parse_ip_address(address));
  };
  EXPECT_TRUE(contains("10.0.0.0/8", "10.255.1.2"));
  EXPECT_FALSE(contains("10.0.0.0/8", "11.0.0.0"));
  EXPECT_TRUE(contains("172.16.0.0/12", "172.31.255.255"));
  EXPECT_FALSE(contains("172.16.0.0/12", "172.32.0.0"));
  EXPECT_TRUE(contains("0.0.0.0/0", "1.2.3.4"));
  EXPECT_FALSE(contains("0.0.0.0/0", "2001:db8::1"));
  EXPECT_TRUE(contains("::/0", "1.2.3.4"));
  EXPECT_TRUE(contains("fe80::/10", "febf::1"));
  EXPECT_FALSE(contains("fe80::/10", "fec0::1"));
  EXPECT_TRUE(contains("10.0.0.0/8", "::ffff:10.1.1.1"));
}

TEST(ClientAddress, WithoutTrustTheHeaderIsNotRead) {
  EXPECT_EQ(client_address("192.0.2.1", "203.0.113.9", {}), "192.0.2.1");
  EXPECT_EQ(client_address("192.0.2.1", "203.0.113.9", ranges({"10.0.0.0/8"})), "192.0.2.1");
}

TEST(ClientAddress, TheRightmostThatIsNoProxy) {
  const auto proxies = ranges({"10.0.0.0/8", "::1"});
  EXPECT_EQ(client_address("10.0.0.1", "203.0.113.9", proxies), "203.0.113.9");
  EXPECT_EQ(client_address("10.0.0.1", "1.1.1.1, 203.0.113.9", proxies), "203.0.113.9");
  EXPECT_EQ(client_address("10.0.0.1", "1.1.1.1, 203.0.113.9,10.9.9.9 , ::1", proxies),
            "203.0.113.9");
  EXPECT_EQ(client_address("::ffff:10.0.0.1", "2001:db8::9", proxies), "2001:db8::9");
}

TEST(ClientAddress, OnlyProxies) {
  const auto proxies = ranges({"10.0.0.0/8"});
  EXPECT_EQ(client_address("10.0.0.1", "", proxies), "10.0.0.1");
  EXPECT_EQ(client_address("10.0.0.1", "10.0.0.3, 10.0.0.2", proxies), "10.0.0.3");
}

TEST(ClientAddress, EntriesWithPorts) {
  const auto proxies = ranges({"10.0.0.0/8"});
  EXPECT_EQ(client_address("10.0.0.1", "203.0.113.9:4711", proxies), "203.0.113.9");
  EXPECT_EQ(client_address("10.0.0.1", "[2001:db8::9]:4711", proxies), "2001:db8::9");
  EXPECT_EQ(client_address("10.0.0.1", "[2001:db8::9]", proxies), "2001:db8::9");
}

TEST(ClientAddress, WhatIsNoAddressEndsTheSearch) {
  const auto proxies = ranges({"10.0.0.0/8"});
  for (const char* header : {"unknown", "203.0.113.9, unknown", "203.0.113.9,", ",", "[::1", "_x"})
    EXPECT_EQ(client_address("10.0.0.1", header, proxies), "10.0.0.1") << header;
  EXPECT_EQ(client_address("10.0.0.1", "1.1.1.1, x, 10.0.0.2", proxies), "10.0.0.2");
  EXPECT_EQ(client_address("@unix", "1.1.1.1", proxies), "@unix");
}

TEST(ClientAddress, WhatAClientInventsOnTheLeftChangesNothing) {
  const auto proxies = ranges({"10.0.0.0/8"});
  rc::check("text left of the client's address is not read", [&](const std::string& invented) {
    RC_ASSERT(client_address("10.0.0.1", invented + ",203.0.113.9, 10.0.0.2", proxies) ==
              "203.0.113.9");
  });
  rc::check("any header gives an address", [&](const std::string& header) {
    RC_ASSERT(parse_ip_address(client_address("10.0.0.1", header, proxies)).has_value());
  });
}

}  // namespace
}  // namespace net

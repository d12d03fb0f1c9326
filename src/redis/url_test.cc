#include "redis/url.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace redis {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Url, ReadsASingleServer) {
  const Url plain = *Url::parse("redis://localhost");
  EXPECT_EQ(plain.topology, Topology::kSingle);
  EXPECT_FALSE(plain.tls);
  EXPECT_EQ(plain.addresses, (std::vector<Address>{{"localhost", 6379}}));
  EXPECT_EQ(plain.masked(), "redis://localhost:6379");

  const Url full =
      *Url::parse("rediss://us%3Aer:p%40ss%2F+%25@[::1]:7000/12?ca=/etc/ca.pem&insecure=true");
  EXPECT_TRUE(full.tls);
  EXPECT_EQ(full.user, "us:er");
  EXPECT_EQ(full.password, "p@ss/+%");
  EXPECT_EQ(full.addresses, (std::vector<Address>{{"::1", 7000}}));
  EXPECT_EQ(full.database, 12);
  EXPECT_EQ(full.ca_file, "/etc/ca.pem");
  EXPECT_TRUE(full.insecure);
  EXPECT_EQ(full.masked(), "rediss://us%3Aer:***@[::1]:7000/12?ca=/etc/ca.pem&insecure=true");

  const Url odd_file = *Url::parse("rediss://h?ca=/a%26b%23c");
  EXPECT_EQ(odd_file.ca_file, "/a&b#c");
  EXPECT_EQ(odd_file.masked(), "rediss://h:6379?ca=/a%26b%23c");

  const Url password_only = *Url::parse("redis://:secret@h:1/");
  EXPECT_EQ(password_only.user, "");
  EXPECT_EQ(password_only.password, "secret");
  EXPECT_EQ(password_only.masked(), "redis://:***@h:1");
}

TEST(Url, ReadsSentinels) {
  const Url url = *Url::parse(
      "redis+sentinel://user:pw@h1,h2:26380,[fe80::1]:3/my%20master/"
      "2?sentinel_user=s&sentinel_password=x%26y");
  EXPECT_EQ(url.topology, Topology::kSentinel);
  EXPECT_EQ(url.addresses, (std::vector<Address>{{"h1", 26379}, {"h2", 26380}, {"fe80::1", 3}}));
  EXPECT_EQ(url.master, "my master");
  EXPECT_EQ(url.database, 2);
  EXPECT_EQ(url.sentinel_user, "s");
  EXPECT_EQ(url.sentinel_password, "x&y");
  EXPECT_EQ(url.masked(),
            "redis+sentinel://user:***@h1:26379,h2:26380,[fe80::1]:3/my%20master/2?sentinel_user=s&"
            "sentinel_password=***");
  EXPECT_TRUE(Url::parse("rediss+sentinel://h/m")->tls);
}

TEST(Url, ReadsClusters) {
  const Url url = *Url::parse("redis+cluster://user:pw@h1:1,h2/0");
  EXPECT_EQ(url.topology, Topology::kCluster);
  EXPECT_EQ(url.addresses, (std::vector<Address>{{"h1", 1}, {"h2", 6379}}));
  EXPECT_TRUE(Url::parse("rediss+cluster://h")->tls);
}

TEST(Url, SaysWhatIsWrong) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "has to begin with redis://"},
      {"http://h", "has to begin with redis://"},
      {"redis://", "the host is missing"},
      {"redis:///1", "the host is missing"},
      {"redis://:6379", "the host is missing"},
      {"redis://h:0", "port `0` is not 1 to 65535"},
      {"redis://h:65536", "port `65536` is not"},
      {"redis://h:", "port `` is not"},
      {"redis://h:12x", "port `12x` is not"},
      {"redis://h h", "`h h` is no host"},
      {"redis://::1", "an IPv6 address stands in brackets"},
      {"redis://[::1", "a `[` without its `]`"},
      {"redis://[::1]6379", "after `]` only a port"},
      {"redis://h1,h2", "several hosts need"},
      {"redis://h/x", "the database after the last `/` is not a number"},
      {"redis://h/-1", "is not a number"},
      {"redis://u:se/cret@h", "is there a `/` in the password?"},
      {"redis://user@h", "a user without a password"},
      {"redis://user:@h", "the password before `@` is empty"},
      {"redis://user:se%zzcret@h", "a broken % escape in the password"},
      {"redis://u%:secret@h", "a broken % escape in the user"},
      {"redis://u:se#cret@h", "`#` has no meaning here"},
      {"redis+sentinel://h", "the name of the master is missing"},
      {"redis+sentinel://h/", "the name of the master is missing"},
      {"redis+sentinel://h/m/x", "is not a number"},
      {"redis+sentinel://h,/m", "the host is missing"},
      {"redis+cluster://h/1", "a cluster has no other database than 0"},
      {"redis://h?ca=x", "ca is for TLS"},
      {"rediss://h?insecure=yes", "insecure is true or false, not `yes`"},
      {"rediss://h?sentinel_user=x", "sentinel_user is for redis+sentinel://"},
      {"redis://h?timeout=1", "there is no option `timeout`"},
  };
  for (const auto& [text, what] : cases) {
    const auto url = Url::parse(text);
    ASSERT_FALSE(url) << text;
    EXPECT_THAT(url.error().message, HasSubstr(what)) << text;
    EXPECT_THAT(url.error().message, Not(HasSubstr("cret"))) << text;
  }
}

}  // namespace
}  // namespace redis

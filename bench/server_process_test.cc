#include "bench/server_process.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <stdexcept>

namespace bench {
namespace {

TEST(ParseEndpoint, wants_an_address_and_a_port) {
  const sockaddr_in endpoint = parse_endpoint("127.0.0.1:8080");
  EXPECT_EQ(ntohs(endpoint.sin_port), 8080);
  EXPECT_EQ(ntohl(endpoint.sin_addr.s_addr), INADDR_LOOPBACK);
  for (const char* text :
       {"", "8080", "127.0.0.1", "127.0.0.1:", "localhost:80", "127.0.0.1:99999"}) {
    EXPECT_THROW(static_cast<void>(parse_endpoint(text)), std::invalid_argument) << text;
  }
}

TEST(ReadMemory, knows_its_own_process) {
  const Memory memory = read_memory(getpid());
  EXPECT_GT(memory.anonymous, 0);
  EXPECT_GT(memory.resident, memory.anonymous);
}

TEST(TemporaryDirectory, is_removed_at_the_end) {
  std::string path;
  {
    const TemporaryDirectory directory;
    path = directory.path();
    EXPECT_TRUE(std::filesystem::is_directory(path));
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(ServerProcess, takes_the_address_from_the_line_that_the_server_prints) {
  const TemporaryDirectory directory;
  ServerProcess server(
      {"/bin/sh", "-c",
       "echo starting >&2; echo listening on http://127.0.0.1:1234 >&2; exec sleep 60"},
      directory.path() + "/log");
  EXPECT_EQ(ntohs(server.endpoint().sin_port), 1234);
  const int status = server.stop();
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(WTERMSIG(status), SIGTERM);
  EXPECT_EQ(server.stop(), 0);
}

TEST(ServerProcess, is_not_misled_by_the_log_of_an_earlier_one) {
  const TemporaryDirectory directory;
  const std::string log = directory.path() + "/log";
  for (const char* port : {"1234", "1235"}) {
    const ServerProcess server(
        {"/bin/sh", "-c",
         std::string("echo listening on http://127.0.0.1:") + port + " >&2; exec sleep 60"},
        log);
    EXPECT_EQ(std::to_string(ntohs(server.endpoint().sin_port)), port);
  }
}

TEST(ServerProcess, says_why_a_server_did_not_start) {
  const TemporaryDirectory directory;
  try {
    const ServerProcess server({"/bin/sh", "-c", "echo no such setting >&2; exit 2"},
                               directory.path() + "/log");
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("no such setting"));
  }
  EXPECT_THROW(ServerProcess({"/nonexistent"}, directory.path() + "/log"), std::runtime_error);
}

}  // namespace
}  // namespace bench

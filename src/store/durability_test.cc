// Contract, section 8: what was acknowledged survives kill -9; a last-seen time may lose its last
// second. A child process acknowledges over a pipe until it is killed.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>

#include "store/embedded_store.h"
#include "store/test_support.h"

namespace store {
namespace {

int64_t wall_millis() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

struct Acknowledged {
  char kind;  // c: contact, s: status, l: last-seen time handed over (not acknowledged)
  int64_t number;
};

void tell(int fd, char kind, int64_t number) {
  const Acknowledged message{kind, number};
  if (::write(fd, &message, sizeof message) != sizeof message) ::_exit(3);
}

// Changes things and tells what was acknowledged, until it is killed.
[[noreturn]] void work_until_killed(const std::filesystem::path& directory, int fd) {
  auto opened = EmbeddedStore::open({.data_dir = directory});
  if (!opened) ::_exit(1);
  EmbeddedStore& store = **opened;
  for (int64_t i = 0;; ++i) {
    const int64_t now = wall_millis();
    store.save_user(seen_at("seen", now));
    tell(fd, 'l', now);
    store.add_contact("a", "c" + std::to_string(i), Mutual::kYes,
                      [fd, i](const auto& changes) { changes ? tell(fd, 'c', i) : ::_exit(2); });
    UserRecord record = seen_at("chooser", 1);
    record.choice.message = std::to_string(i);
    const auto saved = wait_for<void>([&](auto done) { store.save_user(record, done); });
    if (!saved) ::_exit(2);
    tell(fd, 's', i);
  }
}

TEST(Durability, WhatWasAcknowledgedSurvivesKill9) {
  const TemporaryDirectory directory;
  int fds[2];
  ASSERT_EQ(::pipe(fds), 0);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    ::close(fds[0]);
    work_until_killed(directory.path(), fds[1]);
  }
  ::close(fds[1]);
  int64_t contact = -1;
  int64_t status = -1;
  int64_t first_seen = 0;
  int64_t last_seen = 0;
  bool killed = false;
  Acknowledged message{};
  while (::read(fds[0], &message, sizeof message) == sizeof message) {
    if (message.kind == 'c') contact = std::max(contact, message.number);
    if (message.kind == 's') status = std::max(status, message.number);
    if (message.kind == 'l') last_seen = message.number;
    if (first_seen == 0) first_seen = last_seen;
    if (!killed && last_seen - first_seen > 1500) {
      ::kill(child, SIGKILL);
      killed = true;  // what it had told before is still in the pipe
    }
  }
  ::close(fds[0]);
  int wait_status = 0;
  ASSERT_EQ(::waitpid(child, &wait_status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(wait_status)) << wait_status;

  auto opened = EmbeddedStore::open({.data_dir = directory.path()});
  ASSERT_TRUE(opened) << opened.error().message;
  Waiting store(**opened);
  ASSERT_GT(contact, 0);
  EXPECT_GE(store.contacts("a").size(), static_cast<std::size_t>(contact) + 1);
  EXPECT_GE(std::stoll(store.exported("chooser").record->choice.message), status);
  const auto seen = store.exported("seen").record;
  ASSERT_TRUE(seen);
  EXPECT_GE(base::to_millis(seen->last_seen), last_seen - 1000);
}

}  // namespace
}  // namespace store

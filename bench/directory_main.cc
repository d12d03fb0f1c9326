// What one domain thread can do: costs of the directory's commonest inputs, and its memory.
//
//     bench_directory [users]        each has 100 mutual contacts; default 100,000
//
// Memory is what operator new handed out, as malloc rounded it.
#include <malloc.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <string>
#include <vector>

#include "presence/directory.h"

namespace {
std::size_t allocated = 0;
}

void* operator new(std::size_t size) {
  void* block = std::malloc(size);
  if (block == nullptr) throw std::bad_alloc();
  allocated += malloc_usable_size(block);
  return block;
}
void operator delete(void* block) noexcept {
  allocated -= malloc_usable_size(block);
  std::free(block);
}
void operator delete(void* block, std::size_t) noexcept { operator delete(block); }

namespace presence {
namespace {

constexpr std::size_t kContacts = 100;

class CountingEffects : public Effects {
 public:
  void load_contacts(const UserId&) override {}
  void accepted(DeviceRef, bool, std::optional<Version>) override {}
  void refused(DeviceRef, const base::Error&) override {}
  void close(DeviceRef, CloseReason) override {}
  void tell_watchers(WatcherEvent, const User&, const View&,
                     std::span<const DeviceRef> to) override {
    told += to.size();
  }
  void tell_own(OwnEvent, const User&, std::span<const DeviceRef>) override {}
  void contacts_changed(std::span<const AddedContact>, std::span<const UserId>,
                        std::span<const DeviceRef>) override {}
  void save(const UserRecord&) override {}

  std::size_t told = 0;
};

class Bench {
 public:
  explicit Bench(std::size_t users) : users_(users), directory_(DirectoryOptions{}, 1000, now()) {}

  void run() {
    connect_all();
    measure("heartbeat", users_, [this](std::size_t i) {
      directory_.apply(Heartbeat{device(scatter(i)), 0, std::nullopt}, now(), effects_);
    });
    std::vector<std::vector<UserId>> asked(512);
    for (std::size_t i = 0; i < asked.size(); ++i)
      for (std::size_t k = 1; k <= 50; ++k) asked[i].push_back(id((scatter(i) + k) % users_));
    std::size_t online = 0;
    measure("look_up of 50 contacts", 20'000, [&](std::size_t i) {
      const DeviceRef viewer = device(scatter(i % asked.size()));
      for (const UserId& subject : asked[i % asked.size()]) {
        const auto answer = directory_.look_up(viewer, subject);
        if (answer.user != nullptr && !answer.user->view.offline()) ++online;
      }
    });
    effects_.told = 0;
    measure("status change told to 100", 50'000, [this](std::size_t i) {
      const Choice choice{i / users_ % 2 == 0 ? Status::busy : Status::away, {}, {}};
      directory_.apply(Choose{id(scatter(i)), choice}, now(), effects_);
    });
    std::printf("  (told %zu, seen online %zu)\n", effects_.told, online);
    measure("leave and connect, 100 watchers", 20'000, [this](std::size_t i) {
      const std::size_t user = scatter(i);
      directory_.apply(Left{device(user)}, now(), effects_);
      connect(user);
    });
    // A network outage: everybody falls silent together.
    elapsed_ += 120'000;
    const auto begin = std::chrono::steady_clock::now();
    directory_.apply(Tick{}, now(), effects_);
    print("going stale, 100 watchers", begin, users_);
    measure("sweep of 20,000 users", 100, [this](std::size_t) { directory_.sweep(now()); });
  }

 private:
  [[nodiscard]] base::Instant now() const {
    return {base::SteadyTime(base::Duration(elapsed_)),
            base::wall_from_millis(1'700'000'000'000 + elapsed_)};
  }
  static DeviceRef device(std::size_t user) { return {static_cast<uint32_t>(user), 1}; }
  // As long as a UUID.
  static UserId id(std::size_t user) {
    char text[48];
    std::snprintf(text, sizeof text, "%08zx-1c0f-4a5e-9d2b-0123456789ab", user);
    return text;
  }
  // Visits users in an order that the caches do not foresee.
  [[nodiscard]] std::size_t scatter(std::size_t i) const { return i * 7'919'993 % users_; }

  void connect(std::size_t user) {
    Connect input;
    input.device = device(user);
    input.user = id(user);
    char socket[40];
    std::snprintf(socket, sizeof socket, "%020zu", user);
    input.socket_id = SocketId(socket);
    input.info = DeviceInfo{DeviceType::web, "Linux", "Firefox"};
    char address[40];
    std::snprintf(address, sizeof address, "203.%zu.%zu.%zu", user >> 16 & 255, user >> 8 & 255,
                  user & 255);
    input.address = address;
    input.user_agent = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";
    directory_.apply(input, now(), effects_);
    std::vector<ContactEntry> contacts;
    for (std::size_t k = 1; k <= kContacts / 2; ++k) {
      contacts.push_back({id((user + k) % users_), false});
      contacts.push_back({id((user + users_ - k) % users_), false});
    }
    directory_.apply(ContactsLoaded{id(user), std::move(contacts)}, now(), effects_);
  }

  void connect_all() {
    const std::size_t before = allocated;
    measure("connect, with reading 100 contacts", users_, [this](std::size_t i) { connect(i); });
    std::printf("%-36s %9.0f bytes\n", "memory per connected user",
                static_cast<double>(allocated - before) / static_cast<double>(users_));
    std::printf("  (User %zu, ConnectedUser %zu, Device %zu bytes)\n", sizeof(User),
                sizeof(ConnectedUser), sizeof(Device));
  }

  template <class Work>
  static void measure(const char* what, std::size_t times, Work&& work) {
    const auto begin = std::chrono::steady_clock::now();
    for (std::size_t i = 0; i < times; ++i) work(i);
    print(what, begin, times);
  }
  static void print(const char* what, std::chrono::steady_clock::time_point begin,
                    std::size_t times) {
    const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - begin;
    std::printf("%-36s %9.0f ns\n", what, took.count() / static_cast<double>(times));
  }

  std::size_t users_;
  int64_t elapsed_ = 0;
  CountingEffects effects_;
  Directory directory_;
};

}  // namespace
}  // namespace presence

int main(int argc, char** argv) {
  const std::size_t users = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 100'000;
  if (users < 2 * presence::kContacts) {
    std::fprintf(stderr, "usage: bench_directory [users], at least 200\n");
    return 2;
  }
  presence::Bench(users).run();
}

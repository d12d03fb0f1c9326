// Test support: nodes with everything but sockets: a directory, its member, and what each device
// was told, as one line per event. Every node has a loop and a thread of its own.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cluster/member.h"
#include "redis/test_loop.h"
#include "redis/test_redis.h"

namespace cluster {

class TestNode final : private presence::Effects, private Member::Port {
 public:
  TestNode(const std::string& url, const std::string& id,
           presence::DirectoryOptions options = directory_options(),
           std::optional<Seat> seat = std::nullopt)
      : options_(options) {
    loop_.in([&] {
      directory_ = std::make_unique<presence::Directory>(options_, 1, loop_.loop().now());
      MemberOptions member;
      member.redis.url = *redis::Url::parse(url);
      member.redis.command_timeout = base::Duration(1'000);
      member.prefix = "presence:";
      member.node_id = id;
      member.last_seen_retention = options_.last_seen_retention;
      member.disconnect_grace = options_.disconnect_grace;
      member.devices_per_user = options_.devices_per_user;
      auto created = Member::create(loop_.loop(), random_, std::move(member), *directory_, *this);
      if (!created) throw std::runtime_error(created.error().message);
      member_ = std::move(*created);
      if (!seat) return;
      member_->take_seat(*std::move(seat),
                         [this](const Seat& own, const std::vector<Seat>& others) {
                           own_seat_ = own;
                           other_seats_ = others;
                         });
    });
    ticker_ = std::thread([this] {
      while (!stopped_) {
        loop_.in([this] {
          apply(presence::Tick{});
          if (now() - ticked_ < base::Duration(200)) return;
          ticked_ = now();
          member_->tick();
        });
        poll(nullptr, 0, 10);
      }
    });
  }
  ~TestNode() override {
    stopped_ = true;
    ticker_.join();
    loop_.in([this] { member_.reset(); });
  }
  TestNode(const TestNode&) = delete;
  TestNode& operator=(const TestNode&) = delete;

  static presence::DirectoryOptions directory_options() {
    presence::DirectoryOptions options;
    options.clustered = true;
    options.disconnect_grace = base::Duration(200);
    return options;
  }

  // As of the last renewal of the lease.
  [[nodiscard]] Seat own_seat() {
    return loop_.in([this] { return own_seat_; });
  }
  [[nodiscard]] bool comes_to_know(const std::vector<Seat>& others) {
    return loop_.eventually_in([&] { return other_seats_ == others; });
  }

  [[nodiscard]] bool attaches() {
    return loop_.eventually_in([this] { return member_->attached(); });
  }
  [[nodiscard]] bool catches_up() {
    return loop_.eventually_in([this] { return member_->caught_up(); });
  }
  [[nodiscard]] bool detaches() {
    return loop_.eventually_in([this] { return !member_->attached(); });
  }

  presence::DeviceRef connect(const std::string& user, const std::string& key = {}) {
    return loop_.in([&] { return connect_here(user, key); });
  }
  // All in one turn of the loop.
  void connect_all(const std::vector<std::string>& users) {
    loop_.in([&] {
      for (const std::string& user : users) connect_here(user, {});
    });
  }
  void leave(presence::DeviceRef device) {
    loop_.in([&] { apply(presence::Left{device}); });
  }
  void lose(presence::DeviceRef device) {
    loop_.in([&] { apply(presence::Lost{device}); });
  }
  void heartbeat(presence::DeviceRef device, presence::DeviceInfo info) {
    loop_.in([&] { apply(presence::Heartbeat{device, std::nullopt, std::move(info)}); });
  }
  base::Result<void> choose(const std::string& user, presence::Choice choice) {
    std::promise<base::Result<void>> done;
    auto result = done.get_future();
    loop_.in([&] {
      member_->choose(user, choice,
                      [&done](base::Result<void> kept) { done.set_value(std::move(kept)); });
    });
    return result.get();
  }

  // Takes what `device` was told once that is `expected`; shows what it was told otherwise.
  [[nodiscard]] testing::AssertionResult told(presence::DeviceRef device,
                                              const std::vector<std::string>& expected) {
    const auto as_expected = [&] { return told_[device.index] == expected; };
    if (!loop_.eventually_in(as_expected)) {
      std::string all;
      loop_.in([&] {
        for (const std::string& line : told_[device.index]) all += "\n  " + line;
      });
      return testing::AssertionFailure() << "told:" << all;
    }
    loop_.in([&] { told_[device.index].clear(); });
    return testing::AssertionSuccess();
  }
  // Everything that was under way has arrived: a change of somebody else's has been there and back.
  [[nodiscard]] std::size_t told_count(presence::DeviceRef device) {
    return loop_.in([&] { return told_[device.index].size(); });
  }
  [[nodiscard]] std::string status_of(const std::string& user) {
    return loop_.in([&] {
      const presence::User* found = directory_->find(user);
      if (found == nullptr) return std::string("unknown");
      return std::string(presence::status_name(found->view.status)) + ' ' +
             std::to_string(found->view.devices.size());
    });
  }
  [[nodiscard]] presence::Version version_of(const std::string& user) {
    return loop_.in([&] { return directory_->find(user)->view.version; });
  }
  [[nodiscard]] presence::Version truth_of(const std::string& user) {
    return loop_.in([&] { return directory_->find(user)->truth_version; });
  }
  [[nodiscard]] std::string incarnation() {
    return loop_.in([this] { return member_->incarnation(); });
  }
  [[nodiscard]] bool sees(const std::string& user, const std::string& status) {
    return redis::eventually([&] { return status_of(user) == status; });
  }

 private:
  presence::DeviceRef connect_here(const std::string& user, const std::string& key) {
    presence::Connect input;
    input.device = {next_++, 1};
    input.user = user;
    std::string id = options_name() + std::to_string(input.device.index);
    id.resize(presence::SocketId::kSize, '-');
    input.socket_id = presence::SocketId(id);
    input.device_key = key;
    owners_[input.device.index] = user;
    apply(input);
    return input.device;
  }
  [[nodiscard]] base::SteadyTime now() { return loop_.loop().now().steady; }
  [[nodiscard]] std::string options_name() const { return member_->incarnation().substr(0, 2); }
  void tell(presence::DeviceRef device, std::string line) {
    told_[device.index].push_back(std::move(line));
  }

  // Member::Port. An effect may lead to another input, whose turn comes after it.
  void apply(presence::Input input) override {
    waiting_.push_back(std::move(input));
    if (busy_) return;
    busy_ = true;
    for (; !waiting_.empty(); waiting_.pop_front())
      directory_->apply(waiting_.front(), loop_.loop().now(), *this);
    busy_ = false;
  }

  // presence::Effects
  void load_contacts(const presence::UserId& user) override { member_->load_contacts(user); }
  void accepted(presence::DeviceRef device, bool, std::optional<presence::Version>) override {
    tell(device, "accepted");
  }
  void refused(presence::DeviceRef device, const base::Error& error) override {
    tell(device, "refused: " + error.message);
  }
  void close(presence::DeviceRef device, presence::CloseReason) override { tell(device, "closed"); }
  void tell_watchers(presence::WatcherEvent event, const presence::User& user,
                     const presence::View& view, std::span<const presence::DeviceRef> to) override {
    std::string line = user.id;
    switch (event) {
      case presence::WatcherEvent::user_online: line += " online"; break;
      case presence::WatcherEvent::user_offline:
        line += " offline " + std::string(presence::offline_reason_name(view.reason));
        break;
      case presence::WatcherEvent::user_status_changed:
        line += " is " + std::string(presence::status_name(view.status));
        break;
      case presence::WatcherEvent::user_devices_changed:
        line += " has " + std::to_string(view.devices.size());
        break;
    }
    for (const presence::DeviceRef device : to) {
      presence::Version& last = versions_[{device.index, user.id}];
      tell(device, view.version > last ? line : line + " with an old version");
      last = view.version;
    }
  }
  void tell_own(presence::OwnEvent event, const presence::User& user,
                std::span<const presence::DeviceRef> to) override {
    for (const presence::DeviceRef device : to)
      tell(device,
           event == presence::OwnEvent::user_status_changed
               ? "own " + std::string(presence::status_name(user.here->told.decision.status))
               : std::string("own devices"));
  }
  void contacts_changed(std::span<const presence::AddedContact>, std::span<const presence::UserId>,
                        std::span<const presence::DeviceRef>) override {}
  void save(const presence::UserRecord&) override {}
  void report(const presence::Report& report) override { member_->report(report); }

  const presence::DirectoryOptions options_;
  runtime::SystemRandom random_;
  redis::TestLoop loop_;
  std::unique_ptr<presence::Directory> directory_;
  Seat own_seat_;
  std::vector<Seat> other_seats_;
  std::unique_ptr<Member> member_;
  std::deque<presence::Input> waiting_;
  bool busy_ = false;
  uint32_t next_ = 0;
  std::map<uint32_t, std::string> owners_;
  std::map<uint32_t, std::vector<std::string>> told_;
  std::map<std::pair<uint32_t, std::string>, presence::Version> versions_;
  base::SteadyTime ticked_{};
  std::atomic<bool> stopped_ = false;
  std::thread ticker_;
};

}  // namespace cluster

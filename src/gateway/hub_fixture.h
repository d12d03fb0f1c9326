// Test support: a hub on a real directory, with outlets that write down what they are told, ports
// whose answers the test holds back or gives, and a clock that moves when told.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/hub.h"

namespace gateway {

using Lines = std::vector<std::string>;

class RecordingOutlet final : public Outlet {
 public:
  void accept(presence::DeviceRef device) override { say(device, "accept"); }
  void refuse(presence::DeviceRef device, const base::Error& error) override {
    say(device, "refuse " + std::string(base::error_code_name(error.code)));
  }
  void close(presence::DeviceRef device, presence::CloseReason) override { say(device, "close"); }
  void send(std::string_view packet, std::span<const presence::DeviceRef> to) override {
    ++packets;
    for (const presence::DeviceRef device : to) say(device, std::string(packet));
  }

  void await_drained(presence::DeviceRef device) override { say(device, "await_drained"); }

  // What was said to the device since the last call.
  Lines take(presence::DeviceRef device) {
    return std::exchange(said_[{device.index, device.generation}], {});
  }
  void forget() { said_.clear(); }

  int packets = 0;
  std::function<void(presence::DeviceRef, const std::string&)> on_said;

 private:
  void say(presence::DeviceRef device, std::string line) {
    said_[{device.index, device.generation}].push_back(line);
    if (on_said) on_said(device, line);
  }

  std::map<std::pair<uint32_t, uint32_t>, Lines> said_;
};

class FakePorts final : public HubPorts {
 public:
  void load_contacts(const presence::UserId& user) override {
    if (unavailable) {
      hub->contacts_loaded(user, base::fail(base::ErrorCode::kStoreUnavailable, "away"));
    } else {
      hub->contacts_loaded(user, contacts[user]);
    }
  }
  void save(const presence::UserRecord& record) override { saved.push_back(record); }
  void save(const presence::UserRecord& record,
            std::function<void(base::Result<void>)> done) override {
    keeping.push_back({record, std::move(done)});
  }

  // Answers the oldest record that waits to be kept.
  void keep() { answer({}); }
  void fail() { answer(base::fail(base::ErrorCode::kStoreUnavailable, "the disk is full")); }

  struct Keeping {
    presence::UserRecord record;
    std::function<void(base::Result<void>)> done;
  };
  Hub* hub = nullptr;
  std::map<presence::UserId, std::vector<presence::ContactEntry>> contacts;
  bool unavailable = false;
  std::vector<presence::UserRecord> saved;
  std::deque<Keeping> keeping;

 private:
  void answer(base::Result<void> result) {
    ASSERT_FALSE(keeping.empty());
    const Keeping oldest = std::move(keeping.front());
    keeping.pop_front();
    oldest.done(std::move(result));
  }
};

class HubTest : public testing::Test {
 protected:
  static constexpr int64_t kStart = 1'700'000'000'000;

  HubTest() {
    ports.hub = &hub;
    befriend("alice", "bob");
  }

  void befriend(const presence::UserId& a, const presence::UserId& b) {
    ports.contacts[a].push_back({b});
    ports.contacts[b].push_back({a});
  }
  presence::DeviceRef connect(const presence::UserId& user, bool snapshot = false,
                              const std::string& device_key = {}) {
    presence::Connect input;
    input.device = {next_index_++, 1};
    input.user = user;
    input.socket_id =
        presence::SocketId(std::string(19, '_') + static_cast<char>('a' + input.device.index));
    input.device_key = device_key;
    input.snapshot = snapshot;
    hub.handle(input);
    return input.device;
  }
  void pass(base::Duration time) {
    now.steady += time;
    now.wall += time;
    hub.tick();
  }
  static StatusRequest choose(presence::DeviceRef device, presence::Status status,
                              std::optional<uint64_t> ack = 1) {
    return {{device, ack}, {status, {}, std::nullopt}};
  }
  [[nodiscard]] presence::Status status_of(std::string_view user) const {
    const presence::User* found = directory.find(user);
    return found == nullptr ? presence::Status::offline : found->view.status;
  }
  // The part of a line in front of its payload, such as `2["user_online",`.
  static std::string kind(const std::string& line) { return line.substr(0, line.find('{')); }
  Lines kinds(presence::DeviceRef device) {
    Lines kinds;
    for (const std::string& line : outlet.take(device)) kinds.push_back(kind(line));
    return kinds;
  }

  base::Instant now{base::SteadyTime(base::Duration(5'000'000)), base::wall_from_millis(kStart)};
  presence::Directory directory{{}, 1000, now};
  FakePorts ports;
  RecordingOutlet outlet;
  Hub hub{directory, ports, {&outlet}, [this] { return now; }};

 private:
  uint32_t next_index_ = 0;
};

}  // namespace gateway

// RedisBackend: a node that shares a Redis with others (contract, section 9). It keeps nothing of
// its own: what is true of users is decided by the cluster's script, and contacts are sets in
// Redis.
#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "app/backend.h"
#include "cluster/contact_store.h"
#include "cluster/member.h"
#include "config/settings.h"
#include "gateway/decider.h"
#include "redis/environment.h"
#include "runtime/random.h"

namespace app {

class RedisBackend final : public Backend, private gateway::Decider, private cluster::Member::Port {
 public:
  // Reads contacts.file; its edges are written once Redis can be reached.
  static base::Result<std::unique_ptr<RedisBackend>> open(const config::Settings& settings);

  base::Result<std::unique_ptr<presence::Directory>> make_directory(
      presence::DirectoryOptions options, base::Instant now) override;
  base::Result<void> connect(runtime::EventLoop& loop, gateway::Hub& hub, Post post) override;
  void start(Deadlines& deadlines) override;
  void stop(base::Instant now) override;

  [[nodiscard]] store::Store& store() override { return *contacts_; }
  [[nodiscard]] std::string unready() const override;
  [[nodiscard]] std::size_t nodes() const override { return nodes_; }

  // gateway::HubPorts
  void load_contacts(const presence::UserId& user) override;
  void save(const presence::UserRecord& record) override;
  void save(const presence::UserRecord& record,
            std::function<void(base::Result<void>)> done) override;

 private:
  RedisBackend(const config::Settings& settings, redis::Options options);
  base::Result<void> read_contacts_file();
  void tick();
  void import_next();

  // gateway::Decider
  void report(const presence::Report& report) override;
  void choose(const presence::UserId& user, const presence::Choice& choice,
              std::function<void(base::Result<void>)> done) override;
  void heard(presence::DeviceRef device) override;
  void look_up(std::vector<presence::UserId> users,
               std::function<void(base::Result<Truths>)> done) override;
  void close_device(const presence::UserId& user, const std::string& socket_id) override;
  void forget(const presence::UserId& user) override;
  void hear_edges(std::function<void()> done) override;
  // cluster::Member::Port
  void apply(presence::Input input) override;

  const config::Settings& settings_;
  const redis::Options options_;
  runtime::SystemRandom random_;
  presence::DirectoryOptions directory_options_;
  gateway::Hub* hub_ = nullptr;
  std::unique_ptr<cluster::ContactStore> contacts_;
  std::unique_ptr<cluster::Member> member_;
  std::deque<std::vector<presence::Edge>> to_import_;
  bool importing_ = false;
  std::size_t imported_ = 0;
  std::atomic<bool> attached_ = false;
  std::atomic<std::size_t> nodes_ = 1;
};

}  // namespace app

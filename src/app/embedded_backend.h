// EmbeddedBackend: a node that stands alone, with its SQLite file (contract, section 8).
#pragma once

#include <memory>
#include <string>

#include "app/backend.h"
#include "config/settings.h"
#include "store/embedded_store.h"

namespace app {

class EmbeddedBackend final : public Backend {
 public:
  // Opens the store under data_dir and imports contacts.file into it.
  static base::Result<std::unique_ptr<EmbeddedBackend>> open(const config::Settings& settings);

  base::Result<std::unique_ptr<presence::Directory>> make_directory(
      presence::DirectoryOptions options, base::Instant now) override;
  base::Result<void> connect(runtime::EventLoop& loop, gateway::Hub& hub, Post post) override;
  void start(Deadlines& deadlines) override;
  void stop(base::Instant now) override;

  [[nodiscard]] store::EmbeddedStore& store() override { return *store_; }
  [[nodiscard]] std::string unready() const override;
  [[nodiscard]] std::size_t nodes() const override { return 1; }
  // What the store's thread has freed goes back to the system.
  void release_free_memory() override;

  // gateway::HubPorts
  void load_contacts(const presence::UserId& user) override;
  void save(const presence::UserRecord& record) override;
  void save(const presence::UserRecord& record,
            std::function<void(base::Result<void>)> done) override;

 private:
  EmbeddedBackend(const config::Settings& settings, std::unique_ptr<store::EmbeddedStore> store);
  void save_progress(base::Instant now);
  void purge();

  const config::Settings& settings_;
  std::unique_ptr<store::EmbeddedStore> store_;
  runtime::EventLoop* loop_ = nullptr;
  gateway::Hub* hub_ = nullptr;
  Post post_;
};

}  // namespace app

// Hub: the directory at work. Takes the requests of all frontends in order, applies them, encodes
// what has to be said (once for all its receivers), and passes it to the outlets of the core
// threads that own the connections.
//
// Belongs to one thread, that of the directory. A request that arrives while another is being
// applied (a socket that was written to turned out to be gone) waits for its turn.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "gateway/decider.h"
#include "gateway/requests.h"
#include "presence/directory.h"

namespace gateway {

// What the hub needs of the stores. Answers come back in the hub's thread.
class HubPorts {
 public:
  virtual ~HubPorts() = default;
  // Answered by Hub::contacts_loaded().
  virtual void load_contacts(const presence::UserId& user) = 0;
  // Within a second.
  virtual void save(const presence::UserRecord& record) = 0;
  // `done` when it would survive a crash.
  virtual void save(const presence::UserRecord& record,
                    std::function<void(base::Result<void>)> done) = 0;
};

class Hub final : private presence::Effects {
 public:
  // `outlets[t]` serves core thread t. Everything outlives the hub.
  Hub(presence::Directory& directory, HubPorts& ports, std::vector<Outlet*> outlets,
      std::function<base::Instant()> clock);

  // Before the first request, on a node of a cluster.
  void set_decider(Decider& decider) { decider_ = &decider; }

  void handle(Request request);

  // Inputs that come from elsewhere than a device.
  void apply(presence::Input input);
  void contacts_loaded(presence::UserId user,
                       base::Result<std::vector<presence::ContactEntry>> contacts);
  // These edges have been changed in the store; `done` when devices have been told.
  void edges_changed(std::vector<presence::EdgeChange> changes, std::function<void()> done);
  void close_device(const presence::UserId& user, const std::string& socket_id);
  void forget(const presence::UserId& user);
  // Chooses for the user, keeps it, and calls `done` when it is kept, with the own PresenceStatus
  // that the choice led to: what comes after it may not be kept yet. Taken back when that fails.
  void choose(const presence::UserId& user, presence::Choice choice,
              std::function<void(base::Result<std::string>)> done);
  // What has become due.
  void tick();

  // Null on a node that stands alone.
  [[nodiscard]] Decider* decider() const { return decider_; }
  [[nodiscard]] const presence::Directory& directory() const { return directory_; }
  [[nodiscard]] base::Instant now() const { return clock_(); }

 private:
  using Work = std::function<void()>;
  // The choices of a user that are not kept yet.
  struct Choosing {
    struct Unkept {
      uint64_t number;
      presence::Choice choice;
    };
    presence::Choice kept;       // the newest that is; what is gone back to
    std::vector<Unkept> unkept;  // in the order they were made
  };
  // Runs `work` now, or after what is running.
  void run(Work work);
  void dispatch(const Request& request);

  void on(const presence::Heard& input);
  void on(const HeartbeatRequest& request);
  void on(const BulkRequest& request);
  void on(const UserRequest& request);
  void on(const StatusRequest& request);
  void on(const ContactsRequest& request);
  void on(const presence::CaughtUp& input);
  template <class Input>
  requires std::is_constructible_v<presence::Input, Input>
  void on(const Input& input) { directory_.apply(input, clock_(), *this); }
  void heard(const Asker& asker) { on(presence::Heard{asker.device}); }
  void keep_choice(const presence::UserId& user, presence::Choice choice,
                   std::function<void(base::Result<std::string>)> done);
  void choice_kept(const presence::UserId& user, uint64_t number, bool kept);
  [[nodiscard]] presence::Choice choice_of(const presence::UserId& user) const;
  [[nodiscard]] presence::UserRecord record_of(const presence::UserId& user) const;
  [[nodiscard]] std::string own_status(const presence::UserId& user) const;

  [[nodiscard]] std::string snapshot_for(presence::DeviceRef device,
                                         std::optional<presence::Version> since,
                                         std::string_view request_id) const;
  // Sends `json` as the acknowledgement, or as `event` when none was asked for (never, when empty).
  void answer(const Asker& asker, std::string_view event, std::string_view json);
  void answer_error(const Asker& asker, std::string_view event, const base::Error& error,
                    std::string_view request_id = {});
  void send(std::string_view packet, std::span<const presence::DeviceRef> to);
  [[nodiscard]] Outlet& outlet(presence::DeviceRef device);

  // presence::Effects
  void load_contacts(const presence::UserId& user) override;
  void accepted(presence::DeviceRef device, bool snapshot,
                std::optional<presence::Version> since) override;
  void refused(presence::DeviceRef device, const base::Error& error) override;
  void close(presence::DeviceRef device, presence::CloseReason reason) override;
  void tell_watchers(presence::WatcherEvent event, const presence::User& user,
                     const presence::View& view, std::span<const presence::DeviceRef> to) override;
  void tell_own(presence::OwnEvent event, const presence::User& user,
                std::span<const presence::DeviceRef> to) override;
  void contacts_changed(std::span<const presence::AddedContact> added,
                        std::span<const presence::UserId> removed,
                        std::span<const presence::DeviceRef> to) override;
  void save(const presence::UserRecord& record) override;
  void report(const presence::Report& report) override;

  presence::Directory& directory_;
  HubPorts& ports_;
  Decider* decider_ = nullptr;
  std::vector<Outlet*> outlets_;
  std::function<base::Instant()> clock_;
  std::vector<std::vector<presence::DeviceRef>> by_thread_;
  std::unordered_map<presence::UserId, Choosing> choosing_;
  uint64_t choices_made_ = 0;
  std::deque<Work> waiting_;
  bool busy_ = false;
};

}  // namespace gateway

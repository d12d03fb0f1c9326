#include "gateway/hub.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/json_text.h"
#include "socketio/packet.h"
#include "wire/encode.h"

namespace gateway {

Hub::Hub(presence::Directory& directory, HubPorts& ports, std::vector<Outlet*> outlets,
         std::function<base::Instant()> clock)
    : directory_(directory),
      ports_(ports),
      outlets_(std::move(outlets)),
      clock_(std::move(clock)),
      by_thread_(outlets_.size()) {}

void Hub::run(Work work) {
  waiting_.push_back(std::move(work));
  if (busy_) return;
  busy_ = true;
  while (!waiting_.empty()) {
    const Work next = std::move(waiting_.front());
    waiting_.pop_front();
    next();
  }
  busy_ = false;
}

void Hub::handle(Request request) {
  if (busy_) {
    waiting_.emplace_back([this, request = std::move(request)] { dispatch(request); });
    return;
  }
  // The common case takes no detour over the queue.
  busy_ = true;
  dispatch(request);
  busy_ = false;
  if (!waiting_.empty()) run([] {});
}

void Hub::dispatch(const Request& request) {
  std::visit([this](const auto& alternative) { on(alternative); }, request);
}

void Hub::apply(presence::Input input) {
  run([this, input = std::move(input)] {
    if (const auto* forget = std::get_if<presence::Forget>(&input)) choosing_.erase(forget->user);
    directory_.apply(input, clock_(), *this);
  });
}

void Hub::contacts_loaded(presence::UserId user,
                          base::Result<std::vector<presence::ContactEntry>> contacts) {
  apply(presence::ContactsLoaded{std::move(user), std::move(contacts)});
}

// In a cluster every node hears of edges by the same way, in the order in which they changed.
void Hub::edges_changed(std::vector<presence::EdgeChange> changes, std::function<void()> done) {
  if (decider_ != nullptr) return decider_->hear_edges(std::move(done));
  apply(presence::ContactsChanged{std::move(changes)});
  run(std::move(done));
}

void Hub::close_device(const presence::UserId& user, const std::string& socket_id) {
  if (decider_ != nullptr) return decider_->close_device(user, socket_id);
  apply(presence::CloseDevice{user, socket_id});
}

void Hub::forget(const presence::UserId& user) {
  if (decider_ != nullptr) decider_->forget(user);
  apply(presence::Forget{user});
}

void Hub::tick() { apply(presence::Tick{}); }

// Every presence event counts as being heard from (contract, section 6).
void Hub::on(const presence::Heard& input) {
  directory_.apply(input, clock_(), *this);
  if (decider_ != nullptr) decider_->heard(input.device);
}

void Hub::on(const HeartbeatRequest& request) {
  const base::Instant now = clock_();
  directory_.apply(request.heartbeat, now, *this);
  if (decider_ != nullptr) decider_->heard(request.asker.device);
  if (!request.asker.ack_id) return;
  const presence::User* user = directory_.user_of(request.asker.device);
  if (user == nullptr) return;
  std::string json = R"({"serverTime":)";
  base::append_json_number(json, base::to_millis(now.wall));
  json += R"(,"cursor":")";
  json += presence::encode_cursor(directory_.cursor(*user, request.asker.device));
  json += R"("})";
  answer(request.asker, {}, json);
}

void Hub::on(const BulkRequest& request) {
  heard(request.asker);
  std::string json = wire::bulk_response(directory_, request.asker.device, request.user_ids,
                                         clock_(), request.request_id);
  if (directory_.detached()) wire::append_stale(json);
  answer(request.asker, "presence_status_response", json);
}

void Hub::on(const UserRequest& request) {
  heard(request.asker);
  std::string json;
  wire::append_answer(json, request.user_id,
                      directory_.look_up(request.asker.device, request.user_id), clock_(),
                      wire::Devices::listed, request.request_id);
  if (directory_.detached()) wire::append_stale(json);
  answer(request.asker, "presence_status_response", json);
}

void Hub::on(const ContactsRequest& request) {
  heard(request.asker);
  answer(request.asker, "presence_snapshot",
         snapshot_for(request.asker.device, std::nullopt, request.request_id));
  directory_.apply(presence::SnapshotTaken{request.asker.device}, clock_(), *this);
}

void Hub::on(const presence::CaughtUp& input) {
  directory_.apply(input, clock_(), *this);
  if (directory_.is_behind(input.device)) outlet(input.device).await_drained(input.device);
}

void Hub::on(const StatusRequest& request) {
  heard(request.asker);
  const presence::User* user = directory_.user_of(request.asker.device);
  if (user == nullptr) return;
  const presence::UserId id = user->id;
  choose(id, request.choice, [this, asker = request.asker](base::Result<std::string> kept) {
    if (kept) {
      answer(asker, {}, *kept);
    } else {
      answer_error(asker, "set_user_status", kept.error());
    }
  });
}

void Hub::choose(const presence::UserId& id, presence::Choice choice,
                 std::function<void(base::Result<std::string>)> done) {
  if (decider_ == nullptr) return keep_choice(id, std::move(choice), std::move(done));
  decider_->choose(id, choice, [this, id, done = std::move(done)](base::Result<void> decided) {
    run([this, id, done, decided = std::move(decided)] {
      const presence::User* user = directory_.find(id);
      if (!decided || (user != nullptr && user->here != nullptr))
        return done(decided.map([&] { return own_status(id); }));
      decider_->look_up({id}, [this, done](base::Result<Decider::Truths> found) {
        done(found.map([this](const Decider::Truths& truths) {
          std::string json;
          wire::append_own_status(json, truths.front(), clock_().wall, wire::Devices::listed);
          return json;
        }));
      });
    });
  });
}

void Hub::keep_choice(const presence::UserId& id, presence::Choice choice,
                      std::function<void(base::Result<std::string>)> done) {
  run([this, id, choice = std::move(choice), done = std::move(done)] {
    const auto at = choosing_.try_emplace(id, Choosing{choice_of(id), {}}).first;
    const uint64_t number = ++choices_made_;
    at->second.unkept.push_back({number, choice});
    directory_.apply(presence::Choose{id, choice}, clock_(), *this);
    ports_.save(record_of(id),
                [this, id, number, done, status = own_status(id)](base::Result<void> kept) mutable {
                  run([this, id, number, done, status = std::move(status), kept = std::move(kept)] {
                    choice_kept(id, number, kept.has_value());
                    done(kept.map([&status] { return status; }));
                  });
                });
  });
}

// What could not be kept did not happen: the user goes back to what was chosen before it, unless
// something newer has been chosen since, or the choice has ended by itself.
void Hub::choice_kept(const presence::UserId& id, uint64_t number, bool kept) {
  const auto at = choosing_.find(id);
  if (at == choosing_.end()) return;  // forgotten since
  Choosing& choosing = at->second;
  const auto mine = std::find_if(choosing.unkept.begin(), choosing.unkept.end(),
                                 [number](const auto& each) { return each.number == number; });
  if (mine == choosing.unkept.end()) return;
  const presence::Choice choice = std::move(mine->choice);
  const bool newest = std::next(mine) == choosing.unkept.end();
  choosing.unkept.erase(mine);
  if (kept) choosing.kept = choice;
  presence::Choice before = choosing.unkept.empty() ? choosing.kept : choosing.unkept.back().choice;
  if (choosing.unkept.empty()) choosing_.erase(at);
  if (kept || !newest || choice_of(id) != (choice.none() ? presence::Choice{} : choice)) return;
  if (before.expires_at && *before.expires_at <= clock_().wall) before = {};
  directory_.apply(presence::Choose{id, std::move(before)}, clock_(), *this);
  // A record that waits to be written may hold what was taken back.
  ports_.save(record_of(id));
}

presence::Choice Hub::choice_of(const presence::UserId& id) const {
  const presence::User* user = directory_.find(id);
  return user == nullptr || user->chosen == nullptr ? presence::Choice{} : user->chosen->choice;
}

presence::UserRecord Hub::record_of(const presence::UserId& id) const {
  if (const presence::User* user = directory_.find(id)) return directory_.record(*user);
  presence::UserRecord record;
  record.user = id;
  return record;
}

std::string Hub::own_status(const presence::UserId& id) const {
  using Relation = presence::Directory::Relation;
  const presence::User* user = directory_.find(id);
  std::string json;
  wire::append_answer(json, id, {user == nullptr ? Relation::stranger : Relation::self, user},
                      clock_(), wire::Devices::listed);
  return json;
}

void Hub::answer(const Asker& asker, std::string_view event, std::string_view json) {
  if (asker.ack_id) {
    send(socketio::encode_ack(socketio::kMainNamespace, *asker.ack_id, json), {&asker.device, 1});
  } else if (!event.empty()) {
    send(wire::event_packet(event, json), {&asker.device, 1});
  }
}

void Hub::answer_error(const Asker& asker, std::string_view event, const base::Error& error,
                       std::string_view request_id) {
  if (asker.ack_id) {
    std::string json = R"({"error":)";
    wire::append_error(json, error);
    json += '}';
    answer(asker, {}, json);
  } else {
    answer(asker, "presence_error", wire::presence_error(error, event, request_id));
  }
}

Outlet& Hub::outlet(presence::DeviceRef device) {
  return *outlets_[thread_of(device, static_cast<unsigned>(outlets_.size()))];
}

void Hub::send(std::string_view packet, std::span<const presence::DeviceRef> to) {
  if (outlets_.size() == 1) {
    outlets_[0]->send(packet, to);
    return;
  }
  for (const presence::DeviceRef device : to)
    by_thread_[thread_of(device, static_cast<unsigned>(outlets_.size()))].push_back(device);
  for (std::size_t thread = 0; thread < outlets_.size(); ++thread) {
    if (by_thread_[thread].empty()) continue;
    outlets_[thread]->send(packet, by_thread_[thread]);
    by_thread_[thread].clear();
  }
}

void Hub::load_contacts(const presence::UserId& user) { ports_.load_contacts(user); }

void Hub::accepted(presence::DeviceRef device, bool snapshot,
                   std::optional<presence::Version> since) {
  outlet(device).accept(device);
  if (!snapshot) return;
  send(wire::event_packet("presence_snapshot", snapshot_for(device, since, {})), {&device, 1});
}

std::string Hub::snapshot_for(presence::DeviceRef device, std::optional<presence::Version> since,
                              std::string_view request_id) const {
  std::string json = wire::snapshot(directory_, device, since, clock_(), request_id);
  if (directory_.detached()) wire::append_stale(json);
  return json;
}

void Hub::refused(presence::DeviceRef device, const base::Error& error) {
  outlet(device).refuse(device, error);
}

void Hub::close(presence::DeviceRef device, presence::CloseReason reason) {
  outlet(device).close(device, reason);
}

void Hub::tell_watchers(presence::WatcherEvent event, const presence::User& user,
                        const presence::View& view, std::span<const presence::DeviceRef> to) {
  send(wire::watcher_event(event, user, view, clock_().wall), to);
}

void Hub::tell_own(presence::OwnEvent event, const presence::User& user,
                   std::span<const presence::DeviceRef> to) {
  send(wire::own_event(event, user, clock_()), to);
}

void Hub::contacts_changed(std::span<const presence::AddedContact> added,
                           std::span<const presence::UserId> removed,
                           std::span<const presence::DeviceRef> to) {
  send(wire::contacts_changed(added, removed, clock_().wall), to);
}

void Hub::save(const presence::UserRecord& record) { ports_.save(record); }

void Hub::report(const presence::Report& report) {
  if (decider_ != nullptr) decider_->report(report);
}

}  // namespace gateway

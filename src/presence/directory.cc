#include "presence/directory.h"

#include <algorithm>

#include "base/check.h"

namespace presence {
namespace {

// Deadlines are acted upon within a second (contract, section 6); 20 ms leaves room for the rest.
constexpr base::Duration kTick{20};
constexpr std::size_t kSlots = 8192;

constexpr base::Duration kRetryInterval{1'000};
constexpr UserHandle kSweptAtOnce = 20'000;

// Clocks that are slewed drift apart by less than that in several minutes.
constexpr base::Duration kClockJump{250};

base::Duration wall_offset(base::Instant now) {
  return now.wall.time_since_epoch() - now.steady.time_since_epoch();
}

}  // namespace

Directory::Directory(const DirectoryOptions& options, Version sequence, base::Instant now)
    : options_(options),
      strings_(options.hash_key),
      wheel_(kTick, kSlots, now.steady),
      users_(options.hash_key),
      sequence_(sequence),
      run_(sequence),
      horizon_(options.clustered ? 0 : sequence),  // what others have told is told on
      wall_offset_(wall_offset(now)),
      now_(now) {}

std::optional<UserRecord> Directory::restore(const UserRecord& kept, base::WallTime alive_until,
                                             base::Instant now) {
  now_ = now;
  User& user = intern(kept.user);
  user.last_seen = kept.connected ? std::max(kept.last_seen, alive_until) : kept.last_seen;
  user.view.last_seen =
      kept.visible ? std::max(kept.visible_last_seen, alive_until) : kept.visible_last_seen;
  const bool expired = kept.choice.expires_at && *kept.choice.expires_at <= now.wall;
  if (!expired) set_choice(user, kept.choice);
  std::optional<UserRecord> now_kept = record(user);
  if (*now_kept == kept) now_kept.reset();
  release(user);
  return now_kept;
}

void Directory::apply(const Input& input, base::Instant now, Effects& effects) {
  CHECK(effects_ == nullptr);  // an effect must not apply another input
  now_ = now;
  // Whether anything happened or not: a cursor that stood still would tell whoever holds it that
  // nobody has stirred, and one that did not that somebody has, maybe an invisible contact.
  const auto clock = static_cast<Version>(std::max<int64_t>(0, base::to_millis(now.wall))) * 1000;
  sequence_ = std::max(sequence_, clock);
  effects_ = &effects;
  std::visit([this](const auto& alternative) { on(alternative); }, input);
  effects_ = nullptr;
}

// Versions are microseconds of the wall clock, or one more than the last where the clock is not
// ahead of it: they grow over a restart without having been written down, and one sequence over
// all users is what makes a cursor possible. Below 2^53 until the year 2255.
// In a cluster they come with what was decided.
Version Directory::next_version() { return decided_ != 0 ? decided_++ : ++sequence_; }

void Directory::on(const Tick&) {
  follow_wall_clock();
  wheel_.advance(now_.steady, [this](base::TimerNode& node) {
    auto& deadline = static_cast<Deadline&>(node);
    User& user = users_[deadline.user];
    if (deadline.kind == Deadline::Kind::choice) {
      choice_due(user);
      return;
    }
    for (const auto& device : user.here->devices) {
      if (&device->deadline != &deadline) continue;
      device_due(user, *device);
      return;
    }
  });
}

void Directory::on(const Choose& input) {
  User& user = intern(input.user);
  set_choice(user, input.choice);
  settle(user, OfflineReason::manual, kNoDevice);
  release(user);
}

void Directory::set_choice(User& user, const Choice& choice) {
  const bool was_offline = user.chose(Status::offline);
  user.chosen = choice.none() ? nullptr : std::make_unique<ChosenStatus>(choice, user.handle);
  if (user.chosen != nullptr) arm_expiry(*user.chosen);
  if (was_offline && !user.chose(Status::offline) && user.here != nullptr)
    user.here->visible_since = now_.wall;
}

void Directory::arm_expiry(ChosenStatus& chosen) {
  if (!chosen.choice.expires_at) return;
  wheel_.arm(chosen.expiry, now_.steady + (*chosen.choice.expires_at - now_.wall));
}

// A wall clock that was set forward has made expiries due earlier than their deadlines say. (One
// that was set back is noticed when those come.)
void Directory::follow_wall_clock() {
  const base::Duration offset = wall_offset(now_);
  if (std::chrono::abs(offset - wall_offset_) < kClockJump) return;
  wall_offset_ = offset;
  for (UserHandle handle = 0; handle < users_.end(); ++handle) {
    User* user = users_.at(handle);
    if (user != nullptr && user->chosen != nullptr) arm_expiry(*user->chosen);
  }
}

void Directory::choice_due(User& user) {
  // The wall clock may have been set back since the deadline was armed.
  if (*user.chosen->choice.expires_at > now_.wall) return arm_expiry(*user.chosen);
  if (attached_) {
    // The decider's clock may be a little behind.
    wheel_.arm(user.chosen->expiry, now_.steady + kRetryInterval);
    report(user, OfflineReason::manual, kNoDevice);
    return;
  }
  set_choice(user, Choice{});
  settle(user, OfflineReason::manual, kNoDevice);
  effects_->save(record(user));
  release(user);
}

void Directory::on(const Forget& input) {
  User* user = users_.find(input.user);
  if (user == nullptr) return;
  if (user->here != nullptr) {
    if (user->here->loading != nullptr) {
      for (const Joining& joining : user->here->loading->joining) {
        untrack(*joining.device);
        effects_->refused(joining.device->ref,
                          {base::ErrorCode::kUnauthorized, "the user was deleted"});
      }
      user->here->loading->joining.clear();
    }
    for (const auto& device : user->here->devices) {
      if (!device->reachable()) continue;  // a lingering one has no connection to close
      untrack(*device);
      effects_->close(device->ref, CloseReason::forgotten);
    }
    device_count_ -= user->here->devices.size();
    user->here->devices.clear();
  }
  set_choice(*user, Choice{});
  user->last_seen = now_.wall;
  // Nothing is saved: that would bring back a record that the store has just deleted.
  announce(*user, OfflineReason::disconnected, kNoDevice);
  user->saved_connected = false;
  user->last_seen = user->view.last_seen = {};
  list_changed_.erase(user->id);
  horizon_ = sequence_ = next_version();
  release(*user);
}

void Directory::sweep(base::Instant now) {
  now_ = now;
  const base::WallTime cutoff = now.wall - options_.last_seen_retention;
  const UserHandle count = std::min(users_.end(), kSweptAtOnce);
  for (UserHandle i = 0; i < count; ++i) {
    if (swept_to_ >= users_.end()) swept_to_ = 0;
    User* user = users_.at(swept_to_++);
    if (user == nullptr) continue;
    const auto seen = [user] {
      return user->last_seen != base::WallTime{} || user->view.last_seen != base::WallTime{};
    };
    if (!seen()) continue;
    const bool away = user->here == nullptr || user->here->devices.empty();
    if (away && user->last_seen < cutoff) user->last_seen = {};
    if (user->view.offline() && user->view.last_seen < cutoff) user->view.last_seen = {};
    if (!away || seen()) continue;
    // Whoever is made anew has to begin above what was told of them.
    horizon_ = std::max({horizon_, user->view.version, user->own_version});
    release(*user);
  }
}

User& Directory::intern(const UserId& id) {
  User& user = users_.intern(id);
  if (user.view.version == 0) user.view.version = user.own_version = horizon_;
  return user;
}

// Drops what nothing needs any more: the connected part of a user without devices, and a user
// about whom there is nothing to say.
void Directory::release(User& user) {
  const ConnectedUser* here = user.here.get();
  if (here != nullptr && here->loading == nullptr &&
      std::all_of(here->devices.begin(), here->devices.end(),
                  [](const auto& device) { return device->state == DeviceState::elsewhere; })) {
    unload_contacts(user);
    user.here.reset();
    --connected_users_;
  }
  bool needed = user.here != nullptr || user.listed_by > 0;
  // In a cluster, whatever else there is of a user is with the decider.
  if (!options_.clustered) {
    needed = needed || user.chosen != nullptr || user.view.version > horizon_ ||
             user.last_seen != base::WallTime{} || user.view.last_seen != base::WallTime{};
  }
  if (!needed) users_.erase(user);
}

Directory::Answer Directory::look_up(DeviceRef viewer, std::string_view subject) const {
  const User* owner = user_of(viewer);
  return owner == nullptr ? Answer() : answer_to(*owner, users_.find(subject));
}

std::vector<Directory::Answer> Directory::look_up_all(
    DeviceRef viewer, std::span<const std::string_view> subjects) const {
  std::vector<Answer> answers(subjects.size());
  const User* owner = user_of(viewer);
  if (owner == nullptr) return answers;
  std::vector<const User*> found(subjects.size());
  users_.find_all(subjects, found);
  for (std::size_t i = 0; i < found.size(); ++i) answers[i] = answer_to(*owner, found[i]);
  return answers;
}

Directory::Answer Directory::answer_to(const User& viewer, const User* subject) {
  if (subject == nullptr) return {};
  if (subject == &viewer) return {Relation::self, subject};
  const ContactRef* entry = viewer.contact(subject->handle);
  if (entry == nullptr || entry->blocked()) return {};
  return {Relation::contact, subject};
}

const User* Directory::user_of(DeviceRef ref) const {
  const Device* found = lookup(ref);
  return found == nullptr ? nullptr : &users_[found->deadline.user];
}

const Device* Directory::device(DeviceRef ref) const { return lookup(ref); }

Decision Directory::own_status(const User& user) const {
  return user.here == nullptr ? Decision{} : user.here->told.decision;
}

Cursor Directory::cursor(const User& user, DeviceRef device) const {
  const auto behind = behind_.find(device.index);
  return {run_, user.hash, behind == behind_.end() ? sequence_ : behind->second.since};
}

UserRecord Directory::record(const User& user) const {
  UserRecord record;
  record.user = user.id;
  if (user.chosen != nullptr) record.choice = user.chosen->choice;
  record.last_seen = user.last_seen;
  record.visible_last_seen = user.view.last_seen;
  record.connected = user.saved_connected;
  record.visible = !user.view.offline();
  return record;
}

}  // namespace presence

// Random inputs to the directory, compared step by step with the model, while a picture of the
// world is kept for each device from nothing but what that device was told.

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <iostream>
#include <sstream>

#include "presence/test_model.h"

namespace presence {
namespace {

// Every input happens at a moment that no other shares modulo this, and every deadline is a
// multiple of it after an input: so no two deadlines of different inputs fall together, and the
// order in which things happen is not a matter of taste.
constexpr int64_t kStep = 1009;

const std::vector<UserId> kUsers{"alice", "bob", "carol", "dave"};

enum class Action : uint8_t {
  connect,
  heartbeat,
  heard,
  leave,
  lose,
  choose,
  befriend,
  unfriend,
  batch,
  block,
  unblock,
  wait,
  close,
  forget,
  answer_load,
  fail_loads,
  sweep
};

struct Op {
  Action action = Action::wait;
  unsigned a = 0;
  unsigned b = 0;
  unsigned c = 0;
};

std::ostream& operator<<(std::ostream& out, const Op& op) {
  return out << "{" << static_cast<int>(op.action) << "," << op.a << "," << op.b << "," << op.c
             << "}";
}

rc::Gen<std::vector<Op>> some_ops() {
  const auto action = rc::gen::weightedElement<Action>({{8, Action::connect},
                                                        {6, Action::heartbeat},
                                                        {2, Action::heard},
                                                        {3, Action::leave},
                                                        {5, Action::lose},
                                                        {5, Action::choose},
                                                        {4, Action::befriend},
                                                        {1, Action::unfriend},
                                                        {2, Action::batch},
                                                        {2, Action::block},
                                                        {2, Action::unblock},
                                                        {4, Action::wait},
                                                        {1, Action::close},
                                                        {1, Action::forget},
                                                        {6, Action::answer_load},
                                                        {1, Action::fail_loads},
                                                        {1, Action::sweep}});
  const auto number = rc::gen::inRange(0U, 1U << 16);
  return rc::gen::container<std::vector<Op>>(
      rc::gen::build<Op>(rc::gen::set(&Op::action, action), rc::gen::set(&Op::a, number),
                         rc::gen::set(&Op::b, number), rc::gen::set(&Op::c, number)));
}

rc::Gen<DirectoryOptions> some_options() {
  return rc::gen::map(rc::gen::inRange(0U, 16U), [](unsigned bits) {
    DirectoryOptions options;
    options.stale_after = base::Duration(119 * kStep);
    options.disconnect_grace = base::Duration((bits & 1U) != 0 ? 3 * kStep : 0);
    if ((bits & 6U) != 0) options.disconnect_grace = base::Duration(3 * kStep);
    options.last_seen_retention = base::Duration(400 * kStep);
    options.devices_per_user = 3;
    options.notify_device_changes = (bits & 12U) != 12U;
    options.manual_offline = (bits & 8U) != 0 ? ManualOffline::hidden : ManualOffline::announced;
    return options;
  });
}

// What a client knows of one contact.
struct Known {
  View view;
  bool last_seen_known = true;  // not after a block was lifted, or when it was forgotten
};
using Picture = std::map<UserId, Known>;

class Run {
 public:
  explicit Run(const DirectoryOptions& options, bool check = true)
      : check_(check), world_(options), model_(options) {
    world_.hold_loads(true);
  }

  void perform(const Op& op) {
    settle_time(op);
    act(op);
    compare();
  }
  void finish() {
    while (world_.pending_loads() > 0) answer_load();
    compare();
  }
  [[nodiscard]] const std::vector<std::string>& log() const { return world_.log(); }

 private:
  // Between two inputs some multiple of the step passes, and one millisecond.
  void settle_time(const Op& op) {
    static constexpr int64_t kWaits[] = {0, 0, 0, 0, 0, 1, 1, 2, 3, 4, 40, 118, 119, 120, 200, 900};
    const int64_t steps = op.action == Action::wait ? kWaits[op.a % 16] : kWaits[op.c % 8];
    const int64_t by = steps * kStep + 1;
    world_.advance(base::Duration(by));
    model_.advance(world_.elapsed());
    compare();
  }

  void act(const Op& op) {
    const UserId& user = kUsers[op.a % kUsers.size()];
    const UserId& other = kUsers[(op.a + 1 + op.b % (kUsers.size() - 1)) % kUsers.size()];
    switch (op.action) {
      case Action::connect: connect(user, op); return;
      case Action::heartbeat: heartbeat(op); return;
      case Action::heard:
        if (const auto device = some_device(op)) {
          world_.heard(*device);
          model_.heard(*device);
        }
        return;
      case Action::leave:
        if (const auto device = some_device(op)) end(*device, Action::leave);
        return;
      case Action::lose:
        if (const auto device = some_device(op)) end(*device, Action::lose);
        return;
      case Action::choose: choose(user, op); return;
      case Action::befriend:
        change({{EdgeChange::Kind::added, user, other, world_.blocked(user, other)},
                {EdgeChange::Kind::added, other, user, world_.blocked(other, user)}});
        return;
      case Action::unfriend:
        change({{EdgeChange::Kind::removed, user, other, false},
                {EdgeChange::Kind::removed, other, user, false}});
        return;
      case Action::batch: batch(op); return;
      case Action::block:
        world_.block(user, other);
        model_.change({{EdgeChange::Kind::blocked, other, user, false}});
        forgotten_.push_back(user);  // no event says when one was seen who is offline
        return;
      case Action::unblock:
        world_.unblock(user, other);
        model_.change({{EdgeChange::Kind::unblocked, other, user, false}});
        forgotten_.push_back(user);
        return;
      case Action::close:
        if (const auto device = some_device(op)) {
          world_.close(world_.owner(*device), *device);
          model_.close(world_.owner(*device), *device);
        }
        return;
      case Action::forget:
        world_.forget(user);
        model_.forget(user);
        forgotten_.push_back(user);
        return;
      case Action::answer_load: answer_load(); return;
      case Action::fail_loads:
        world_.fail_loads();
        for (const UserId& id : std::exchange(loading_, {})) model_.load_failed(id);
        return;
      case Action::sweep:
        world_.sweep();
        model_.sweep();
        forgotten_ = kUsers;
        return;
      case Action::wait: return;
    }
  }

  void connect(const UserId& user, const Op& op) {
    static const std::string kKeys[] = {"", "", "phone", "laptop"};
    ConnectOptions with;
    with.key = kKeys[op.b % 4];
    if (op.b / 4 % 3 != 0) with.type = static_cast<DeviceType>(op.b / 12 % 3);
    with.snapshot = true;
    const auto resumed = resume_.find(user);
    if (op.c % 2 == 0 && resumed != resume_.end()) with.cursor = resumed->second.first;
    const DeviceRef device = world_.connect(user, with);
    refs_.push_back(device);
    if (resumed != resume_.end()) pictures_[Model::key(device)] = resumed->second.second;
    model_.connect(user, device, with.key, with.type);
    if (world_.pending_loads() > loading_.size()) loading_.push_back(user);
    if (op.c / 2 % 4 != 0 && loading_.size() == 1) answer_load();
  }
  // One at a time, so that no two users join at the same moment.
  void answer_load() {
    if (loading_.empty()) return;
    world_.answer_one_load();
    model_.loaded(loading_.front());
    loading_.erase(loading_.begin());
  }

  void heartbeat(const Op& op) {
    const auto device = some_device(op);
    if (!device) return;
    static const std::optional<int64_t> kIdle[] = {std::nullopt, 0, 299'999, 300'000, 900'000};
    std::optional<DeviceType> type;
    if (op.b / 5 % 3 == 0) type = static_cast<DeviceType>(op.b / 15 % 3);
    world_.heartbeat(*device, kIdle[op.b % 5], type);
    model_.heartbeat(*device, kIdle[op.b % 5], type);
    const User* user = world_.directory().user_of(*device);
    if (user != nullptr && world_.directory().device(*device)->state == DeviceState::live)
      cursors_[Model::key(*device)] = encode_cursor(world_.directory().cursor(*user));
  }

  void choose(const UserId& user, const Op& op) {
    static const std::string kMessages[] = {"", "", "lunch", "tea"};
    Choice choice{static_cast<Status>(op.b % 4), kMessages[op.b / 4 % 4], std::nullopt};
    std::optional<base::Duration> expires_in;
    if (op.b / 16 % 2 == 0) expires_in = base::Duration((1 + op.b / 32 % 130) * kStep);
    std::optional<int64_t> expires_at;
    if (expires_in) expires_at = world_.elapsed() + expires_in->count();
    world_.choose(user, choice.status, choice.message, expires_in);
    model_.choose(user, choice, expires_at);
  }

  void change(const std::vector<EdgeChange>& changes) {
    world_.change(changes);
    model_.change(changes);
  }
  void batch(const Op& op) {
    std::vector<EdgeChange> changes;
    unsigned bits = op.b;
    for (unsigned i = 0; i < 1 + op.c % 5; ++i) {
      const UserId& viewer = kUsers[bits % 2];
      const UserId& subject = kUsers[2 + bits / 2 % 2];
      const bool add = bits / 4 % 2 == 0;
      changes.push_back({add ? EdgeChange::Kind::added : EdgeChange::Kind::removed, viewer, subject,
                         add && world_.blocked(viewer, subject)});
      bits /= 5;
    }
    change(changes);
  }

  std::optional<DeviceRef> some_device(const Op& op) {
    if (refs_.empty()) return std::nullopt;
    return refs_[op.a % refs_.size()];
  }
  void end(DeviceRef device, Action how) {
    remember_for_resuming(device);
    if (how == Action::leave) {
      world_.leave(device);
      model_.leave(device);
    } else {
      world_.lose(device);
      model_.lose(device);
    }
    ended_.push_back(device);
  }
  void remember_for_resuming(DeviceRef device) {
    const auto cursor = cursors_.find(Model::key(device));
    if (cursor == cursors_.end()) return;
    resume_[world_.owner(device)] = {cursor->second, pictures_[Model::key(device)]};
  }
  void last_seen_forgotten(const UserId& user) {
    for (auto& [device, picture] : pictures_)
      if (const auto known = picture.find(user); known != picture.end())
        known->second.last_seen_known = false;
    for (auto& [owner, resumed] : resume_)
      if (const auto known = resumed.second.find(user); known != resumed.second.end())
        known->second.last_seen_known = false;
  }

  // --- What was told, against the model and against the picture each device has

  void compare() {
    if (!check_) return;
    Model::Told expected = model_.take_told();
    const std::vector<DeviceRef> devices = refs_;
    for (const DeviceRef device : devices) {
      const std::vector<Delivery> deliveries = world_.take(device);
      std::vector<std::string> lines;
      for (const Delivery& delivery : deliveries)
        lines.push_back(delivery.name == "accepted" ? "accepted" : delivery.text);
      const std::vector<std::string> wanted = std::exchange(expected[Model::key(device)], {});
      if (lines != wanted) fail(device, "was told", lines, wanted);
      for (const Delivery& delivery : deliveries) apply(device, delivery);
    }
    for (const auto& [device, lines] : expected)
      RC_ASSERT(lines.empty());  // nobody else was to be told
    for (const DeviceRef device : std::exchange(ended_, {})) std::erase(refs_, device);
    for (const UserId& user : std::exchange(forgotten_, {})) last_seen_forgotten(user);
    check_everything();
  }

  void apply(DeviceRef device, const Delivery& told) {
    Picture& picture = pictures_[Model::key(device)];
    if (told.name == "refused" || told.name == "close") {
      ended_.push_back(device);
      return;
    }
    if (told.name == "accepted") {
      if (!told.since) picture.clear();
      for (const auto& [id, view] : told.snapshot) learn(picture, id, view);
      return;
    }
    if (told.name == "contacts_changed") {
      for (const UserId& id : told.removed) picture.erase(id);
      for (const ContactEntry& entry : told.added) RC_ASSERT(!picture.contains(entry.contact));
      for (const auto& [id, view] : told.snapshot) learn(picture, id, view);
      for (const ContactEntry& entry : told.added)
        if (entry.blocked) picture[entry.contact].last_seen_known = false;
      return;
    }
    if (told.name.starts_with("own ")) {
      RC_ASSERT(told.subject == world_.owner(device));
      RC_ASSERT(told.version > own_versions_[Model::key(device)]);
      own_versions_[Model::key(device)] = told.version;
      return;
    }
    apply_watcher_event(device, picture, told);
  }

  void apply_watcher_event(DeviceRef device, Picture& picture, const Delivery& told) {
    const bool offline = told.name == "user_offline";
    if (!offline) RC_ASSERT(model_.sees(world_.owner(device), told.subject));
    const bool unknown = !picture.contains(told.subject);
    Known& known = picture[told.subject];
    RC_ASSERT(told.version > known.view.version);
    RC_ASSERT(told.version < (1ULL << 53));
    // Nobody is told twice that a user is there, or is gone, or changed while gone.
    RC_ASSERT(known.view.offline() == (told.name == "user_online"));
    if (unknown) RC_ASSERT(told.name == "user_online");
    known.view.version = told.version;
    if (told.name == "user_status_changed") {
      known.view.status = told.view.status;
      known.view.auto_away = told.view.auto_away;
      known.view.message = told.view.message;
    } else if (told.name == "user_devices_changed") {
      known.view.devices = told.view.devices;
    } else {
      known.view = told.view;
      known.last_seen_known = !offline || model_.sees(world_.owner(device), told.subject);
    }
  }

  static void learn(Picture& picture, const UserId& id, const View& view) {
    Known& known = picture[id];
    RC_ASSERT(view.version >= known.view.version);
    known.view = view;
    known.last_seen_known = true;
  }

  void check_everything() {
    if (!check_) return;
    for (const DeviceRef device : refs_) {
      const Device* found = world_.directory().device(device);
      if (found == nullptr || found->state == DeviceState::joining) continue;
      for (const UserId& subject : kUsers) check_pair(device, subject);
    }
    for (const UserId& id : kUsers) check_record(id);
  }

  void check_pair(DeviceRef device, const UserId& subject) {
    const UserId& viewer = world_.owner(device);
    const std::string seen = world_.seen(device, subject);
    if (viewer == subject) {
      RC_ASSERT(seen == model_.own(subject));
      return;
    }
    const Picture& picture = pictures_[Model::key(device)];
    const auto at = picture.find(subject);
    if (!model_.sees(viewer, subject)) {
      RC_ASSERT(seen == "stranger");
      if (at != picture.end()) RC_ASSERT(at->second.view.offline());
      return;
    }
    const Model::Picture truth = model_.visible(subject);
    if (seen != Model::describe(truth))
      fail(device, subject + " is seen as", {seen}, {Model::describe(truth)});
    const View& view = world_.directory().look_up(device, subject).user->view;
    RC_ASSERT(view.devices.size() == truth.devices.size());
    for (std::size_t i = 0; i < view.devices.size(); ++i) {
      VisibleDevice shown = view.devices[i];
      if (world_.options().manual_offline == ManualOffline::hidden)
        shown.socket_id = truth.devices[i].socket_id;  // may be another on purpose
      RC_ASSERT(shown == truth.devices[i]);
    }
    RC_ASSERT(at != picture.end() || truth.status == Status::offline);
    if (at == picture.end()) return;
    check_picture(at->second, truth);
  }

  void check_picture(const Known& known, const Model::Picture& truth) {
    RC_ASSERT(known.view.status == truth.status);
    if (truth.status == Status::offline) {
      if (known.last_seen_known)
        RC_ASSERT(TestWorld::relative(known.view.last_seen) == Model::when(truth.last_seen));
      return;
    }
    RC_ASSERT(known.view.auto_away == truth.auto_away);
    RC_ASSERT(known.view.message == truth.message);
    if (!world_.options().notify_device_changes) return;
    RC_ASSERT(known.view.devices.size() == truth.devices.size());
  }

  void check_record(const UserId& id) {
    const User* user = world_.directory().find(id);
    if (user == nullptr) return;
    RC_ASSERT(TestWorld::relative(user->last_seen) == Model::when(model_.last_seen(id)));
  }

  void fail(DeviceRef device, const std::string& what, const std::vector<std::string>& actual,
            const std::vector<std::string>& wanted) {
    std::ostringstream out;
    out << world_.owner(device) << "#" << device.index << " " << what << "\n";
    for (const std::string& line : actual) out << "  actual: " << line << "\n";
    for (const std::string& line : wanted) out << "  wanted: " << line << "\n";
    out << "after\n";
    for (const std::string& line : world_.log()) out << "    " << line << "\n";
    RC_FAIL(out.str());
  }

  bool check_;
  TestWorld world_;
  Model model_;
  std::vector<DeviceRef> refs_;    // connections that have not ended
  std::vector<DeviceRef> ended_;   // by the last input
  std::vector<UserId> loading_;    // in the order of asking
  std::vector<UserId> forgotten_;  // whose last-seen time the last input changed without a word
  std::map<Model::Key, Picture> pictures_;
  std::map<Model::Key, Version> own_versions_;
  std::map<Model::Key, std::string> cursors_;
  std::map<UserId, std::pair<std::string, Picture>> resume_;
};

RC_GTEST_PROP(DirectoryProperty, TellsWhatTheModelTells, ()) {
  const DirectoryOptions options = *some_options();
  const std::vector<Op> ops = *rc::gen::scale(3.0, some_ops());
  Run run(options);
  for (const Op& op : ops) run.perform(op);
  run.finish();
}

RC_GTEST_PROP(DirectoryProperty, TheSameInputsGiveTheSameEffects, ()) {
  DirectoryOptions options = *some_options();
  const std::vector<Op> ops = *rc::gen::scale(3.0, some_ops());
  Run first(options, false);
  options.hash_key = {1, 2};  // decides where things lie in tables, and must not show
  Run second(options, false);
  for (const Op& op : ops) first.perform(op);
  for (const Op& op : ops) second.perform(op);
  RC_ASSERT(first.log() == second.log());
}

}  // namespace
}  // namespace presence

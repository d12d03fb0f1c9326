// Who sees whom (contract, section 7). Lists are held while their owner is connected.

#include <algorithm>
#include <map>
#include <utility>

#include "presence/directory.h"

namespace presence {
namespace {

// Beyond this many users whose lists have changed, cursors from before are answered in full.
constexpr std::size_t kListChangesKept = 100'000;

bool by_handle(const ContactRef& a, const ContactRef& b) { return a.handle() < b.handle(); }

}  // namespace

void Directory::on(const ContactsLoaded& input) {
  User* user = users_.find(input.user);
  if (user == nullptr || user->here == nullptr || user->here->loading == nullptr) return;
  const std::unique_ptr<Loading> loading = std::move(user->here->loading);
  if (input.contacts && !loading->joining.empty()) {
    set_contacts(*user, *input.contacts);
    for (const Truth& truth : input.truths) on(Decided{truth});
    change_edges(loading->missed);
  }
  for (Joining& joining : loading->joining) {
    if (input.contacts) {
      admit(*user, std::move(joining));
    } else {
      untrack(*joining.device);
      effects_->refused(joining.device->ref, input.contacts.error());
    }
  }
  release(*user);
}

void Directory::set_contacts(User& user, const std::vector<ContactEntry>& entries) {
  auto& contacts = user.here->contacts;
  contacts.reserve(entries.size());
  for (const ContactEntry& entry : entries)
    if (entry.contact != user.id)
      contacts.emplace_back(intern(entry.contact).handle, entry.blocked);
  std::stable_sort(contacts.begin(), contacts.end(), by_handle);
  const auto same = [](const ContactRef& a, const ContactRef& b) {
    return a.handle() == b.handle();
  };
  contacts.erase(std::unique(contacts.begin(), contacts.end(), same), contacts.end());
  for (ContactRef& entry : contacts) {
    entry.set_watches(user.other_watchers.erase(entry.handle()));
    User& subject = users_[entry.handle()];
    ++subject.listed_by;
    if (!entry.blocked()) subject.add_watcher(user.handle);
  }
}

void Directory::unload_contacts(User& user) {
  const CompactVector<ContactRef> contacts = std::exchange(user.here->contacts, {});
  for (const ContactRef& entry : contacts) {
    if (entry.watches()) user.other_watchers.insert(entry.handle());
    User& subject = users_[entry.handle()];
    --subject.listed_by;
    subject.remove_watcher(user.handle);
    if (subject.here == nullptr) release(subject);
  }
}

void Directory::on(const ContactsChanged& input) {
  for (const EdgeChange& change : input.changes) note_list_change(change.viewer);
  change_edges(input.changes, input.truths);
}

// What a batch amounts to for one edge of a connected viewer.
struct Directory::NetChange {
  UserHandle viewer;
  const UserId* subject;
  bool listed;
  bool blocked;
};

// One entry per edge, in the order in which they first appear: who was removed and added again has
// not changed, and a client must not have to guess which of the two came last.
std::vector<Directory::NetChange> Directory::net_changes(std::span<const EdgeChange> changes) {
  std::vector<NetChange> nets;
  std::map<std::pair<UserHandle, std::string_view>, std::size_t> places;
  for (const EdgeChange& change : changes) {
    const User* viewer = users_.find(change.viewer);
    if (viewer == nullptr || viewer->here == nullptr || change.viewer == change.subject) continue;
    if (!viewer->here->contacts_there()) {
      viewer->here->loading->missed.push_back(change);
      continue;
    }
    const auto [place, fresh] = places.try_emplace({viewer->handle, change.subject}, nets.size());
    if (fresh) {
      const User* subject = users_.find(change.subject);
      const ContactRef* entry = subject == nullptr ? nullptr : viewer->contact(subject->handle);
      nets.push_back({viewer->handle, &change.subject, entry != nullptr,
                      entry != nullptr && entry->blocked()});
    }
    NetChange& net = nets[place->second];
    switch (change.kind) {
      case EdgeChange::Kind::added:
        if (!net.listed) net.blocked = change.blocked;
        net.listed = true;
        break;
      case EdgeChange::Kind::removed: net.listed = false; break;
      case EdgeChange::Kind::blocked:
      case EdgeChange::Kind::unblocked:
        net.blocked = change.kind == EdgeChange::Kind::blocked;
        break;
    }
  }
  return nets;
}

// What one batch does to one viewer's list.
struct Directory::ListChange {
  UserHandle viewer;
  std::vector<AddedContact> added;
  std::vector<UserId> removed;
};

void Directory::change_edges(std::span<const EdgeChange> changes, std::span<const Truth> truths) {
  std::vector<ListChange> lists;
  std::map<UserHandle, std::size_t> places;
  const auto list_of = [&](UserHandle viewer) -> ListChange& {
    const auto [place, fresh] = places.try_emplace(viewer, lists.size());
    if (fresh) lists.push_back({viewer, {}, {}});
    return lists[place->second];
  };
  for (const NetChange& net : net_changes(changes)) {
    User& viewer = users_[net.viewer];
    User* subject = users_.find(*net.subject);
    const ContactRef* entry = subject == nullptr ? nullptr : viewer.contact(subject->handle);
    if (net.listed && entry == nullptr) {
      add_contact(viewer, *net.subject, net.blocked, truths);
      list_of(net.viewer).added.push_back({users_.find(*net.subject), net.blocked});
    } else if (!net.listed && entry != nullptr) {
      remove_contact(viewer, *subject);
      list_of(net.viewer).removed.push_back(*net.subject);
    } else if (net.listed && entry->blocked() != net.blocked) {
      set_blocked(viewer, *subject, net.blocked);
    }
  }
  for (const ListChange& list : lists) {
    clear_recipients();
    collect_devices(*users_[list.viewer].here, kNoDevice);
    // What happens to a list is not made up for later; it is seldom, and an operator's doing.
    recipients_.insert(recipients_.end(), missing_.begin(), missing_.end());
    if (!recipients_.empty()) effects_->contacts_changed(list.added, list.removed, recipients_);
  }
}

void Directory::add_contact(User& viewer, const UserId& id, bool blocked,
                            std::span<const Truth> truths) {
  User& subject = intern(id);
  ContactRef entry(subject.handle, blocked);
  entry.set_watches(viewer.other_watchers.erase(subject.handle));
  auto& contacts = viewer.here->contacts;
  contacts.insert(std::lower_bound(contacts.begin(), contacts.end(), entry, by_handle), entry);
  ++subject.listed_by;
  // Before the viewer watches: how the subject is comes with the event that tells of the contact.
  for (const Truth& truth : truths)
    if (truth.user == id) on(Decided{truth});
  if (!blocked) subject.add_watcher(viewer.handle);
}

void Directory::remove_contact(User& viewer, User& subject) {
  const ContactRef* entry = viewer.contact(subject.handle);
  if (entry->watches()) viewer.other_watchers.insert(subject.handle);
  auto& contacts = viewer.here->contacts;
  contacts.erase(contacts.begin() + (entry - contacts.data()));
  --subject.listed_by;
  subject.remove_watcher(viewer.handle);
  forget_missed(viewer, subject.handle);
  release(subject);
}

// The viewer, who keeps the subject in its list, sees a stranger from now on, or no longer.
void Directory::set_blocked(User& viewer, User& subject, bool blocked) {
  viewer.contact(subject.handle)->set_blocked(blocked);
  if (blocked) {
    subject.remove_watcher(viewer.handle);
  } else {
    subject.add_watcher(viewer.handle);
  }
  if (subject.view.offline()) return;
  // A version of its own, so that neither this event nor the one that takes it back looks old.
  subject.view.version = next_version();
  clear_recipients();
  collect_devices(*viewer.here, kNoDevice);
  if (!missing_.empty())
    note_missed(blocked ? WatcherEvent::user_offline : WatcherEvent::user_online, subject);
  if (recipients_.empty()) return;
  if (blocked) return tell_gone(subject);
  effects_->tell_watchers(WatcherEvent::user_online, subject, subject.view, recipients_);
}

// To recipients_, who see a stranger from now on.
void Directory::tell_gone(const User& subject) {
  View gone;
  gone.version = subject.view.version;
  gone.last_seen = now_.wall;
  gone.reason = OfflineReason::disconnected;
  effects_->tell_watchers(WatcherEvent::user_offline, subject, gone, recipients_);
}

void Directory::note_list_change(const UserId& viewer) {
  const Version version = next_version();
  if (list_changed_.size() >= kListChangesKept) {
    list_changed_.clear();
    horizon_ = version;
  }
  list_changed_[viewer] = version;
}

}  // namespace presence

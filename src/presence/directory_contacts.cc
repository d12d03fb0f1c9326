// Who sees whom (contract, section 7). Lists are held while their owner is connected.

#include <algorithm>

#include "presence/directory.h"

namespace presence {
namespace {

// Beyond this many users whose lists have changed, cursors from before are answered in full.
constexpr std::size_t kListChangesKept = 100'000;

bool by_handle(const ContactRef& a, const ContactRef& b) {
  return a.handle() < b.handle();
}

}  // namespace

void Directory::on(const ContactsLoaded& input) {
  User* user = users_.find(input.user);
  if (user == nullptr || user->here == nullptr ||
      user->here->contacts_state != ConnectedUser::Contacts::loading)
    return;
  ConnectedUser& here = *user->here;
  std::vector<std::unique_ptr<Device>> joining = std::move(here.joining);
  here.joining.clear();
  if (!input.contacts) {
    here.contacts_state = ConnectedUser::Contacts::absent;
    for (const auto& device : joining) {
      untrack(*device);
      effects_->refused(device->ref, input.contacts.error());
    }
    release(*user);
    return;
  }
  here.contacts_state = ConnectedUser::Contacts::loaded;
  if (joining.empty()) {
    release(*user);
    return;
  }
  here.contacts.reserve(input.contacts->size());
  for (const ContactEntry& entry : *input.contacts) {
    if (entry.contact == user->id) continue;
    const User& subject = intern(entry.contact);
    here.contacts.emplace_back(subject.handle, entry.blocked);
  }
  std::sort(here.contacts.begin(), here.contacts.end(), by_handle);
  here.contacts.erase(std::unique(here.contacts.begin(), here.contacts.end(),
                                  [](const ContactRef& a, const ContactRef& b) {
                                    return a.handle() == b.handle();
                                  }),
                      here.contacts.end());
  for (const ContactRef& entry : here.contacts) {
    User& subject = users_[entry.handle()];
    ++subject.listed_by;
    if (!entry.blocked()) subject.watchers.insert(user->handle);
  }
  for (auto& device : joining) admit(*user, std::move(device));
  release(*user);
}

void Directory::unload_contacts(User& user) {
  const std::vector<ContactRef> contacts = std::move(user.here->contacts);
  user.here->contacts.clear();
  for (const ContactRef& entry : contacts) {
    User& subject = users_[entry.handle()];
    --subject.listed_by;
    subject.watchers.erase(user.handle);
    if (subject.here == nullptr) release(subject);
  }
}

// What one batch of changes does to one connected user's list.
struct Directory::ListChange {
  UserHandle viewer;
  std::vector<UserId> added;
  std::vector<UserId> removed;
};

void Directory::on(const ContactsChanged& input) {
  std::vector<ListChange> lists;  // in the order of their first change
  for (const EdgeChange& change : input.changes) {
    note_list_change(change.viewer);
    apply_edge(change, lists);
  }
  for (const ListChange& list : lists) {
    const User& viewer = users_[list.viewer];
    std::vector<AddedContact> added;
    for (const UserId& id : list.added) {
      const User* subject = users_.find(id);
      const ContactRef* entry = subject == nullptr ? nullptr : viewer.contact(subject->handle);
      if (entry != nullptr) added.push_back({subject, entry->blocked()});
    }
    recipients_.clear();
    collect_devices(viewer, kNoDevice);
    if (!recipients_.empty()) effects_->contacts_changed(added, list.removed, recipients_);
  }
}

void Directory::apply_edge(const EdgeChange& change, std::vector<ListChange>& lists) {
  User* viewer = users_.find(change.viewer);
  if (viewer == nullptr || viewer->here == nullptr || change.viewer == change.subject ||
      viewer->here->contacts_state != ConnectedUser::Contacts::loaded)
    return;
  const auto list = [&]() -> ListChange& {
    for (auto it = lists.rbegin(); it != lists.rend(); ++it)
      if (it->viewer == viewer->handle) return *it;
    return lists.emplace_back(ListChange{viewer->handle, {}, {}});
  };
  User* subject = users_.find(change.subject);
  const bool listed = subject != nullptr && viewer->contact(subject->handle) != nullptr;
  switch (change.kind) {
    case EdgeChange::Kind::added:
      if (listed) return;
      add_contact(*viewer, change.subject, change.blocked);
      list().added.push_back(change.subject);
      return;
    case EdgeChange::Kind::removed:
      if (!listed) return;
      remove_contact(*viewer, *subject);
      list().removed.push_back(change.subject);
      return;
    case EdgeChange::Kind::blocked:
    case EdgeChange::Kind::unblocked:
      if (listed) set_blocked(*viewer, *subject, change.kind == EdgeChange::Kind::blocked);
      return;
  }
}

void Directory::add_contact(User& viewer, const UserId& id, bool blocked) {
  User& subject = intern(id);
  auto& contacts = viewer.here->contacts;
  const ContactRef entry(subject.handle, blocked);
  contacts.insert(std::lower_bound(contacts.begin(), contacts.end(), entry, by_handle), entry);
  ++subject.listed_by;
  if (!blocked) subject.watchers.insert(viewer.handle);
}

void Directory::remove_contact(User& viewer, User& subject) {
  auto& contacts = viewer.here->contacts;
  contacts.erase(std::lower_bound(contacts.begin(), contacts.end(),
                                  ContactRef(subject.handle, false), by_handle));
  --subject.listed_by;
  subject.watchers.erase(viewer.handle);
  release(subject);
}

// The viewer, who keeps the subject in its list, sees a stranger from now on, or no longer.
void Directory::set_blocked(User& viewer, User& subject, bool blocked) {
  auto& contacts = viewer.here->contacts;
  const auto at = std::lower_bound(contacts.begin(), contacts.end(),
                                   ContactRef(subject.handle, false), by_handle);
  if (at->blocked() == blocked) return;
  *at = ContactRef(subject.handle, blocked);
  if (blocked) {
    subject.watchers.erase(viewer.handle);
  } else {
    subject.watchers.insert(viewer.handle);
  }
  if (subject.view.offline()) return;
  // A version of its own, so that neither this event nor the one that takes it back looks old.
  subject.view.version = next_version();
  recipients_.clear();
  collect_devices(viewer, kNoDevice);
  if (recipients_.empty()) return;
  if (!blocked) {
    effects_->tell_watchers(WatcherEvent::user_online, subject, subject.view, recipients_);
    return;
  }
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

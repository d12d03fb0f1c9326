#include "presence/user.h"

#include <algorithm>

namespace presence {

const ContactRef* User::contact(UserHandle wanted) const {
  if (here == nullptr) return nullptr;
  const auto at =
      std::lower_bound(here->contacts.begin(), here->contacts.end(), wanted,
                       [](const ContactRef& entry, UserHandle h) { return entry.handle() < h; });
  return at != here->contacts.end() && at->handle() == wanted ? &*at : nullptr;
}

ContactRef* User::contact(UserHandle wanted) {
  return const_cast<ContactRef*>(static_cast<const User*>(this)->contact(wanted));
}

void User::add_watcher(UserHandle watcher) {
  if (ContactRef* entry = contact(watcher)) {
    entry->set_watches(true);
  } else {
    other_watchers.insert(watcher);
  }
}

void User::remove_watcher(UserHandle watcher) {
  if (ContactRef* entry = contact(watcher)) {
    entry->set_watches(false);
  } else {
    other_watchers.erase(watcher);
  }
}

}  // namespace presence

#include "cluster/contact_sets.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <tuple>
#include <utility>

#include "cluster/edge_changes.h"
#include "cluster/scripts.h"

namespace cluster {
namespace {

using presence::ContactEntry;
using presence::EdgeChange;
using presence::UserId;
using store::EdgeChanges;
using store::Mutual;
using Kind = EdgeChange::Kind;

// Bounds of one command, for which everybody else waits.
constexpr std::size_t kMaxChanges = 500;
constexpr std::size_t kMaxMembers = 1'000;
constexpr std::size_t kMaxUnfinished = 100'000;

UserIds difference(const UserIds& all, const UserIds& without) {
  UserIds rest;
  std::set_difference(all.begin(), all.end(), without.begin(), without.end(),
                      std::back_inserter(rest));
  return rest;
}

}  // namespace

tl::unexpected<base::Error> contacts_unavailable(const std::string& message) {
  return base::fail(base::ErrorCode::kStoreUnavailable, "contacts: " + message);
}

void sort_and_unite(UserIds& ids) {
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
}

UserIds others_in(const redis::Reply& set, const UserId& user) {
  UserIds ids;
  for (const redis::Reply& member : set.elements)
    if (member.text != user && presence::check_user_id(member.text, "contact"))
      ids.push_back(member.text);
  std::sort(ids.begin(), ids.end());
  return ids;
}

void want(EdgeChanges& wanted, Kind kind, const UserId& user, const UserId& other, Mutual mutual) {
  wanted.push_back({kind, user, other});
  if (mutual == Mutual::kYes) wanted.push_back({kind, other, user});
}

// -- Reading

void ContactSets::load_contacts(const UserId& user, Then<std::vector<ContactEntry>> then) {
  const std::string contacts = keys_.contacts(user);
  const std::string blocked_by = keys_.blocked_by(user);
  Phase phase;
  phase.push_back(step({"SMEMBERS", contacts}, contacts));
  phase.push_back(step({"SMEMBERS", blocked_by}, blocked_by));
  std::vector<Phase> phases;
  phases.push_back(std::move(phase));
  run(client_, std::move(phases),
      [user, then = std::move(then)](base::Result<Replies> replies) mutable {
        if (!replies) return then(tl::unexpected(std::move(replies.error())));
        const UserIds blockers = others_in((*replies)[1], user);
        std::vector<ContactEntry> entries;
        for (UserId& contact : others_in((*replies)[0], user)) {
          const bool blocked = std::binary_search(blockers.begin(), blockers.end(), contact);
          entries.push_back({std::move(contact), blocked});
        }
        then(std::move(entries));
      });
}

void ContactSets::read_sets(const UserId& user, Then<Sets> then) {
  Phase phase;
  for (const std::string& key : {keys_.contacts(user), keys_.viewers(user), keys_.blocks(user),
                                 keys_.blocked_by(user), keys_.devices(user)})
    phase.push_back(step({"SMEMBERS", key}, key));
  std::vector<Phase> phases;
  phases.push_back(std::move(phase));
  run(client_, std::move(phases),
      [user, then = std::move(then)](base::Result<Replies> replies) mutable {
        if (!replies) return then(tl::unexpected(std::move(replies.error())));
        Sets sets{others_in((*replies)[0], user),
                  others_in((*replies)[1], user),
                  others_in((*replies)[2], user),
                  others_in((*replies)[3], user),
                  {}};
        for (redis::Reply& device : (*replies)[4].elements)
          sets.devices.push_back(std::move(device.text));
        then(std::move(sets));
      });
}

void ContactSets::export_user(const UserId& user, Then<store::UserExport> then) {
  read_sets(user, [this, user, then = std::move(then)](base::Result<Sets> sets) mutable {
    if (!sets) return then(tl::unexpected(std::move(sets.error())));
    // Mostly who is seen sees, too.
    UserIds viewers = std::move(sets->viewers);
    viewers.insert(viewers.end(), sets->contacts.begin(), sets->contacts.end());
    sort_and_unite(viewers);
    Phase checks;
    for (const UserId& viewer : viewers) {
      const std::string key = keys_.contacts(viewer);
      checks.push_back(step({"SISMEMBER", key, user}, key));
    }
    for (const UserId& blocked : sets->blocks) {
      const std::string key = keys_.blocked_by(blocked);
      checks.push_back(step({"SISMEMBER", key, user}, key));
    }
    std::vector<Phase> phases;
    phases.push_back(std::move(checks));
    run(client_, std::move(phases),
        [viewers = std::move(viewers), sets = *std::move(sets),
         then = std::move(then)](base::Result<Replies> replies) mutable {
          if (!replies) return then(tl::unexpected(std::move(replies.error())));
          store::UserExport out;
          out.contacts = std::move(sets.contacts);
          out.blocked_by = std::move(sets.blocked_by);
          auto reply = replies->begin();
          for (UserId& viewer : viewers)
            if ((reply++)->integer == 1) out.viewers.push_back(std::move(viewer));
          for (UserId& blocked : sets.blocks)
            if ((reply++)->integer == 1) out.blocks.push_back(std::move(blocked));
          then(std::move(out));
        });
  });
}

// -- Changing

Phase ContactSets::ways_back(const EdgeChanges& wanted, std::string_view command) const {
  std::map<std::string, std::vector<std::string_view>> members;
  for (const EdgeChange& change : wanted) {
    const bool comes = change.kind == Kind::added || change.kind == Kind::blocked;
    if (comes != (command == "SADD")) continue;
    const bool edge = change.kind == Kind::added || change.kind == Kind::removed;
    members[edge ? keys_.viewers(change.subject) : keys_.blocks(change.subject)].push_back(
        change.viewer);
  }
  Phase phase;
  for (const auto& [key, ids] : members) {
    for (std::size_t at = 0; at < ids.size(); at += kMaxMembers) {
      redis::Command whole{command, key};
      for (std::size_t i = at; i < std::min(at + kMaxMembers, ids.size()); ++i) whole.add(ids[i]);
      phase.push_back(step(std::move(whole), key));
    }
  }
  return phase;
}

Phase ContactSets::scripts(const EdgeChanges& wanted, const UserId& last, bool of_last,
                           const std::shared_ptr<bool>& made) const {
  std::map<std::string_view, std::vector<const EdgeChange*>> by_viewer;
  for (const EdgeChange& change : wanted)
    if ((change.viewer == last) == of_last) by_viewer[change.viewer].push_back(&change);
  Phase phase;
  for (const auto& [viewer, changes] : by_viewer) {
    for (std::size_t at = 0; at < changes.size(); at += kMaxChanges) {
      std::vector<std::string> said{keys_.edges(), std::string(viewer)};
      for (std::size_t i = at; i < std::min(at + kMaxChanges, changes.size()); ++i) {
        said.emplace_back(edge_change_name(changes[i]->kind));
        said.push_back(changes[i]->subject);
      }
      phase.emplace_back([contacts = keys_.contacts(viewer), blocked_by = keys_.blocked_by(viewer),
                          said = std::move(said),
                          made](redis::Client& client, redis::Callback done) {
        const std::array<std::string_view, 2> keys{contacts, blocked_by};
        const std::vector<std::string_view> arguments(said.begin(), said.end());
        client.call(edges_script(), keys, arguments,
                    [made, done = std::move(done)](redis::Answer answer) mutable {
                      if (answer || answer.error().kind == redis::Error::Kind::kLost) *made = true;
                      done(std::move(answer));
                    });
      });
    }
  }
  return phase;
}

void ContactSets::change(Change change, Then<EdgeChanges> then) {
  Unfinished superseded;
  for (const EdgeChange& one : change.wanted)
    if (auto before = unfinished_.extract(name_of(one))) superseded.insert(std::move(before));
  const auto begun = std::make_shared<bool>(false);
  std::vector<Phase> phases;
  phases.push_back(std::move(change.before));
  phases.push_back(ways_back(change.wanted, "SADD"));
  phases.push_back(scripts(change.wanted, change.last, false, begun));
  phases.push_back(scripts(change.wanted, change.last, true, begun));
  phases.push_back(ways_back(change.wanted, "SREM"));
  std::move(change.after.begin(), change.after.end(), std::back_inserter(phases));
  run(client_, std::move(phases),
      [this, begun, superseded = std::move(superseded), wanted = std::move(change.wanted),
       then = std::move(then)](base::Result<Replies> replies) mutable {
        if (!replies) {
          if (*begun) {
            remember(wanted);
          } else {
            unfinished_.merge(superseded);
          }
          return then(tl::unexpected(std::move(replies.error())));
        }
        using Made = std::tuple<Kind, std::string_view, std::string_view>;
        const auto name = [](const EdgeChange& c) { return Made{c.kind, c.viewer, c.subject}; };
        EdgeChanges made;
        for (const redis::Reply& reply : *replies) {
          if (!reply.is_text()) continue;  // not from the script
          auto some = parse_edge_changes(reply.text);
          if (!some) return then(contacts_unavailable("the answer of edges.lua cannot be read"));
          std::move(some->begin(), some->end(), std::back_inserter(made));
        }
        std::map<Made, EdgeChange*> by_name;
        for (EdgeChange& one : made) by_name.emplace(name(one), &one);
        EdgeChanges report;
        for (const EdgeChange& one : wanted) {
          const auto found = by_name.find(name(one));
          if (found != by_name.end()) report.push_back(*found->second);
        }
        then(std::move(report));
      });
}

ContactSets::Name ContactSets::name_of(const EdgeChange& change) {
  return {change.kind == Kind::added || change.kind == Kind::removed, change.viewer,
          change.subject};
}

void ContactSets::remember(const EdgeChanges& wanted) {
  for (const EdgeChange& one : wanted) {
    if (unfinished_.size() == kMaxUnfinished) {
      spdlog::warn("contacts: too many changes were made in part; they are to be made again");
      return;
    }
    unfinished_[name_of(one)] = one.kind;
  }
}

void ContactSets::complete(redis::Function<void()> then) {
  Unfinished unfinished = std::exchange(unfinished_, {});
  Change all;
  for (const auto& [name, kind] : unfinished)
    all.wanted.push_back({kind, std::get<1>(name), std::get<2>(name)});
  change(std::move(all), [this, unfinished = std::move(unfinished),
                          then = std::move(then)](base::Result<EdgeChanges> made) mutable {
    unfinished_.clear();
    if (made) {
      spdlog::info("contacts: {} changes that were made in part are complete", unfinished.size());
    } else if (client_.up()) {
      spdlog::warn("contacts: changes that were made in part cannot be completed: {}",
                   made.error().message);
    } else {
      unfinished_ = std::move(unfinished);
    }
    then();
  });
}

void ContactSets::replace(const UserId& user, UserIds list, Mutual mutual, Then<EdgeChanges> then) {
  const std::string key = keys_.contacts(user);
  client_.call({"SMEMBERS", key}, key,
               [this, user, list = std::move(list), mutual,
                then = std::move(then)](redis::Answer answer) mutable {
                 if (!answer) return then(contacts_unavailable(answer.error().message));
                 const UserIds before = others_in(*answer, user);
                 Change changes;
                 changes.last = user;
                 for (const UserId& left : difference(before, list))
                   want(changes.wanted, Kind::removed, user, left, mutual);
                 for (const UserId& came : difference(list, before))
                   want(changes.wanted, Kind::added, user, came, mutual);
                 change(std::move(changes), std::move(then));
               });
}

void ContactSets::forget(const UserId& user, Then<EdgeChanges> then) {
  read_sets(user, [this, user, then = std::move(then)](base::Result<Sets> sets) mutable {
    if (!sets) return then(tl::unexpected(std::move(sets.error())));
    Change changes;
    changes.last = user;
    for (const UserId& subject : sets->contacts) {
      changes.wanted.push_back({Kind::removed, user, subject});
      // Before the edge, this once: making the call again still finds the edge then.
      const std::string key = keys_.viewers(subject);
      changes.before.push_back(step({"SREM", key, user}, key));
    }
    UserIds others = std::move(sets->viewers);
    others.insert(others.end(), sets->contacts.begin(), sets->contacts.end());
    others.insert(others.end(), sets->blocks.begin(), sets->blocks.end());
    sort_and_unite(others);
    for (const UserId& viewer : others) changes.wanted.push_back({Kind::removed, viewer, user});
    for (const UserId& blocked : sets->blocks)
      changes.wanted.push_back({Kind::unblocked, blocked, user});
    Phase blocks;
    for (const UserId& blocker : sets->blocked_by) {
      const std::string key = keys_.blocks(blocker);
      blocks.push_back(step({"SREM", key, user}, key));
    }
    const std::string own = keys_.user(user);
    redis::Command command{"DEL",
                           own,
                           keys_.devices(user),
                           keys_.stale(user),
                           keys_.chosen(user),
                           keys_.contacts(user),
                           keys_.viewers(user),
                           keys_.blocks(user),
                           keys_.blocked_by(user)};
    for (const std::string& device : sets->devices) command.add(keys_.device_prefix(user) + device);
    Phase keys;
    keys.push_back(step(std::move(command), own));
    changes.after.push_back(std::move(blocks));
    changes.after.push_back(std::move(keys));
    change(std::move(changes), std::move(then));
  });
}

}  // namespace cluster

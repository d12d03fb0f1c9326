// The part of the member that brings contact lists: read for who comes, changed by whoever changes
// them anywhere, and compared after Redis was away.

#include <spdlog/spdlog.h>

#include <algorithm>
#include <map>
#include <utility>

#include "cluster/edge_changes.h"
#include "cluster/member.h"
#include "cluster/scripts.h"
#include "cluster/text_reader.h"
#include "cluster/text_writer.h"

namespace cluster {
namespace {

// In place of a change of edges: whoever published it has heard of what came before.
constexpr std::string_view kHeard = "heard";

constexpr std::size_t kMostAsked = 4'000;  // users whose truth is being read
constexpr std::size_t kAskedAtOnce = 250;  // of them, with one call

std::vector<std::string> texts_of(const redis::Reply& reply) {
  std::vector<std::string> texts;
  for (const redis::Reply& element : reply.elements)
    if (element.is_text()) texts.push_back(element.text);
  return texts;
}

}  // namespace

void Member::load_contacts(const presence::UserId& user) {
  const auto without_list = [this, user] {
    lists_unread_.insert(user);
    port_.apply(presence::ContactsLoaded{user, std::vector<presence::ContactEntry>()});
  };
  if (!attached_) return without_list();
  read_list(
      user, [this, user, without_list](base::Result<std::vector<presence::ContactEntry>> list) {
        if (list) return list_read(user, *std::move(list));
        spdlog::warn("redis: the contacts of a user could not be read: {}", list.error().message);
        without_list();
      });
}

void Member::read_list(
    const presence::UserId& user,
    std::function<void(base::Result<std::vector<presence::ContactEntry>>)> done) {
  const auto names = std::make_shared<redis::Answer>();
  const std::string contacts = keys_.contacts(user);
  const std::string blocked_by = keys_.blocked_by(user);
  client_->call({"SMEMBERS", contacts}, contacts,
                [names](redis::Answer answer) { *names = std::move(answer); });
  client_->call(
      {"SMEMBERS", blocked_by}, blocked_by, [names, done = std::move(done)](redis::Answer answer) {
        for (const redis::Answer* each :
             std::initializer_list<const redis::Answer*>{names.get(), &answer})
          if (!*each)
            return done(base::fail(base::ErrorCode::kStoreUnavailable, each->error().message));
        std::set<std::string> blockers;
        for (std::string& blocker : texts_of(*answer)) blockers.insert(std::move(blocker));
        std::vector<presence::ContactEntry> list;
        for (std::string& contact : texts_of(**names))
          if (presence::check_user_id(contact, "contact"))
            list.push_back({contact, blockers.contains(contact)});
        done(std::move(list));
      });
}

// What is true of those who are not followed here yet. Lists share most of their members, so
// whoever is being read for one is read for all.
void Member::read_truths(const std::vector<presence::UserId>& users,
                         std::function<void(std::vector<presence::Truth>)> done) {
  const auto read = std::make_shared<Read>();
  read->done = std::move(done);
  ++reads_;
  for (const presence::UserId& user : users) {
    const presence::User* known = directory_.find(user);
    if (known != nullptr && presence::Directory::follows(*known)) continue;
    read->users.push_back(user);
    ++read->missing;
    const auto [place, fresh] = reading_.try_emplace(user);
    place->second.push_back(read);
    if (fresh) to_read_.push_back(user);
  }
  read_next();
  one_less(*read);
}

void Member::one_less(Read& read) {
  if (--read.missing > 0) return;
  // Somebody may have changed since they were read, and nobody here followed them yet.
  for (const presence::UserId& user : read.users) {
    const auto heard = unfollowed_.find(user);
    if (heard == unfollowed_.end()) continue;
    if (auto outcome = parse_outcome(heard->second, incarnation_))
      read.truths.push_back(std::move(outcome->truth));
  }
  if (--reads_ == 0) unfollowed_.clear();
  read.done(std::move(read.truths));
}

void Member::read_next() {
  const std::size_t at_once = keys_.one_slot_each() ? 1 : kAskedAtOnce;
  while (asked_ < kMostAsked && !to_read_.empty()) {
    std::vector<presence::UserId> users;
    for (; users.size() < at_once && !to_read_.empty(); to_read_.pop_front())
      users.push_back(std::move(to_read_.front()));
    asked_ += users.size();
    ask_known(std::move(users));
  }
}

void Member::ask_known(std::vector<presence::UserId> users) {
  std::vector<std::string> names;
  for (const presence::UserId& user : users) names.push_back(keys_.user(user));
  const std::vector<std::string_view> keys(names.begin(), names.end());
  client_->call(known_script(), keys, {}, [this, users = std::move(users)](redis::Answer answer) {
    std::vector<bool> known(users.size(), false);
    if (answer) {
      for (const redis::Reply& place : answer->elements)
        if (const auto i = place.to_integer(); i && *i >= 1 && *i <= std::ssize(users))
          known[static_cast<std::size_t>(*i - 1)] = true;
    }
    for (std::size_t i = 0; i < users.size(); ++i) {
      if (!known[i]) {
        truth_read(users[i], nullptr);
        continue;
      }
      Statement statement;
      statement.user = users[i];
      call(statement, [this, user = users[i]](std::optional<Outcome> outcome) {
        truth_read(user, outcome ? &outcome->truth : nullptr);
      });
    }
    read_next();
  });
}

void Member::truth_read(const presence::UserId& user, const presence::Truth* truth) {
  --asked_;
  auto waiting = reading_.extract(user);
  if (waiting.empty()) return;
  for (const ReadPtr& read : waiting.mapped()) {
    if (truth != nullptr) read->truths.push_back(*truth);
    one_less(*read);
  }
  read_next();
}

void Member::list_read(const presence::UserId& user, std::vector<presence::ContactEntry> list) {
  std::vector<presence::UserId> contacts;
  contacts.reserve(list.size());
  for (const presence::ContactEntry& entry : list) contacts.push_back(entry.contact);
  read_truths(contacts,
              [this, user, list = std::move(list)](std::vector<presence::Truth> truths) mutable {
                port_.apply(presence::ContactsLoaded{user, std::move(list), std::move(truths)});
              });
}

// --- Changes, one after the other in the order in which they were heard of

void Member::edges_changed(std::string_view payload) {
  if (TextReader in(payload); in.text() == kHeard) {
    if (in.text() != incarnation_) return;
    const auto hearing = hearing_.find(in.number());
    if (hearing == hearing_.end()) return;
    const auto news = std::make_shared<News>();
    news->then = std::move(hearing->second.done);
    news->ready = true;
    hearing_.erase(hearing);
    news_.push_back(news);
    return tell_news();
  }
  auto changes = parse_edge_changes(payload);
  if (!changes) return;
  const auto news = std::make_shared<News>();
  std::vector<presence::UserId> subjects;
  for (const presence::EdgeChange& change : *changes) {
    const presence::User* viewer = directory_.find(change.viewer);
    if (viewer != nullptr && viewer->here != nullptr &&
        change.kind == presence::EdgeChange::Kind::added)
      subjects.push_back(change.subject);
  }
  news->changes = *std::move(changes);
  news_.push_back(news);
  complete(news, subjects);
}

void Member::hear_edges(std::function<void()> done) {
  if (!attached_) return done();
  const uint64_t number = ++hearings_;
  hearing_.emplace(number, Hearing{loop_.now().steady, std::move(done)});
  const std::string channel = keys_.edges();
  client_->call({"PUBLISH", channel, write_texts({kHeard, incarnation_, std::to_string(number)})},
                channel, [](const redis::Answer&) {});
}

void Member::give_up_hearing(base::SteadyTime begun_before) {
  while (!hearing_.empty() && hearing_.begin()->second.begun <= begun_before) {
    const auto done = std::move(hearing_.begin()->second.done);
    hearing_.erase(hearing_.begin());
    done();
  }
}

void Member::complete(const NewsPtr& news, const std::vector<presence::UserId>& subjects) {
  read_truths(subjects, [this, news](std::vector<presence::Truth> truths) {
    news->truths = std::move(truths);
    news->ready = true;
    tell_news();
  });
}

void Member::tell_news() {
  while (!news_.empty() && news_.front()->ready) {
    const NewsPtr news = std::move(news_.front());
    news_.pop_front();
    if (news->reread) news->changes = changes_to(*news->reread, news->list);
    if (!news->changes.empty())
      port_.apply(presence::ContactsChanged{std::move(news->changes), std::move(news->truths)});
    if (news->then) news->then();
  }
}

// --- After Redis was away

// A Redis that has lost its data has lost the lists, too, and then what is known here stands. If it
// is the same data, the lists may have been changed meanwhile.
void Member::compare_epoch() {
  const std::string key = keys_.epoch();
  // Another at each attempt: the same nodes may meet a Redis that has lost everything.
  const std::string new_epoch =
      incarnation_ + '@' + std::to_string(base::to_millis(loop_.now().wall));
  client_->call({"SET", key, new_epoch, "NX"}, key, [](const redis::Answer&) {});
  client_->call({"GET", key}, key, [this](redis::Answer answer) {
    if (!answer || !attached_) return;
    const bool same = answer->text == epoch_;
    epoch_ = answer->text;
    std::vector<presence::UserId> to_read;
    directory_.for_each_followed([&](const presence::User& user) {
      if (user.here != nullptr && (same || lists_unread_.contains(user.id)))
        to_read.push_back(user.id);
    });
    lists_unread_.clear();
    for (const presence::UserId& user : to_read) reread_list(user);
  });
}

// What is heard of edges from here on waits behind the list.
void Member::reread_list(const presence::UserId& user) {
  const auto news = std::make_shared<News>();
  news->reread = user;
  news_.push_back(news);
  read_list(user, [this, news](base::Result<std::vector<presence::ContactEntry>> list) {
    if (!list) {
      lists_unread_.insert(*news->reread);
      news->reread.reset();
      news->ready = true;
      return tell_news();
    }
    news->list = *std::move(list);
    std::vector<presence::UserId> contacts;
    contacts.reserve(news->list.size());
    for (const presence::ContactEntry& entry : news->list) contacts.push_back(entry.contact);
    complete(news, contacts);
  });
}

std::vector<presence::EdgeChange> Member::changes_to(
    const presence::UserId& id, const std::vector<presence::ContactEntry>& list) const {
  using Kind = presence::EdgeChange::Kind;
  const presence::User* user = directory_.find(id);
  if (user == nullptr || user->here == nullptr) return {};
  std::map<presence::UserId, bool> before;
  directory_.for_each_entry(*user, [&](const presence::UserId& contact, bool blocked) {
    before.emplace(contact, blocked);
  });
  std::vector<presence::EdgeChange> changes;
  for (const presence::ContactEntry& entry : list) {
    if (entry.contact == id) continue;
    const auto known = before.find(entry.contact);
    if (known == before.end()) {
      changes.push_back({Kind::added, id, entry.contact, entry.blocked});
      continue;
    }
    if (known->second != entry.blocked)
      changes.push_back(
          {entry.blocked ? Kind::blocked : Kind::unblocked, id, entry.contact, entry.blocked});
    before.erase(known);
  }
  for (const auto& [contact, blocked] : before)
    changes.push_back({Kind::removed, id, contact, blocked});
  return changes;
}

}  // namespace cluster

// The routes about who sees whom: contact lists, blocks, all edges, and forgetting a user.

#include <boost/json/value.hpp>
#include <memory>

#include "admin/api.h"
#include "admin/body.h"
#include "admin/problem.h"
#include "base/json_text.h"
#include "contacts/edge_parser.h"
#include "contacts/edge_writer.h"
#include "presence/ids.h"
#include "presence/view.h"

namespace admin {
namespace {

constexpr std::size_t kMaxListBody = 16U << 20;
constexpr std::size_t kMaxImportBody = 64U << 20;
constexpr std::size_t kPageEdges = 2000;

base::Result<store::Mutual> mutual_of(const Call& call) {
  const std::string_view text = call.query("mutual");
  if (text.empty() || text == "true") return store::Mutual::kYes;
  if (text == "false") return store::Mutual::kNo;
  return base::fail(base::ErrorCode::kInvalidArgument, "mutual must be true or false");
}

void append_list(std::string& json, std::string_view name,
                 const std::vector<presence::UserId>& ids) {
  base::append_json_string(json, name);
  json += ":[";
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (i > 0) json += ',';
    base::append_json_string(json, ids[i]);
  }
  json += ']';
}

base::Result<std::vector<presence::UserId>> parse_list(std::string_view body) {
  const auto value = parse_body(body);
  if (!value) return tl::unexpected(value.error());
  const auto invalid = [](std::string message) {
    return base::fail(base::ErrorCode::kInvalidArgument, std::move(message));
  };
  const boost::json::object* object = value->if_object();
  if (object == nullptr) return invalid("the body must be an object");
  const boost::json::value* list = object->if_contains("contacts");
  if (list == nullptr) return invalid("contacts is missing");
  if (!list->is_array()) return invalid("contacts must be an array");
  std::vector<presence::UserId> ids;
  for (const boost::json::value& element : list->get_array()) {
    const std::string field = "contacts[" + std::to_string(ids.size()) + "]";
    if (!element.is_string()) return invalid(field + " must be a string");
    const boost::json::string& id = element.get_string();
    if (auto valid = presence::check_user_id(id, field); !valid)
      return tl::unexpected(valid.error());
    ids.emplace_back(id);
  }
  return ids;
}

net::HttpResponse exported(const std::string& user, const store::UserExport& kept) {
  std::string json = R"({"userId":)";
  base::append_json_string(json, user);
  if (kept.record) {
    const presence::UserRecord& record = *kept.record;
    json += R"(,"lastSeen":)";
    base::append_json_number(json, base::to_millis(record.last_seen));
    json += R"(,"visibleLastSeen":)";
    base::append_json_number(json, base::to_millis(record.visible_last_seen));
    json += R"(,"chosenStatus":)";
    base::append_json_string(json, presence::status_name(record.choice.status));
    if (!record.choice.message.empty()) {
      json += R"(,"customMessage":)";
      base::append_json_string(json, record.choice.message);
    }
    if (record.choice.expires_at) {
      json += R"(,"expiresAt":)";
      base::append_json_number(json, base::to_millis(*record.choice.expires_at));
    }
  }
  for (const auto& [name, ids] :
       {std::pair{"contacts", &kept.contacts}, std::pair{"viewers", &kept.viewers},
        std::pair{"blocks", &kept.blocks}, std::pair{"blockedBy", &kept.blocked_by}}) {
    json += ',';
    append_list(json, name, *ids);
  }
  json += '}';
  return json_response(200, std::move(json));
}

}  // namespace

template <class T>
store::Done<T> Api::back(std::function<void(base::Result<T>)> then) {
  return [post = post_, then = std::move(then)](base::Result<T> result) {
    post([then, result = std::move(result)]() mutable { then(std::move(result)); });
  };
}

store::Done<store::EdgeChanges> Api::answer_changed(CallPtr call) {
  return back<store::EdgeChanges>(
      [this, call = std::move(call)](base::Result<store::EdgeChanges> changes) {
        if (!changes) return call->respond(problem(changes.error()));
        hub_.edges_changed(*std::move(changes), [call] { call->respond(no_content()); });
      });
}

void Api::get_contacts(const CallPtr& call, const std::string& user) {
  using List = std::vector<presence::ContactEntry>;
  store_.load_contacts(user, back<List>([call](base::Result<List> list) {
                         if (!list) return call->respond(problem(list.error()));
                         std::vector<presence::UserId> ids;
                         ids.reserve(list->size());
                         for (presence::ContactEntry& entry : *list)
                           ids.push_back(std::move(entry.contact));
                         std::string json = "{";
                         append_list(json, "contacts", ids);
                         json += '}';
                         call->respond(json_response(200, std::move(json)));
                       }));
}

void Api::put_contacts(const CallPtr& call, const std::string& user) {
  const auto mutual = mutual_of(*call);
  if (!mutual) return call->respond(problem(mutual.error()));
  call->with_body(kMaxListBody, [this, user, mutual](const CallPtr& self, std::string_view body) {
    auto ids = parse_list(body);
    if (!ids) return self->respond(problem(ids.error()));
    store_.replace_contacts(user, *std::move(ids), *mutual, answer_changed(self));
  });
}

void Api::change_contact(const CallPtr& call, const std::string& user, const std::string& other) {
  const auto mutual = mutual_of(*call);
  if (!mutual) return call->respond(problem(mutual.error()));
  if (call->method() == "PUT") {
    store_.add_contact(user, other, *mutual, answer_changed(call));
  } else {
    store_.remove_contact(user, other, *mutual, answer_changed(call));
  }
}

void Api::change_block(const CallPtr& call, const std::string& user, const std::string& other) {
  if (call->method() == "PUT") {
    store_.block(user, other, answer_changed(call));
  } else {
    store_.unblock(user, other, answer_changed(call));
  }
}

void Api::export_edges(const CallPtr& call) {
  load_page(std::nullopt, [this, call](base::Result<Page> page) {
    if (!page) return call->respond(problem(page.error()));
    net::HttpResponse head;
    head.headers.push_back({"Content-Type", "application/x-ndjson"});
    call->start_stream(std::move(head));
    send_page(call, *page);
  });
}

// One page is in memory at a time, and the next is read when the peer has taken it.
void Api::send_page(const CallPtr& call, const Page& page) {
  if (page.empty()) return call->end_stream();
  const auto writer = contacts::EdgeWriter::make(contacts::Format::ndjson);
  std::string text;
  writer->write(page, text);
  writer->finish(text);
  call->write(text, [this, call, last = page.back()] {
    load_page(last, [this, call](base::Result<Page> next) {
      // The status has been sent. Whoever keeps what came must not take it for everything.
      if (!next) return call->abort_stream();
      send_page(call, *next);
    });
  });
}

void Api::load_page(std::optional<presence::Edge> after,
                    std::function<void(base::Result<Page>)> then) {
  store_.load_edges(std::move(after), kPageEdges, back<Page>(std::move(then)));
}

void Api::import_edges(const CallPtr& call) {
  const auto mutual = mutual_of(*call);
  if (!mutual) return call->respond(problem(mutual.error()));
  call->with_body(kMaxImportBody, [this, mutual](const CallPtr& self, std::string_view body) {
    const auto parser = contacts::EdgeParser::make(
        contacts::Format::ndjson,
        *mutual == store::Mutual::kYes ? contacts::Direction::mutual : contacts::Direction::one_way,
        "body");
    std::vector<presence::Edge> edges;
    auto parsed = parser->feed(body, edges);
    if (parsed) parsed = parser->finish(edges);
    if (!parsed) return self->respond(problem(parsed.error()));
    store_.import_edges(
        std::move(edges),
        back<store::EdgeChanges>([this, self](base::Result<store::EdgeChanges> changes) {
          if (!changes) return self->respond(problem(changes.error()));
          std::string json = R"({"added":)";
          base::append_json_number(json, changes->size());
          json += '}';
          hub_.edges_changed(*std::move(changes), [self, json = std::move(json)]() mutable {
            self->respond(json_response(200, std::move(json)));
          });
        }));
  });
}

void Api::forget(const CallPtr& call, const std::string& user) {
  // First the directory, so that nothing it still has to say of the user is kept afterwards.
  hub_.forget(user);
  store_.forget_user(user, answer_changed(call));
}

// What is kept of a user's presence lies with the edges in the store, or with the decider.
void Api::export_user(const CallPtr& call, const std::string& user) {
  store_.export_user(
      user, back<store::UserExport>([this, call, user](base::Result<store::UserExport> kept) {
        if (!kept) return call->respond(problem(kept.error()));
        if (hub_.decider() == nullptr) return call->respond(exported(user, *kept));
        hub_.decider()->look_up({user}, [call, user, kept = *std::move(kept)](auto found) mutable {
          if (!found) return call->respond(problem(found.error()));
          const presence::Truth& truth = found->front().truth;
          if (truth.version > 0) {
            kept.record = presence::UserRecord{.user = user,
                                               .choice = truth.choice,
                                               .last_seen = truth.own_last_seen,
                                               .visible_last_seen = truth.last_seen};
          }
          call->respond(exported(user, kept));
        });
      }));
}

}  // namespace admin

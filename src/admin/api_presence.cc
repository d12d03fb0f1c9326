// The presence routes: what is seen of users, and what is chosen for them.

#include <algorithm>
#include <boost/json/value.hpp>

#include "admin/api.h"
#include "admin/body.h"
#include "admin/problem.h"
#include "base/json_text.h"
#include "wire/encode.h"
#include "wire/requests.h"

namespace admin {
namespace {

constexpr std::size_t kMaxBody = 1U << 20;

// The operator sees every user as its own devices do; nobody has seen the others yet.
void append_presence(std::string& json, const gateway::Hub& hub, std::string_view user,
                     wire::Devices devices) {
  const presence::User* known = hub.directory().find(user);
  if (known == nullptr) {
    wire::append_stranger(json, user);
  } else {
    wire::append_own_status(json, *known, hub.now(), devices);
  }
}

}  // namespace

void Api::get_presence(const CallPtr& call, const std::string& user) {
  std::string json;
  append_presence(json, hub_, user, wire::Devices::listed);
  call->respond(json_response(200, std::move(json)));
}

void Api::query_presence(const CallPtr& call) {
  call->with_body(kMaxBody, [this](const CallPtr& self, std::string_view body) {
    const auto value = parse_body(body);
    if (!value) return self->respond(problem(value.error()));
    const auto query = wire::parse_bulk(&*value);
    if (!query) return self->respond(problem(query.error()));
    std::string json = R"({"users":[)";
    std::vector<std::string_view> seen;
    for (const std::string& id : query->user_ids) {
      if (std::find(seen.begin(), seen.end(), id) != seen.end()) continue;
      if (!seen.empty()) json += ',';
      seen.push_back(id);
      append_presence(json, hub_, id, wire::Devices::omitted);
    }
    json += R"(],"timestamp":)";
    base::append_json_number(json, base::to_millis(hub_.now().wall));
    if (!query->request_id.empty()) {
      json += R"(,"requestId":)";
      base::append_json_string(json, query->request_id);
    }
    json += '}';
    self->respond(json_response(200, std::move(json)));
  });
}

void Api::put_status(const CallPtr& call, const std::string& user) {
  call->with_body(kMaxBody, [this, user](const CallPtr& self, std::string_view body) {
    const auto value = parse_body(body);
    if (!value) return self->respond(problem(value.error()));
    const auto choice = wire::parse_status(&*value, hub_.now().wall);
    if (!choice) return self->respond(problem(choice.error()));
    hub_.choose(user, *choice, [self](base::Result<std::string> kept) {
      if (!kept) return self->respond(problem(kept.error()));
      self->respond(json_response(200, *std::move(kept)));
    });
  });
}

void Api::delete_device(const CallPtr& call, const std::string& user,
                        const std::string& socket_id) {
  const presence::User* known = hub_.directory().find(user);
  bool found = false;
  if (known != nullptr && known->here != nullptr) {
    for (const auto& device : known->here->devices)
      found = found || (device->reachable() && device->socket_id.view() == socket_id);
  }
  if (!found) return call->respond(problem(404, "not_found", "the user has no such device"));
  hub_.apply(presence::CloseDevice{user, socket_id});
  call->respond(no_content());
}

void Api::get_stats(const CallPtr& call) {
  const presence::Directory& directory = hub_.directory();
  std::string json = R"({"node":)";
  base::append_json_string(json, options_.node);
  const auto field = [&](std::string_view name, uint64_t value) {
    json += ',';
    base::append_json_string(json, name);
    json += ':';
    base::append_json_number(json, value);
  };
  field("nodes", 1);
  field("connections", connections_());
  field("users", directory.connected_users());
  field("devices", directory.device_count());
  field("knownUsers", directory.known_users());
  field("uptimeMs", static_cast<uint64_t>((hub_.now().steady - options_.started).count()));
  json += '}';
  call->respond(json_response(200, std::move(json)));
}

}  // namespace admin

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

std::string query_response(std::span<const std::string> statuses, base::WallTime now,
                           std::string_view request_id, bool stale) {
  std::string json = R"({"users":[)";
  for (std::size_t i = 0; i < statuses.size(); ++i) {
    if (i > 0) json += ',';
    json += statuses[i];
  }
  json += R"(],"timestamp":)";
  base::append_json_number(json, base::to_millis(now));
  if (!request_id.empty()) {
    json += R"(,"requestId":)";
    base::append_json_string(json, request_id);
  }
  if (stale) json += R"(,"stale":true)";
  json += '}';
  return json;
}

}  // namespace

// The operator sees every user as its own devices do; nobody has seen the others yet.
void Api::see(std::vector<presence::UserId> users, wire::Devices devices, Seen then) {
  const auto from_here = [this, devices](const std::vector<presence::UserId>& wanted) {
    std::vector<std::string> statuses;
    for (const presence::UserId& id : wanted) {
      std::string json;
      const presence::User* known = hub_.directory().find(id);
      if (known == nullptr) {
        wire::append_stranger(json, id);
      } else {
        wire::append_own_status(json, *known, hub_.now(), devices);
      }
      statuses.push_back(std::move(json));
    }
    return statuses;
  };
  if (hub_.decider() == nullptr) return then(from_here(users), false);
  hub_.decider()->look_up(users, [this, users, devices, from_here, then](auto found) {
    if (!found) return then(from_here(users), true);
    std::vector<std::string> statuses;
    for (const presence::FullTruth& each : *found) {
      std::string json;
      if (each.truth.version == 0) {
        wire::append_stranger(json, each.truth.user);
      } else {
        wire::append_own_status(json, each, hub_.now().wall, devices);
      }
      statuses.push_back(std::move(json));
    }
    then(std::move(statuses), false);
  });
}

void Api::get_presence(const CallPtr& call, const std::string& user) {
  see({user}, wire::Devices::listed, [call](std::vector<std::string> statuses, bool stale) {
    if (stale) wire::append_stale(statuses.front());
    call->respond(json_response(200, std::move(statuses.front())));
  });
}

void Api::query_presence(const CallPtr& call) {
  call->with_body(kMaxBody, [this](const CallPtr& self, std::string_view body) {
    const auto value = parse_body(body);
    if (!value) return self->respond(problem(value.error()));
    const auto query = wire::parse_bulk(&*value);
    if (!query) return self->respond(problem(query.error()));
    std::vector<presence::UserId> users;
    for (const std::string& id : query->user_ids)
      if (std::find(users.begin(), users.end(), id) == users.end()) users.push_back(id);
    see(std::move(users), wire::Devices::omitted,
        [this, self, id = query->request_id](const std::vector<std::string>& statuses, bool stale) {
          self->respond(json_response(200, query_response(statuses, hub_.now().wall, id, stale)));
        });
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
  const auto close = [this, call, user, socket_id](bool found) {
    if (!found) return call->respond(problem(404, "not_found", "the user has no such device"));
    hub_.close_device(user, socket_id);
    call->respond(no_content());
  };
  if (hub_.decider() != nullptr) {
    hub_.decider()->look_up({user}, [call, socket_id, close](auto found) {
      if (!found) return call->respond(problem(found.error()));
      const auto& devices = found->front().truth.devices;
      close(std::any_of(devices.begin(), devices.end(), [&](const auto& device) {
        return !device.lingering && device.socket_id.view() == socket_id;
      }));
    });
    return;
  }
  const presence::User* known = hub_.directory().find(user);
  bool found = false;
  if (known != nullptr && known->here != nullptr) {
    for (const auto& device : known->here->devices)
      found = found || (device->reachable() && device->socket_id.view() == socket_id);
  }
  close(found);
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
  field("nodes", nodes_());
  field("connections", connections_());
  field("users", directory.connected_users());
  field("devices", directory.device_count());
  field("knownUsers", directory.known_users());
  field("uptimeMs", static_cast<uint64_t>((hub_.now().steady - options_.started).count()));
  json += '}';
  call->respond(json_response(200, std::move(json)));
}

}  // namespace admin

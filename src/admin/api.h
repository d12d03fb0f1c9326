// Api: the HTTP interface for operators (contract, section 11): presence, contacts, blocks, users
// below /v1/, with the API key; /healthz and /readyz without.
//
// Belongs to the hub's thread, to which the app moves these requests. The store is asked
// asynchronously; `post` brings its answers back.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "admin/call.h"
#include "gateway/hub.h"
#include "net/http.h"
#include "store/store.h"
#include "wire/encode.h"

namespace admin {

struct ApiOptions {
  std::string api_key;  // empty: /v1/ is off
  std::string node;
  base::SteadyTime started{};
};

class Api final : public net::HttpHandler {
 public:
  // Runs a function in the hub's thread, from any thread.
  using Post = std::function<void(std::function<void()>)>;
  // Why the server is not ready, or empty when it is.
  using Readiness = std::function<std::string()>;
  using Count = std::function<std::size_t()>;

  Api(ApiOptions options, gateway::Hub& hub, store::Store& store, Post post, Readiness readiness,
      Count connections, Count nodes);

  // Whether a request to this path is ours.
  [[nodiscard]] static bool matches(std::string_view path);
  void on_request(net::HttpExchange& exchange) override;

 private:
  using CallPtr = std::shared_ptr<Call>;

  void route(const CallPtr& call, std::string_view authorization);
  void route_user(const CallPtr& call, const std::string& user);
  void route_health(const CallPtr& call);
  [[nodiscard]] bool authorized(std::string_view authorization) const;

  // Of each user the PresenceStatus; `stale` when it is what this node knew last.
  using Seen = std::function<void(std::vector<std::string> statuses, bool stale)>;
  void see(std::vector<presence::UserId> users, wire::Devices devices, Seen then);
  void get_presence(const CallPtr& call, const std::string& user);
  void query_presence(const CallPtr& call);
  void put_status(const CallPtr& call, const std::string& user);
  void delete_device(const CallPtr& call, const std::string& user, const std::string& socket_id);
  void get_contacts(const CallPtr& call, const std::string& user);
  void put_contacts(const CallPtr& call, const std::string& user);
  void change_contact(const CallPtr& call, const std::string& user, const std::string& other);
  void change_block(const CallPtr& call, const std::string& user, const std::string& other);
  void export_edges(const CallPtr& call);
  void import_edges(const CallPtr& call);
  void forget(const CallPtr& call, const std::string& user);
  void export_user(const CallPtr& call, const std::string& user);
  void get_stats(const CallPtr& call);

  // Makes `then` run in the hub's thread with what the store answers.
  template <class T>
  store::Done<T> back(std::function<void(base::Result<T>)> then);
  // The usual end of a change of edges: the hub is told, the caller gets 204.
  store::Done<store::EdgeChanges> answer_changed(CallPtr call);

  using Page = std::vector<presence::Edge>;
  void load_page(std::optional<presence::Edge> after, std::function<void(base::Result<Page>)> then);
  void send_page(const CallPtr& call, const Page& page);

  ApiOptions options_;
  gateway::Hub& hub_;
  store::Store& store_;
  Post post_;
  Readiness readiness_;
  Count connections_;
  Count nodes_;
};

}  // namespace admin

// Test support: real redis-server processes, alone, under sentinels, or as a cluster, and a
// blocking connection to look into them with. A machine without Redis fails the tests.
#pragma once

#include <memory>
#include <optional>

#include "redis/command.h"
#include "redis/reply_reader.h"
#include "redis/test_process.h"

namespace redis {

// The whole server is in Debian's redis-tools too, under another name; what it does is decided by
// the name it is started by.
inline std::string redis_program() {
  std::istringstream folders(std::string(std::getenv("PATH")) + ":/usr/bin:/usr/local/bin");
  std::vector<std::string> all;
  for (std::string folder; std::getline(folders, folder, ':');) all.push_back(folder);
  for (const char* name : {"/redis-server", "/valkey-server", "/redis-check-rdb"})
    for (const std::string& folder : all)
      if (access((folder + name).c_str(), X_OK) == 0) return folder + name;
  throw std::runtime_error("no redis-server on this machine: install redis-tools");
}

// Blocks; every wait ends after kTestDeadline.
class TestRedisClient {
 public:
  explicit TestRedisClient(uint16_t port) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const timeval limit{kTestDeadline.count(), 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    connected_ = connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }
  ~TestRedisClient() { close(fd_); }
  TestRedisClient(const TestRedisClient&) = delete;
  TestRedisClient& operator=(const TestRedisClient&) = delete;

  [[nodiscard]] bool connected() const { return connected_; }

  // Nothing when the server went away.
  std::optional<Reply> ask(const Command& command) {
    const std::string bytes = command.encode();
    if (send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(bytes.size()))
      return std::nullopt;
    while (true) {
      auto reply = reader_.next();
      if (!reply) return std::nullopt;
      if (*reply) return std::move(**reply);
      char buffer[4096];
      const ssize_t got = recv(fd_, buffer, sizeof buffer, 0);
      if (got <= 0) return std::nullopt;
      reader_.feed({buffer, static_cast<std::size_t>(got)});
    }
  }

 private:
  int fd_;
  bool connected_ = false;
  ReplyReader reader_{std::size_t{1} << 30};
};

// An element of an array, or an empty reply: what is asked of a server that changes its role may be
// cut off instead of answered.
inline Reply element(const Reply& reply, std::size_t number) {
  return number < reply.elements.size() ? reply.elements[number] : Reply{};
}

// One server. What it holds is lost when it stops, as nothing is saved.
class RedisServer {
 public:
  struct Setup {
    std::vector<std::string> config{};  // lines of redis.conf
    std::string user = "";              // for ask(); with the password of
    std::string password = "";
    bool tls = false;  // port() speaks TLS, with certificate()
    bool sentinel = false;
  };
  RedisServer() : RedisServer(Setup{}) {}
  explicit RedisServer(Setup setup) : setup_(std::move(setup)), port_(free_port()) {
    if (setup_.tls) plain_port_ = free_port();
    start();
  }

  // Also again after kill(), on the same port, and empty.
  void start() {
    if (setup_.tls && !std::filesystem::exists(certificate())) make_certificate();
    write_config();
    std::vector<std::string> arguments{directory_.file("redis.conf")};
    if (setup_.sentinel) arguments.emplace_back("--sentinel");
    process_.start(redis_program(), setup_.sentinel ? "redis-sentinel" : "redis-server", arguments,
                   directory_.file("log"));
    const bool there = eventually([&] {
      return !process_.running() || TestRedisClient(plain_port()).ask({"PING"}).has_value();
    });
    if (!there || !process_.running()) throw std::runtime_error("redis-server: " + log());
  }
  void kill() { process_.kill(); }
  void freeze() { process_.freeze(); }
  void thaw() { process_.thaw(); }
  void restart() {
    kill();
    start();
  }

  [[nodiscard]] uint16_t port() const { return port_; }
  [[nodiscard]] uint16_t plain_port() const { return setup_.tls ? plain_port_ : port_; }
  [[nodiscard]] std::string host_and_port() const { return "127.0.0.1:" + std::to_string(port_); }
  [[nodiscard]] std::string url() const { return "redis://" + host_and_port(); }
  [[nodiscard]] std::string certificate() const { return directory_.file("certificate.pem"); }
  [[nodiscard]] std::string log() const {
    std::ifstream file(directory_.file("log"));
    return {std::istreambuf_iterator<char>(file), {}};
  }

  // What it answers to an operator. An empty reply when it is not there, or drops the connection.
  Reply ask(const Command& command) const {
    TestRedisClient client(plain_port());
    if (!setup_.password.empty())
      client.ask({"AUTH", setup_.user.empty() ? "default" : setup_.user, setup_.password});
    return client.ask(command).value_or(Reply{});
  }

  [[nodiscard]] bool is_master() const { return element(ask({"ROLE"}), 0).text == "master"; }

 private:
  void write_config() const {
    std::ofstream config(directory_.file("redis.conf"));
    config << "bind 127.0.0.1\nprotected-mode no\ndir " << directory_.path() << "\n";
    if (!setup_.sentinel) config << "save \"\"\nappendonly no\nrepl-diskless-sync-delay 0\n";
    if (setup_.tls)
      config << "tls-port " << port_ << "\nport " << plain_port_ << "\ntls-auth-clients no\n"
             << "tls-cert-file " << certificate() << "\ntls-key-file " << directory_.file("key.pem")
             << "\ntls-ca-cert-file " << certificate() << "\n";
    else
      config << "port " << port_ << "\n";
    for (const std::string& line : setup_.config) config << line << "\n";
  }

  void make_certificate() const {
    const std::string command =
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
        " -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1,DNS:localhost -keyout " +
        directory_.file("key.pem") + " -out " + certificate() + " 2>/dev/null";
    if (std::system(command.c_str()) != 0) throw std::runtime_error("openssl req failed");
  }

  Setup setup_;
  TestDirectory directory_;
  uint16_t port_;
  uint16_t plain_port_ = 0;
  TestProcess process_;
};

// A master, its replica, and three sentinels that call it `presence`.
class SentinelTrio {
 public:
  SentinelTrio() {
    servers_.push_back(std::make_unique<RedisServer>());
    const std::string master = "127.0.0.1 " + std::to_string(servers_[0]->port());
    servers_.push_back(
        std::make_unique<RedisServer>(RedisServer::Setup{.config = {"replicaof " + master}}));
    for (int i = 0; i < 3; ++i)
      sentinels_.push_back(std::make_unique<RedisServer>(
          RedisServer::Setup{.config = {"sentinel monitor presence " + master + " 2",
                                        "sentinel down-after-milliseconds presence 500",
                                        "sentinel failover-timeout presence 3000"},
                             .sentinel = true}));
    // A failover needs a replica that is in step, and sentinels that know it and each other.
    const bool ready = eventually([&] {
      for (const auto& sentinel : sentinels_) {
        const Reply reply = sentinel->ask({"SENTINEL", "CKQUORUM", "presence"});
        if (!reply.text.starts_with("OK 3 usable")) return false;
        if (sentinel->ask({"SENTINEL", "REPLICAS", "presence"}).elements.empty()) return false;
      }
      return servers_[1]->ask({"INFO", "replication"}).text.find("master_link_status:up") !=
             std::string::npos;
    });
    if (!ready)
      throw std::runtime_error("the sentinels do not come together: " + sentinels_[0]->log());
  }

  RedisServer& server(std::size_t number) { return *servers_[number]; }
  RedisServer& sentinel(std::size_t number) { return *sentinels_[number]; }
  // The server that the first sentinel calls the master.
  RedisServer& master() {
    const Reply reply = sentinels_[0]->ask({"SENTINEL", "get-master-addr-by-name", "presence"});
    for (const auto& server : servers_)
      if (reply.elements.size() == 2 && reply.elements[1].text == std::to_string(server->port()))
        return *server;
    throw std::runtime_error("the sentinel names no master");
  }
  [[nodiscard]] std::string url() const {
    std::string url = "redis+sentinel://";
    for (const auto& sentinel : sentinels_)
      url += (sentinel == sentinels_.front() ? "" : ",") + sentinel->host_and_port();
    return url + "/presence";
  }

 private:
  std::vector<std::unique_ptr<RedisServer>> servers_;
  std::vector<std::unique_ptr<RedisServer>> sentinels_;
};

// Three masters (0 to 2, a third of the slots each) and a replica of each (3 to 5).
class RedisCluster {
 public:
  RedisCluster() {
    for (int i = 0; i < 6; ++i)
      nodes_.push_back(std::make_unique<RedisServer>(
          RedisServer::Setup{.config = {"cluster-enabled yes", "cluster-node-timeout 1000",
                                        "cluster-replica-validity-factor 0",
                                        // CLUSTER SLOTS shows a replica that has heard its master.
                                        "repl-ping-replica-period 1"}}));
    const char* ranges[3][2] = {{"0", "5460"}, {"5461", "10922"}, {"10923", "16383"}};
    for (std::size_t i = 0; i < 6; ++i) {
      nodes_[i]->ask({"CLUSTER", "SET-CONFIG-EPOCH", std::to_string(i + 1)});
      if (i > 0)
        nodes_[i]->ask({"CLUSTER", "MEET", "127.0.0.1", std::to_string(nodes_[0]->port())});
      if (i < 3) add_slots(*nodes_[i], std::stoi(ranges[i][0]), std::stoi(ranges[i][1]));
    }
    for (std::size_t i = 3; i < 6; ++i) {
      const std::string master = id(i - 3);
      const bool follows = eventually([&] {
        return nodes_[i]->ask({"CLUSTER", "REPLICATE", master}).text == "OK";
      });
      if (!follows) throw std::runtime_error("a node does not follow: " + nodes_[i]->log());
    }
    if (!eventually([&] { return ready(); }))
      throw std::runtime_error("the cluster does not come together: " + nodes_[0]->log());
  }

  RedisServer& node(std::size_t number) { return *nodes_[number]; }
  [[nodiscard]] std::string id(std::size_t number) const {
    return nodes_[number]->ask({"CLUSTER", "MYID"}).text;
  }
  [[nodiscard]] std::string url() const {
    return "redis+cluster://" + nodes_[0]->host_and_port() + "," + nodes_[1]->host_and_port();
  }

 private:
  // CLUSTER ADDSLOTSRANGE is Redis 7.
  static void add_slots(const RedisServer& node, int first, int last) {
    Command command{"CLUSTER", "ADDSLOTS"};
    for (int slot = first; slot <= last; ++slot) command.add(slot);
    node.ask(command);
  }

  // Every node sees every slot served by a master that has a replica in step.
  [[nodiscard]] bool ready() const {
    for (std::size_t i = 0; i < 6; ++i) {
      if (nodes_[i]->ask({"CLUSTER", "INFO"}).text.find("cluster_state:ok") == std::string::npos)
        return false;
      const Reply slots = nodes_[i]->ask({"CLUSTER", "SLOTS"});
      if (slots.elements.size() != 3) return false;
      for (const Reply& range : slots.elements)
        if (range.elements.size() != 4) return false;
      if (i >= 3 && nodes_[i]->ask({"INFO", "replication"}).text.find("master_link_status:up") ==
                        std::string::npos)
        return false;
    }
    return true;
  }

  std::vector<std::unique_ptr<RedisServer>> nodes_;
};

}  // namespace redis

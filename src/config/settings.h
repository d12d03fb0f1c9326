// Settings: everything an operator can set (contract, section 10), as typed values.
//
// The names, defaults and descriptions are the table of config/setting_table.h, which is the only
// source of the three ways to set them (TOML, environment, flag), of `check-config` and of
// docs/settings.md. A Settings is a plain value: it is loaded once at start (config/load.h), and
// then read by whoever it is handed to.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "net/client_address.h"

namespace config {

// Where to listen: an IP address literal and a port, 0 for any free one.
struct Endpoint {
  net::IpAddress address;
  uint16_t port = 0;

  [[nodiscard]] std::string to_string() const;  // `127.0.0.1:8080`, `[::1]:8080`
  bool operator==(const Endpoint&) const = default;
};

// The values are spelled as in the settings, by choice_names() in config/setting_table.h.
enum class AuthMode : uint8_t { kJwt, kHttp, kInsecure };
enum class ContactsSource : uint8_t { kEmbedded, kRedis, kPostgres, kHttp };
enum class HeartbeatSource : uint8_t { kApp, kTransport };
enum class ManualOffline : uint8_t { kAnnounced, kHidden };
enum class LogLevel : uint8_t { kTrace, kDebug, kInfo, kWarn, kError, kOff };
enum class LogFormat : uint8_t { kAuto, kText, kJson };  // kAuto: text on a terminal, else JSON

// An empty string is a setting that is not set. default_settings() (config/setting_table.h) is
// what a server without any setting runs with; the initial values here say nothing.
struct Settings {
  Endpoint listen;
  std::optional<Endpoint> admin_listen;  // none: operators are served on `listen`
  std::string path;                      // begins and ends with '/'
  int64_t threads = 0;                   // 0: one per core
  std::string data_dir;
  std::string node_id;
  std::string api_key;
  base::Duration ping_interval{};
  base::Duration ping_timeout{};
  base::Duration connect_timeout{};
  int64_t max_payload = 0;  // bytes
  base::Duration stale_after{};
  base::Duration disconnect_grace{};
  base::Duration auto_away_after{};
  base::Duration cleanup_interval{};
  base::Duration drain_time{};
  HeartbeatSource heartbeat_source{};
  bool notify_device_changes = false;
  base::Duration last_seen_retention{};
  base::Duration background_interval{};
  std::vector<net::AddressRange> trusted_proxies;
  bool deflate = false;
  bool i_know_this_is_insecure = false;

  struct Log {
    LogLevel level{};
    LogFormat format{};
    bool operator==(const Log&) const = default;
  } log;
  struct Cors {
    std::vector<std::string> origins;  // `*` or origins as browsers send them
    bool operator==(const Cors&) const = default;
  } cors;
  struct Auth {
    AuthMode mode{};
    std::string http_url;
    bool operator==(const Auth&) const = default;
  } auth;
  struct Jwt {
    std::string secret;
    std::string key_file;  // a path; its content is read with config::read_file()
    std::string jwks_url;
    std::string issuer;
    std::string audience;
    std::string user_claim;
    bool operator==(const Jwt&) const = default;
  } jwt;
  struct Contacts {
    ContactsSource source{};
    std::string file;
    std::string http_url;
    bool operator==(const Contacts&) const = default;
  } contacts;
  struct Postgres {
    std::string url;
    std::string contacts_sql;
    std::string notify_channel;
    bool operator==(const Postgres&) const = default;
  } postgres;
  struct Redis {
    std::string url;
    std::string prefix;
    bool operator==(const Redis&) const = default;
  } redis;
  struct Privacy {
    ManualOffline manual_offline{};
    bool operator==(const Privacy&) const = default;
  } privacy;
  struct Webhook {
    std::string url;
    std::string secret;
    bool operator==(const Webhook&) const = default;
  } webhook;
  struct Tls {
    std::string cert;
    std::string key;
    bool operator==(const Tls&) const = default;
  } tls;
  struct Limits {
    int64_t devices_per_user = 0;
    int64_t events_per_second = 0;        // per device; 0: no limit
    int64_t connections_per_address = 0;  // 0: no limit
    bool operator==(const Limits&) const = default;
  } limits;

  bool operator==(const Settings&) const = default;
};

}  // namespace config

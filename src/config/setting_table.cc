#include "config/setting_table.h"

#include <array>

#include "base/check.h"
#include "config/values.h"

namespace config {
namespace {

constexpr int64_t kSecond = 1000;
constexpr int64_t kHour = 3600 * kSecond;
constexpr int64_t kDay = 24 * kHour;
// Shorter makes no sense of anybody's network, and lets a test be quick.
constexpr int64_t kShortest = 10;

template <auto kMember>
Slot at(Settings& settings) {
  return &(settings.*kMember);
}
template <auto kGroup, auto kMember>
Slot at(Settings& settings) {
  return &((settings.*kGroup).*kMember);
}

using S = Settings;

// In the order of the documentation: settings without a group first, as a TOML file wants it.
constexpr Setting kTable[] = {
    {.name = "listen",
     .default_value = "127.0.0.1:8080",
     .description = "Address and port that clients connect to; port 0 takes a free one.",
     .slot = at<&S::listen>},
    {.name = "admin_listen",
     .default_value = "",
     .description = "Another address and port for /v1, /healthz, /readyz and /metrics; on `listen` "
                    "when not set.",
     .slot = at<&S::admin_listen>},
    {.name = "path",
     .default_value = "/socket.io/",
     .description = "Path that Socket.IO clients use.",
     .slot = at<&S::path>,
     .text = Text::kHttpPath},
    {.name = "threads",
     .default_value = "auto",
     .description = "Core threads; `auto` (or 0) takes one per processor core.",
     .slot = at<&S::threads>,
     .min = 0,
     .max = 256,
     .zero_word = "auto"},
    {.name = "data_dir",
     .default_value = "./presenced-data",
     .description = "Directory of the embedded store: contacts, chosen statuses, last-seen times.",
     .slot = at<&S::data_dir>},
    {.name = "node_id",
     .default_value = "",
     .description = "Name of this node among several; made up at start when not set.",
     .slot = at<&S::node_id>,
     .text = Text::kNodeId},
    {.name = "api_key",
     .default_value = "",
     .description =
         "Key that the HTTP interface for operators (/v1) asks for; it is off without one.",
     .slot = at<&S::api_key>,
     .text = Text::kSecret},
    {.name = "ping_interval",
     .default_value = "25s",
     .description = "How long after a pong the server pings a connection again.",
     .slot = at<&S::ping_interval>,
     .min = kShortest,
     .max = kDay},
    {.name = "ping_timeout",
     .default_value = "20s",
     .description = "How long a pong may take before the connection counts as lost.",
     .slot = at<&S::ping_timeout>,
     .min = kShortest,
     .max = kDay},
    {.name = "connect_timeout",
     .default_value = "45s",
     .description = "How long a connection may stay without joining the namespace.",
     .slot = at<&S::connect_timeout>,
     .min = kShortest,
     .max = kDay},
    {.name = "max_payload",
     .default_value = "1000000",
     .description = "Most bytes in one message or one polling request.",
     .slot = at<&S::max_payload>,
     .min = 1,
     .max = 100'000'000},
    {.name = "stale_after",
     .default_value = "120s",
     .description = "A device that was not heard for this long is no longer live.",
     .slot = at<&S::stale_after>,
     .min = kShortest,
     .max = kDay},
    {.name = "disconnect_grace",
     .default_value = "3s",
     .description =
         "How long a device that lost its connection is shown as it was; 0 for not at all.",
     .slot = at<&S::disconnect_grace>,
     .min = 0,
     .max = kHour},
    {.name = "auto_away_after",
     .default_value = "5m",
     .description = "A user whose devices are all idle for this long is away.",
     .slot = at<&S::auto_away_after>,
     .min = kShortest,
     .max = 30 * kDay},
    {.name = "cleanup_interval",
     .default_value = "120s",
     .description = "How often what a crash left behind is repaired.",
     .slot = at<&S::cleanup_interval>,
     .min = kShortest,
     .max = kDay},
    {.name = "drain_time",
     .default_value = "10s",
     .description = "Over how long a stopping server spreads the closing of its connections.",
     .slot = at<&S::drain_time>,
     .min = 0,
     .max = kHour},
    {.name = "heartbeat_source",
     .default_value = "app",
     .description = "What keeps a device live: presence events only (`app`) or any packet "
                    "(`transport`).",
     .slot = at<&S::heartbeat_source>},
    {.name = "notify_device_changes",
     .default_value = "true",
     .description = "Whether watchers are told when a user's devices change.",
     .slot = at<&S::notify_device_changes>},
    {.name = "last_seen_retention",
     .default_value = "30d",
     .description = "How long the last-seen time of an offline user is kept.",
     .slot = at<&S::last_seen_retention>,
     .min = kSecond,
     .max = 3650 * kDay},
    {.name = "background_interval",
     .default_value = "30s",
     .description = "How often contacts that are not on the screen are brought up to date.",
     .slot = at<&S::background_interval>,
     .min = kShortest,
     .max = kHour},
    {.name = "trusted_proxies",
     .default_value = "",
     .description = "Addresses and networks (CIDR) of proxies whose X-Forwarded-For is believed.",
     .slot = at<&S::trusted_proxies>},
    {.name = "deflate",
     .default_value = "false",
     .description = "Whether permessage-deflate is offered; it costs memory for every connection.",
     .slot = at<&S::deflate>},
    {.name = "i_know_this_is_insecure",
     .default_value = "false",
     .description = "Allows `auth.mode` insecure on an address that others can reach.",
     .slot = at<&S::i_know_this_is_insecure>},

    {.name = "log.level",
     .default_value = "info",
     .description = "The least important messages that are logged.",
     .slot = at<&S::log, &S::Log::level>},
    {.name = "log.format",
     .default_value = "auto",
     .description = "Form of log lines; `auto` is text on a terminal and JSON otherwise.",
     .slot = at<&S::log, &S::Log::format>},

    {.name = "cors.origins",
     .default_value = "*",
     .description =
         "Origins of web pages that may connect, such as https://app.example.com; `*` is "
         "any.",
     .slot = at<&S::cors, &S::Cors::origins>},

    {.name = "auth.mode",
     .default_value = "jwt",
     .description =
         "How a device proves whose it is: a token (`jwt`), your endpoint (`http`), not at "
         "all (`insecure`).",
     .slot = at<&S::auth, &S::Auth::mode>},
    {.name = "auth.http_url",
     .default_value = "",
     .description = "Your endpoint that decides about handshakes.",
     .slot = at<&S::auth, &S::Auth::http_url>,
     .feature = Feature::kHttpAuth},

    {.name = "jwt.secret",
     .default_value = "",
     .description = "Shared secret of HS256, HS384 and HS512 tokens.",
     .slot = at<&S::jwt, &S::Jwt::secret>,
     .text = Text::kSecret},
    {.name = "jwt.key_file",
     .default_value = "",
     .description =
         "File with public keys of tokens: PEM blocks (RSA, EC P-256, Ed25519), a JWK or a "
         "JWK Set.",
     .slot = at<&S::jwt, &S::Jwt::key_file>,
     .text = Text::kFile},
    {.name = "jwt.jwks_url",
     .default_value = "",
     .description = "URL of a JWK Set with the public keys of tokens.",
     .slot = at<&S::jwt, &S::Jwt::jwks_url>,
     .feature = Feature::kJwksUrl},
    {.name = "jwt.issuer",
     .default_value = "",
     .description = "What the claim `iss` of a token must be; not checked when not set.",
     .slot = at<&S::jwt, &S::Jwt::issuer>},
    {.name = "jwt.audience",
     .default_value = "",
     .description =
         "What the claim `aud` of a token must be or contain; when not set, tokens with an "
         "`aud` are refused.",
     .slot = at<&S::jwt, &S::Jwt::audience>},
    {.name = "jwt.user_claim",
     .default_value = "sub",
     .description = "Claim, a string, that holds the user id.",
     .slot = at<&S::jwt, &S::Jwt::user_claim>},

    {.name = "contacts.source",
     .default_value = "embedded",
     .description = "Where contacts are kept; with redis.url in that Redis.",
     .slot = at<&S::contacts, &S::Contacts::source>},
    {.name = "contacts.file",
     .default_value = "",
     .description = "File of contacts (JSON, NDJSON or CSV) that is loaded at start.",
     .slot = at<&S::contacts, &S::Contacts::file>,
     .text = Text::kFile},
    {.name = "contacts.http_url",
     .default_value = "",
     .description = "Your endpoint that tells a user's contacts.",
     .slot = at<&S::contacts, &S::Contacts::http_url>,
     .feature = Feature::kHttpContacts},

    {.name = "postgres.url",
     .default_value = "",
     .description = "Your PostgreSQL database.",
     .slot = at<&S::postgres, &S::Postgres::url>,
     .text = Text::kSecret,
     .feature = Feature::kPostgres},
    {.name = "postgres.contacts_sql",
     .default_value = "",
     .description = "Query that tells a user's contacts.",
     .slot = at<&S::postgres, &S::Postgres::contacts_sql>,
     .feature = Feature::kPostgres},
    {.name = "postgres.notify_channel",
     .default_value = "",
     .description = "Channel on which changes of contacts are notified.",
     .slot = at<&S::postgres, &S::Postgres::notify_channel>,
     .feature = Feature::kPostgres},

    {.name = "redis.url",
     .default_value = "",
     .description =
         "Redis or Valkey that several nodes share: `redis://`, `rediss://`, "
         "`redis+sentinel://h1:p1,h2:p2/MASTER` or `redis+cluster://h1:p1,h2:p2`, with "
         "`USER:PASSWORD@` before the host. Presence and contacts are kept there, and data_dir is "
         "not used.",
     .slot = at<&S::redis, &S::Redis::url>,
     .text = Text::kSecret,
     .feature = Feature::kRedis},
    {.name = "redis.prefix",
     .default_value = "presence:",
     .description = "Beginning of the names of keys in Redis.",
     .slot = at<&S::redis, &S::Redis::prefix>,
     .feature = Feature::kRedis},

    {.name = "privacy.manual_offline",
     .default_value = "announced",
     .description =
         "Whether watchers are told the reason when a user chooses offline (`announced`) or "
         "cannot tell it from leaving (`hidden`).",
     .slot = at<&S::privacy, &S::Privacy::manual_offline>},

    {.name = "webhook.url",
     .default_value = "",
     .description = "Your endpoint that is told of every transition.",
     .slot = at<&S::webhook, &S::Webhook::url>,
     .feature = Feature::kWebhooks},
    {.name = "webhook.secret",
     .default_value = "",
     .description = "Secret that webhooks are signed with.",
     .slot = at<&S::webhook, &S::Webhook::secret>,
     .text = Text::kSecret,
     .feature = Feature::kWebhooks},

    {.name = "tls.cert",
     .default_value = "",
     .description = "File with the certificate chain (PEM) for HTTPS and WSS on `listen`.",
     .slot = at<&S::tls, &S::Tls::cert>,
     .text = Text::kFile},
    {.name = "tls.key",
     .default_value = "",
     .description = "File with the private key (PEM) of that certificate.",
     .slot = at<&S::tls, &S::Tls::key>,
     .text = Text::kFile},

    {.name = "limits.devices_per_user",
     .default_value = "32",
     .description = "Most devices of one user at once.",
     .slot = at<&S::limits, &S::Limits::devices_per_user>,
     .min = 1,
     .max = 10'000},
    {.name = "limits.events_per_second",
     .default_value = "50",
     .description =
         "Events per second from one device, with bursts of four times that; 0 for no limit.",
     .slot = at<&S::limits, &S::Limits::events_per_second>,
     .min = 0,
     .max = 1'000'000},
    {.name = "limits.connections_per_address",
     .default_value = "0",
     .description = "Most connections from one client address at once, answered 429 beyond; behind "
                    "`trusted_proxies` the address in X-Forwarded-For counts; 0 for no limit.",
     .slot = at<&S::limits, &S::Limits::connections_per_address>,
     .min = 0,
     .max = 10'000'000},
};

constexpr std::array<std::string_view, 3> kAuthModes{"jwt", "http", "insecure"};
constexpr std::array<std::string_view, 4> kContactsSources{"embedded", "redis", "postgres", "http"};
constexpr std::array<std::string_view, 2> kHeartbeatSources{"app", "transport"};
constexpr std::array<std::string_view, 2> kManualOfflines{"announced", "hidden"};
constexpr std::array<std::string_view, 6> kLogLevels{"trace", "debug", "info",
                                                     "warn",  "error", "off"};
constexpr std::array<std::string_view, 3> kLogFormats{"auto", "text", "json"};

char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

}  // namespace

std::span<const Setting> setting_table() { return kTable; }

const Setting* find_setting(std::string_view name) {
  for (const Setting& setting : kTable)
    if (setting.name == name) return &setting;
  return nullptr;
}

std::string environment_name(std::string_view setting) {
  std::string name = "PRESENCED_";
  for (const char c : setting) name += c == '.' ? '_' : upper(c);
  return name;
}

std::string flag_name(std::string_view setting) {
  std::string name = "--";
  for (const char c : setting) name += c == '.' || c == '_' ? '-' : c;
  return name;
}

std::span<const std::string_view> choice_names(AuthMode) { return kAuthModes; }
std::span<const std::string_view> choice_names(ContactsSource) { return kContactsSources; }
std::span<const std::string_view> choice_names(HeartbeatSource) { return kHeartbeatSources; }
std::span<const std::string_view> choice_names(ManualOffline) { return kManualOfflines; }
std::span<const std::string_view> choice_names(LogLevel) { return kLogLevels; }
std::span<const std::string_view> choice_names(LogFormat) { return kLogFormats; }

Settings default_settings() {
  Settings settings;
  for (const Setting& setting : kTable) {
    Setting available = setting;
    available.feature = Feature::kCore;  // a default is there before its feature is
    CHECK(assign(available, FreeText{std::string(setting.default_value)}, settings));
  }
  return settings;
}

}  // namespace config
